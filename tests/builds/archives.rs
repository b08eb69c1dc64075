//! ADD of archives that anybody may have made: hostile ones are refused or contained, and what a
//! tar can hold arrives whole. Each test writes the archive it needs.

use std::io::Write;

use tar::{Builder, EntryType, Header};

use super::saved::Saved;
use crate::common::strata::{Called, Home};

/// A tar, name by name.
struct Archive(Builder<Vec<u8>>);

impl Archive {
    fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    /// Adds a member whose name and link are as they are given, however wrong.
    fn member(mut self, name: &str, kind: EntryType, link: &str, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(if kind.is_dir() { 0o750 } else { 0o640 });
        header.set_mtime(1_000_000_000);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.append(&header, content).unwrap();
        self
    }

    fn file(self, name: &str, content: &str) -> Self {
        self.member(name, EntryType::Regular, "", content.as_bytes())
    }

    fn folder(self, name: &str) -> Self {
        self.member(name, EntryType::Directory, "", b"")
    }

    fn link(self, name: &str, target: &str) -> Self {
        self.member(name, EntryType::Symlink, target, b"")
    }

    fn hard_link(self, name: &str, target: &str) -> Self {
        self.member(name, EntryType::Link, target, b"")
    }

    fn device(mut self, name: &str, kind: EntryType, major: u32, minor: u32) -> Self {
        let mut header = Header::new_gnu();
        header.set_path(name).unwrap();
        header.set_entry_type(kind);
        header.set_mode(0o666);
        header.set_size(0);
        header.set_device_major(major).unwrap();
        header.set_device_minor(minor).unwrap();
        header.set_cksum();
        self.0.append(&header, &b""[..]).unwrap();
        self
    }

    /// Says something about the next member in a PAX header.
    fn pax(self, key: &str, value: &str) -> Self {
        let rest = format!(" {key}={value}\n");
        let mut length = rest.len();
        while length != rest.len() + length.to_string().len() {
            length = rest.len() + length.to_string().len();
        }
        let record = format!("{length}{rest}");
        self.member("pax", EntryType::XHeader, "", record.as_bytes())
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    ruzstd::encoding::compress_to_vec(bytes, level)
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bzip2.write_all(bytes).unwrap();
    bzip2.finish().unwrap()
}

/// A home whose Dockerfile adds these bytes to `/x/` of an image of nothing.
fn adding(archive: &[u8]) -> Home {
    let home = Home::with("FROM scratch\nADD data /x/\n");
    home.file("data", archive);
    home
}

/// A home whose Dockerfile first copies these files and then adds an archive to `/`.
fn adding_over(files: &[(&str, &str)], links: &[(&str, &str)], archive: &[u8]) -> Home {
    let home = Home::with("FROM scratch\nCOPY base /\nADD data /\n");
    for (name, content) in files {
        home.file(&format!("base/{name}"), content);
    }
    for (name, target) in links {
        let path = home.context().join("base").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }
    home.file("data", archive);
    home
}

/// Builds, and returns what the last layer holds.
fn layer(home: &Home) -> Vec<String> {
    home.ok("build -q -t image .");
    home.assert_clean();
    Saved::of(home, "image").tree(Some(1))
}

/// Builds, which must fail with these words, and nothing may be left of it.
fn refused(home: &Home, words: &str) -> String {
    let said = home.call("build -q .").fails(1, words);
    assert!(said.contains("data"), "the archive is named: {said}");
    home.assert_clean();
    said
}

fn with_limit(home: &Home, limit: &str) -> Called {
    let mut command = home.command(["build", "-q", "."]);
    command.env("STRATA_UNPACK_LIMIT", limit);
    Called::new(format!("with {limit}"), command.output().unwrap())
}

#[test]
fn a_bomb_is_refused_and_let_through_by_whoever_means_it() {
    let zeros = "\0".repeat(3 << 20);
    let tar = Archive::new().file("zeros", &zeros).bytes();
    for packed in [gzip(&tar), zstd(&tar), bzip2(&tar)] {
        assert!(packed.len() < 30_000, "{}", packed.len());
        let home = adding(&packed);
        let said = with_limit(&home, "1m").fails(1, "unpacks to more than");
        assert!(said.contains("cannot unpack data"), "{said}");
        assert!(said.contains("STRATA_UNPACK_LIMIT"), "{said}");
        home.assert_clean();
        with_limit(&home, "lots").fails(1, "invalid STRATA_UNPACK_LIMIT \"lots\"");
        with_limit(&home, "4m").ok();
    }
}

#[test]
fn what_is_not_compressed_has_no_limit() {
    let tar = Archive::new().file("f", &"\0".repeat(1 << 20)).bytes();
    with_limit(&adding(&tar), "1k").ok();
}

/// Archives of GNU tar, `--sparse` in each of its formats.
#[test]
fn files_with_holes_come_out_whole() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/archives");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let (middle, end) = ("\0".repeat(40_960 - 6), "\0".repeat(100_000 - 40_967));
    let expected = format!("x/holes 644 start|{middle}middle|{end}");
    for format in ["gnu", "0.0", "0.1", "1.0"] {
        let home = adding(&read(&format!("sparse-{format}.tar.gz")));
        assert!(layer(&home) == ["x/ 755", &expected], "{format}");
    }
    // More parts than fit into a header.
    let many = layer(&adding(&read("sparse-many.tar.gz")));
    let parts: Vec<&str> = many[1]
        .split('\0')
        .filter(|part| !part.is_empty())
        .collect();
    let expected: Vec<String> = (0..40).map(|number| format!("{number}|")).collect();
    assert_eq!(parts[1..], expected[1..]);
    assert_eq!(parts[0], "x/many 644 0|");
    assert_eq!(many[1].len(), "x/many 644 ".len() + 40 * 16_384);
}

