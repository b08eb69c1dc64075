//! Taking in a layer from outside: its bytes become a blob as they are, its tar becomes a tree.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use super::compression::{self, Compression};
use super::descriptor::{Descriptor, MediaType};
use super::error::{Result, StoreError};
use super::layer::Layer;
use super::regenerate::copy;
use super::store::Store;
use super::stream::{Streamed, TarStream};
use super::unpack::Unpacker;
use crate::digest::{DiffId, Digest};

const READ_AHEAD: usize = 256 * 1024;

/// What an outside layer was promised to be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Promised {
    pub(super) diff_id: Option<DiffId>,
    pub(super) blob: Option<Digest>,
}

impl Store {
    /// Takes in a layer from outside: plain or gzipped, its bytes are kept as they are. `below`
    /// are the layers it belongs on, base first; folders that the tar only implies look as they
    /// do there.
    pub fn apply_tar(&self, from: &mut dyn Read, below: &[DiffId]) -> Result<Layer> {
        self.take_in(from, below, Promised::default())
    }

    /// Like [`apply_tar`](Self::apply_tar); what is not as promised does not get into the store.
    pub(super) fn take_in(
        &self,
        from: &mut dyn Read,
        below: &[DiffId],
        promised: Promised,
    ) -> Result<Layer> {
        self.take_in_from(from, below, promised, None)
    }

    /// Takes in a layer whose bytes lie in a file of the store's disk already: that file becomes
    /// the blob.
    pub(super) fn take_in_file(
        &self,
        file: &Path,
        below: &[DiffId],
        promised: Promised,
    ) -> Result<Layer> {
        let mut from = File::open(file).map_err(StoreError::io("open", file))?;
        self.take_in_from(&mut from, below, promised, Some(file))
    }

    fn take_in_from(
        &self,
        from: &mut dyn Read,
        below: &[DiffId],
        promised: Promised,
        file: Option<&Path>,
    ) -> Result<Layer> {
        let draft = self.scratch()?;
        let blob = draft.path().join("blob");
        let io = |source| StoreError::io("create", &blob)(source);
        let mut from = BufReader::with_capacity(READ_AHEAD, from);
        let compression = compression::detect(&mut from)?;
        let mut outer = Tee {
            from: &mut from,
            stream: match file {
                Some(_) => TarStream::hashing(),
                None => TarStream::keeping(&blob).map_err(io)?,
            },
        };
        let unpacker = Unpacker::new(self, &draft.path().join("tree"), self.stack(below)?)?;
        let (numbers, inner) = match compression {
            Compression::None => (unpack(unpacker, &mut outer, draft.path())?, None),
            Compression::Gzip | Compression::Zstd => {
                let mut inner = Tee {
                    from: compression::decompress(compression, &mut outer),
                    stream: TarStream::hashing(),
                };
                let numbers = unpack(unpacker, &mut inner, draft.path())?;
                (numbers, Some(inner.finish()?))
            }
        };
        // What follows the compressed bytes belongs to the blob too.
        drain(&mut outer)?;
        let outer = outer.finish()?;
        let plain = inner.as_ref().unwrap_or(&outer);
        check(
            "layer",
            promised.diff_id.map(|diff_id| diff_id.0),
            plain.diff_id.0,
        )?;
        check("blob", promised.blob, outer.diff_id.0)?;

        self.adopt_blob(file.unwrap_or(&blob), outer.diff_id.0)?;
        let mut layer = Layer::new(plain.diff_id, plain.size, numbers);
        layer.blob = describe(compression, &outer);
        self.adopt_tree(&draft, layer)
    }
}

fn unpack(
    mut unpacker: Unpacker,
    from: &mut dyn Read,
    layer: &Path,
) -> Result<super::layer::Numbers> {
    let mut from = BufReader::with_capacity(READ_AHEAD, from);
    unpacker.unpack(&mut from)?;
    // A tar ends with empty blocks, and often many more of them.
    drain(&mut from)?;
    let (records, numbers) = unpacker.finish()?;
    records.write(layer)?;
    Ok(numbers)
}

fn describe(compression: Compression, blob: &Streamed) -> Descriptor {
    let media_type = match compression {
        Compression::None => MediaType::Layer,
        Compression::Gzip => MediaType::LayerGzip,
        Compression::Zstd => MediaType::LayerZstd,
    };
    Descriptor::new(media_type, blob.diff_id.0, blob.size)
}

fn check(what: &str, expected: Option<Digest>, found: Digest) -> Result<()> {
    match expected {
        Some(expected) if expected != found => Err(StoreError::WrongDigest {
            what: what.to_owned(),
            expected,
            found,
        }),
        _ => Ok(()),
    }
}

fn drain(from: &mut dyn Read) -> Result<()> {
    copy(from, &mut io::sink()).map_err(StoreError::Tar)
}

/// Reads, and passes everything that was read on to a stream.
struct Tee<R> {
    from: R,
    stream: TarStream,
}

