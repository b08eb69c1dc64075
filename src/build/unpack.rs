//! ADD: archives among the files of the context, and fetched ones, become what is in them.

use std::fs::File;
use std::path::Path;
use std::rc::Rc;

use super::copy::{Bytes, Source, Tree};
use super::error::{BuildError, CopyError};
use crate::layers::{RootPath, Store, StoreError, is_archive};
use crate::plan::AddStep;

/// Replaces every archive by its contents: one of the context unless `--unpack=false` says to leave
/// it, one that was fetched if `--unpack=true` asks for it.
pub fn unpack(store: &Store, add: &AddStep, trees: &mut [Tree]) -> Result<(), BuildError> {
    for tree in trees {
        let (path, name) = match &tree.top.bytes {
            Bytes::Context(file) if add.unpack != Some(false) => {
                (file.host_path(), file.path.clone())
            }
            Bytes::Fetched(path) if add.unpack == Some(true) => (path.clone(), tree.name.clone()),
            _ => continue,
        };
        if tree.top.kind.is_file() && is_archive(&mut open(&path, &name)?) {
            let unpacked = contents(store, &tree.top, &mut open(&path, &name)?);
            let wrong = |error| BuildError::Archive { path: name, error };
            *tree = unpacked.map_err(wrong)?;
        }
    }
    Ok(())
}

fn open(path: &Path, name: &str) -> Result<File, BuildError> {
    let opened = File::open(path);
    Ok(opened.map_err(|source| CopyError::Read {
        path: name.to_owned(),
        source,
    })?)
}

/// Unpacks an archive: a folder without a name, which is copied with its contents.
fn contents(store: &Store, archive: &Source, bytes: &mut File) -> Result<Tree, StoreError> {
    let size = archive.kind.size();
    let unpacked = Rc::new(store.unpack_archive(bytes, size)?);
    let mut below = Vec::new();
    unpacked.stack().walk(&RootPath::root(), &mut |node| {
        if !node.path.is_root() {
            below.push(Source {
                bytes: Bytes::Archive(Rc::clone(&unpacked), node.clone()),
                ..super::layer_source::layer_source(unpacked.stack(), node)
            });
        }
        Ok(())
    })?;
    let folder = crate::layers::EntryKind::Directory { opaque: false };
    Ok(Tree {
        name: String::new(),
        top: Source {
            path: RootPath::root(),
            kind: folder,
            mode: 0o755,
            bytes: Bytes::None,
            ..archive.clone()
        },
        below,
        parents: Vec::new(),
        archive: true,
    })
}