#[test]
fn holes_count_as_what_an_archive_unpacks_to() {
    let sizes = |archive: Archive, size: &str| {
        let archive = archive.pax("GNU.sparse.size", size);
        archive.file("f", "").bytes()
    };
    // The map is empty: nothing but holes.
    let home = adding(&sizes(Archive::new(), "9000000000000"));
    with_limit(&home, "1m").fails(1, "unpacks to more than");
    home.assert_clean();
    let home = adding(&sizes(Archive::new(), "2000000"));
    with_limit(&home, "1m").fails(1, "unpacks to more than");
    with_limit(&home, "4m").ok();
}

#[test]
fn gzip_members_and_zstd_frames_are_read_to_the_last() {
    let tar = Archive::new().file("a", "1").file("b", "2").bytes();
    let (one, two) = tar.split_at(700);
    for packed in [[gzip(one), gzip(two)], [zstd(one), zstd(two)]] {
        let expected = ["x/ 755", "x/a 640 1", "x/b 640 2"];
        assert_eq!(layer(&adding(&packed.concat())), expected);
    }
}

#[test]
fn hard_links_stay_links() {
    let tar = Archive::new()
        .file("a", "text")
        .folder("d")
        .hard_link("d/b", "a")
        .hard_link("c", "d/b");
    assert_eq!(
        layer(&adding(&tar.bytes())),
        [
            "x/ 755",
            "x/a 640 text",
            "x/c = x/a",
            "x/d/ 750",
            "x/d/b = x/a"
        ]
    );
}

#[test]
fn a_hard_link_to_a_file_of_the_base_image_is_refused() {
    let tar = Archive::new().hard_link("mine", "etc/shadow").bytes();
    let home = adding_over(&[("etc/shadow", "secret")], &[], &tar);
    refused(&home, "a hard link to no file of this tar");
}

#[test]
fn a_hard_link_with_an_absolute_target_is_one_within() {
    let tar = Archive::new()
        .file("etc/f", "mine")
        .hard_link("l", "/etc/f");
    let tree = layer(&adding(&tar.bytes()));
    assert!(tree.contains(&"x/l = x/etc/f".to_owned()), "{tree:?}");
}

#[test]
fn names_that_lead_upwards_are_refused() {
    for name in ["../up", "a/../../up", "/../up", "a/.."] {
        let home = adding(&Archive::new().file(name, "x").bytes());
        refused(&home, "its name leads upwards");
    }
    let home = adding(&Archive::new().hard_link("l", "../../etc/passwd").bytes());
    refused(&home, "its name leads upwards");
}

#[test]
fn absolute_names_lie_in_the_destination() {
    let tar = Archive::new().file("//etc///passwd", "mine");
    assert_eq!(
        layer(&adding(&tar.bytes())),
        ["x/ 755", "x/etc/ 755", "x/etc/passwd 640 mine"]
    );
}

#[test]
fn links_out_of_the_archive_lead_to_within() {
    let outside = tempfile::tempdir().unwrap();
    let out = outside.path().to_str().unwrap();
    let tar = Archive::new()
        .link("abs", out)
        .file("abs/one", "1")
        .link("up", "../../../../../..")
        .file("up/two", "2")
        .link("chain", "abs")
        .file("chain/three", "3");
    let tree = layer(&adding(&tar.bytes()));
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    for inside in [
        format!("x{out}/one 640 1"),
        "x/two 640 2".to_owned(),
        format!("x{out}/three 640 3"),
    ] {
        assert!(tree.contains(&inside), "{inside}: {tree:?}");
    }
}

#[test]
fn links_in_a_circle_are_refused() {
    let tar = Archive::new().link("a", "b").link("b", "a").file("a/f", "");
    refused(&adding(&tar.bytes()), "symbolic links");
}