impl<R> Tee<R> {
    fn finish(self) -> Result<Streamed> {
        let finished = self.stream.finish();
        finished.map_err(StoreError::io("write", "blob"))
    }
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.stream.write_all(&buffer[..count])?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use tar::{EntryType, Header};

    use super::*;
    use crate::layers::store::tests::temporary_store;
    use crate::layers::{Content, Entry, EntryKind, OwnersMode, RootPath, Stack};

    /// A tar from anybody: names as they are, in any order.
    struct Outside(tar::Builder<Vec<u8>>);

    impl Outside {
        fn new() -> Self {
            Self(tar::Builder::new(Vec::new()))
        }

        fn add(mut self, name: &str, entry_type: EntryType, content: &str) -> Self {
            let mut header = Header::new_gnu();
            // Not through `set_path`, which has scruples of its own.
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(entry_type);
            header.set_mode(0o750);
            header.set_mtime(77);
            let is_link = matches!(entry_type, EntryType::Symlink | EntryType::Link);
            let body = if is_link { "" } else { content };
            if is_link {
                header.as_mut_bytes()[157..157 + content.len()].copy_from_slice(content.as_bytes());
            }
            header.set_size(body.len() as u64);
            header.set_cksum();
            self.0.append(&header, body.as_bytes()).unwrap();
            self
        }

        fn file(self, name: &str, content: &str) -> Self {
            self.add(name, EntryType::Regular, content)
        }

        fn folder(self, name: &str) -> Self {
            self.add(name, EntryType::Directory, "")
        }

        fn link(self, name: &str, target: &str) -> Self {
            self.add(name, EntryType::Symlink, target)
        }

        fn bytes(self) -> Vec<u8> {
            self.0.into_inner().unwrap()
        }
    }

    fn shown(stack: &Stack) -> Vec<String> {
        let mut shown = Vec::new();
        stack
            .walk(&RootPath::root(), &mut |node| {
                shown.push(node.path.to_string());
                Ok(())
            })
            .unwrap();
        shown.split_off(1)
    }

    #[test]
    fn bytes_are_kept_and_the_tree_is_what_they_say() {
        let (_folder, store) = temporary_store();
        let tar = Outside::new()
            .file("z", "zz")
            .folder("a/")
            .file("a/b", "x")
            .bytes();
        let layer = store.apply_tar(&mut &tar[..], &[]).unwrap();
        assert_eq!(layer.diff_id.0, Digest::of(&tar));
        assert_eq!(store.read_blob(layer.blob.digest).unwrap(), tar);
        assert_eq!((layer.size, layer.files, layer.folders), (3, 2, 1));
        let meta = std::fs::metadata(layer.tree.join("a")).unwrap();
        assert_eq!((meta.mode() & 0o7777, meta.mtime()), (0o750, 77));
        let mut again = Vec::new();
        store.layer_tar(&layer, &mut again).unwrap();
        assert_eq!(again, tar);
    }

    #[test]
    fn a_gzipped_layer_keeps_its_own_digest_beside_the_diff_id() {
        let (_folder, store) = temporary_store();
        let tar = Outside::new().file("f", &"text ".repeat(100_000)).bytes();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar).unwrap();
        let gzip = gzip.finish().unwrap();
        let layer = store.apply_tar(&mut &gzip[..], &[]).unwrap();
        assert_eq!(layer.diff_id.0, Digest::of(&tar));
        assert_eq!(layer.blob, Descriptor::of(MediaType::LayerGzip, &gzip));
        assert_eq!(layer.tar_size, tar.len() as u64);
        let mut again = Vec::new();
        store.layer_tar(&layer, &mut again).unwrap();
        assert_eq!(again, tar);
    }

    #[test]
    fn no_entry_gets_out_through_a_link() {
        let (folder, store) = temporary_store();
        let outside = folder.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        let out = outside.to_str().unwrap();
        let tar = Outside::new()
            .link("abs", out)
            .file("abs/one", "1")
            .link("up", "../../../../../../../..")
            .file("up/two", "2")
            .link("x", out)
            .file("x", "3")
            .bytes();
        let layer = store.apply_tar(&mut &tar[..], &[]).unwrap();
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
        let inside = layer.tree.join(out.trim_start_matches('/')).join("one");
        assert_eq!(std::fs::read(inside).unwrap(), b"1");
        assert_eq!(std::fs::read(layer.tree.join("two")).unwrap(), b"2");
        assert!(layer.tree.join("x").symlink_metadata().unwrap().is_file());
    }

    #[test]
    fn hostile_names_and_hard_links_are_refused_and_nothing_stays() {
        let (_folder, store) = temporary_store();
        for tar in [
            Outside::new().file("../x", ""),
            Outside::new().add("x", EntryType::Link, "/etc/passwd"),
            Outside::new().add("x", EntryType::Link, "x"),
            Outside::new().folder("d").add("x", EntryType::Link, "d"),
            Outside::new().file("f", "").file("f/g", ""),
            Outside::new().link("l", "l").file("l/f", ""),
        ] {
            assert!(store.apply_tar(&mut &tar.bytes()[..], &[]).is_err());
        }
        assert!(
            crate::layers::files::entries(&store.path("layers"))
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn whiteouts_hide_lower_layers_but_not_their_own() {
        let (_folder, store) = temporary_store();
        let base = Outside::new()
            .folder("d")
            .file("d/old", "")
            .folder("o")
            .file("o/old", "")
            .file("f", "");
        let base = store.apply_tar(&mut &base.bytes()[..], &[]).unwrap();
        let upper = Outside::new()
            .folder("d")
            .file("d/new", "")
            .file(".wh.d", "")
            .file("o/.wh..wh..opq", "")
            .file(".wh.f", "");
        let upper = store
            .apply_tar(&mut &upper.bytes()[..], &[base.diff_id])
            .unwrap();
        let stack = store.stack(&[base.diff_id, upper.diff_id]).unwrap();
        assert_eq!(shown(&stack), ["d", "d/new", "o"]);
        assert_eq!(upper.deleted, 2);
    }

    #[test]
    fn folders_a_tar_only_implies_look_as_below() {
        let (_folder, store) = temporary_store();
        let mut draft = store.draft_layer().unwrap();
        let folder = Entry::directory(RootPath::clean("tmp"), 0o1777, 9);
        draft.add(&folder).unwrap();
        let base = draft.commit().unwrap();
        let tar = Outside::new().file("tmp/f", "x").bytes();
        let layer = store.apply_tar(&mut &tar[..], &[base.diff_id]).unwrap();
        assert_eq!(layer.folders, 0);
        let mode = std::fs::metadata(layer.tree.join("tmp")).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o1777);
        let stack = store.stack(&[base.diff_id, layer.diff_id]).unwrap();
        let node = stack.lookup(&folder.path).unwrap().unwrap();
        assert_eq!((node.mode, node.mtime, node.level), (0o1777, 9, 0));
    }

    #[test]
    fn the_last_of_several_entries_for_a_path_counts() {
        let (_folder, store) = temporary_store();
        let tar = Outside::new()
            .folder("a")
            .file("a/b", "lost")
            .file("a", "file")
            .file("c", "lost")
            .folder("c")
            .file("c/d", "x");
        let layer = store.apply_tar(&mut &tar.bytes()[..], &[]).unwrap();
        let stack = store.stack(&[layer.diff_id]).unwrap();
        assert_eq!(shown(&stack), ["a", "c", "c/d"]);
        assert_eq!((layer.size, layer.files, layer.folders), (5, 2, 1));
    }

    #[test]
    fn with_one_id_owners_and_devices_are_recorded() {
        let (_folder, mut store) = temporary_store();
        store.set_owners(OwnersMode::Recorded);
        let mut draft = store.draft_layer().unwrap();
        let device = crate::layers::Device { major: 1, minor: 3 };
        let null = Entry::new(
            RootPath::clean("null"),
            EntryKind::CharDevice(device),
            0o666,
            5,
        );
        draft.add(&null.clone().owned_by(3, 4)).unwrap();
        let file = Entry::file(RootPath::clean("own"), 2, 0o600, 5).owned_by(1000, 1001);
        draft.add_file(&file, Content::Bytes(b"hi")).unwrap();
        let mut tar = Vec::new();
        let layer = draft.commit().unwrap();
        store.layer_tar(&layer, &mut tar).unwrap();

        let (_folder, mut other) = temporary_store();
        other.set_owners(OwnersMode::Recorded);
        let loaded = other.apply_tar(&mut &tar[..], &[]).unwrap();
        assert_eq!(loaded.diff_id, layer.diff_id);
        for (store, layer) in [(&store, &layer), (&other, &loaded)] {
            let stack = store.stack(&[layer.diff_id]).unwrap();
            let node = stack.lookup(&null.path).unwrap().unwrap();
            assert_eq!((node.kind, node.uid, node.gid), (null.kind.clone(), 3, 4));
            let node = stack.lookup(&file.path).unwrap().unwrap();
            assert_eq!((node.uid, node.gid), (1000, 1001));
            let again = crate::layers::regenerate::diff_id_of_tree(layer).unwrap();
            assert_eq!(again, layer.diff_id);
        }
    }

    #[test]
    fn what_is_not_as_promised_does_not_get_in() {
        let (_folder, store) = temporary_store();
        let tar = Outside::new().file("f", "x").bytes();
        let promised = Promised {
            diff_id: Some(DiffId(Digest::of(b"other"))),
            blob: None,
        };
        let error = store.take_in(&mut &tar[..], &[], promised).unwrap_err();
        assert!(matches!(error, StoreError::WrongDigest { .. }), "{error}");
        assert!(store.layer(DiffId(Digest::of(&tar))).unwrap().is_none());
        assert!(!store.has_blob(Digest::of(&tar)));
    }

    #[test]
    fn other_compressions_are_refused_by_name() {
        let (_folder, store) = temporary_store();
        let error = store.apply_tar(&mut &b"BZh9...."[..], &[]).unwrap_err();
        assert!(matches!(error, StoreError::Compression("bzip2")));
    }
}