#[test]
fn a_destination_through_a_link_of_the_image_stays_in_the_image() {
    let outside = tempfile::tempdir().unwrap();
    let out = outside.path().to_str().unwrap();
    let upwards = format!("../../../../..{out}");
    for target in [out, &upwards] {
        let tar = Archive::new().file("f", "x").bytes();
        let home = adding_over(&[], &[("x", target)], &tar);
        home.file("Dockerfile", "FROM scratch\nCOPY base /\nADD data /x/\n");
        let tree = layer(&home);
        let inside = format!("{}/f 640 x", out.trim_start_matches('/'));
        assert!(tree.contains(&inside), "{tree:?}");
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}

#[test]
fn folders_an_archive_only_implies_are_those_of_the_image() {
    let tar = Archive::new().file("lib/f", "x").file("tmp/f", "y").bytes();
    let home = adding_over(&[("usr/lib/g", "")], &[("lib", "usr/lib")], &tar);
    home.file("base/tmp/old", "");
    home.mode("base/tmp", 0o1777);
    let tree = layer(&home);
    for line in ["usr/lib/f 640 x", "tmp/ 1777", "tmp/f 640 y"] {
        assert!(tree.contains(&line.to_owned()), "{line}: {tree:?}");
    }
    assert!(!tree.iter().any(|line| line.starts_with("lib")), "{tree:?}");
}

#[test]
fn what_an_archive_names_takes_the_place_of_what_is_there() {
    let tar = Archive::new()
        .folder("link")
        .file("link/f", "x")
        .folder("file")
        .file("folder", "now a file");
    let base = [("file", "text"), ("folder/old", ""), ("etc/old", "")];
    let home = adding_over(&base, &[("link", "/etc")], &tar.bytes());
    assert_eq!(
        layer(&home),
        [
            "file/ 750",
            "folder 640 now a file",
            "link/ 750",
            "link/f 640 x"
        ]
    );
}

#[test]
fn a_file_of_the_image_is_no_folder_to_unpack_into() {
    let tar = Archive::new().file("f/g", "x").bytes();
    let home = adding_over(&[("f", "text")], &[], &tar);
    home.call("build -q .").fails(1, "/f is no folder");
    let home = adding_over(&[], &[("f", "nowhere")], &tar);
    home.call("build -q .").fails(1, "/f is no folder");
}

#[test]
fn devices_are_in_the_image_and_told_of_where_none_can_be_made() {
    let tar = Archive::new()
        .device("null", EntryType::Char, 1, 3)
        .device("disk", EntryType::Block, 8, 1)
        .device("pipe", EntryType::Fifo, 0, 0);
    let home = adding(&tar.bytes());
    let said = home.call("build -t image .").err;
    let told = said.contains("/disk of the archive is a device");
    assert_eq!(told, !strata::runtime::is_real_root(), "{said}");
    let tree = Saved::of(&home, "image").devices();
    assert_eq!(
        tree,
        ["x/disk Block 8:1", "x/null Char 1:3", "x/pipe Fifo 0:0"]
    );
}

#[test]
fn the_device_that_stands_for_a_deleted_file_is_refused() {
    let tar = Archive::new().device("gone", EntryType::Char, 0, 0).bytes();
    refused(&adding(&tar), "device 0/0");
}

#[test]
fn a_name_that_no_path_can_be_is_refused_in_a_short_sentence() {
    for name in ["n".repeat(256), "d/".repeat(3000), "n".repeat(1 << 20)] {
        let tar = Archive::new().pax("path", &name).file("f", "").bytes();
        let said = refused(&adding(&tar), "longer than a path can be");
        assert!(said.len() < 1000, "{} bytes", said.len());
    }
    let link = "l".repeat(5000);
    let tar = Archive::new().pax("linkpath", &link).link("f", "x").bytes();
    refused(&adding(&tar), "longer than a path can be");
}

#[test]
fn a_header_that_wants_our_memory_is_refused() {
    let text = "v".repeat(5 << 20);
    let tar = Archive::new()
        .file("a", "")
        .pax("comment", &text)
        .file("f", "");
    refused(&adding(&tar.bytes()), "an extended header is too large");
}

#[test]
fn a_member_that_claims_more_than_there_is_is_refused() {
    let tar = Archive::new().pax("size", "999999999999").file("f", "x");
    refused(&adding(&tar.bytes()), "tar");
}

#[test]
fn extended_attributes_come_along() {
    let tar = Archive::new()
        .pax("SCHILY.xattr.user.note", "kept")
        .file("f", "x");
    let home = adding(&tar.bytes());
    home.ok("build -q -t image .");
    let kept = [("x/f".to_owned(), "SCHILY.xattr.user.note=kept".to_owned())];
    assert_eq!(Saved::of(&home, "image").attributes(), kept);
    home.file(
        "Dockerfile",
        "FROM scratch AS one\nADD data /x/\nFROM scratch\nCOPY --from=one /x /x\n",
    );
    home.ok("build -q -t copied .");
    assert_eq!(Saved::of(&home, "copied").attributes(), kept);
}

#[test]
fn hard_links_of_the_context_and_of_a_stage_stay_links() {
    let home = Home::with(
        "FROM scratch AS one\nCOPY d /d\nFROM scratch\nCOPY --from=one /d /e\nCOPY d/a d/b /f/\n",
    );
    home.file("d/a", "text");
    std::fs::hard_link(home.context().join("d/a"), home.context().join("d/b")).unwrap();
    home.ok("build -q -t image .");
    home.assert_clean();
    assert_eq!(
        Saved::of(&home, "image").tree(None),
        [
            "e/ 755",
            "e/a 644 text",
            "e/b = e/a",
            "f/ 755",
            "f/a 644 text",
            "f/b 644 text"
        ]
    );
}
