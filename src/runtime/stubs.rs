//! Mount points a container's start had to make in the rootfs, and how they leave no trace.
//!
//! Docker hides them in a layer of their own between image and container. Here they are removed
//! after a RUN; as they were made without touching their folder's times, a folder that then is
//! empty and the same as below was copied up for their sake alone.

use std::fs::{self, Metadata, symlink_metadata as metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD};

use super::mounting::modified_at;

/// What every container gets mounted, from the root. Folders after what is in them.
const MOUNT_POINTS: [&str; 6] = [
    "etc/hosts",
    "etc/hostname",
    "etc/resolv.conf",
    "proc",
    "dev",
    "sys",
];
/// Folders that are made or copied up for a mount point's sake.
const PARENTS: [&str; 1] = ["etc"];

/// Removes from an overlay's `upper` folder the empty mount points a container's start had to make
/// there, so that no layer shows them. `lower` is the same list as in the spec, base first. For
/// builds, after a RUN.
pub fn clean_upper(upper: &Path, lower: &[PathBuf]) -> io::Result<()> {
    clean_folder(upper, lower)?;
    for parent in PARENTS {
        if let (Ok(here), Some(there)) = (metadata(upper.join(parent)), below(lower, parent))
            && is_same(&here, &there)
        {
            remove_if_empty(upper, parent)?;
        }
    }
    Ok(())
}

/// Does the same for a folder that the layers were copied into.
pub fn clean_folder(folder: &Path, lower: &[PathBuf]) -> io::Result<()> {
    for path in MOUNT_POINTS.into_iter().chain(PARENTS) {
        if below(lower, path).is_none() {
            remove_if_empty(folder, path)?;
        }
    }
    Ok(())
}

/// Does the same for mount points that a spec's own mounts needed. `points` are relative to the root
/// and lead through no symbolic link.
pub fn clean_mount_points(upper: &Path, lower: &[PathBuf], points: &[PathBuf]) -> io::Result<()> {
    let root = Path::new("");
    let mut paths: Vec<&Path> = points.iter().flat_map(|point| point.ancestors()).collect();
    paths.retain(|path| *path != root);
    // What is in a folder before the folder.
    paths.sort_by_key(|path| std::cmp::Reverse(path.components().count()));
    for path in paths {
        let made_for_it = match (below(lower, path), metadata(upper.join(path))) {
            (None, _) => true,
            (Some(there), Ok(here)) => here.is_dir() && is_same(&here, &there),
            (Some(_), Err(_)) => false,
        };
        if made_for_it {
            remove_if_empty(upper, path)?;
        }
    }
    Ok(())
}

fn is_same(here: &Metadata, there: &Metadata) -> bool {
    let facts = |of: &Metadata| (of.mode(), of.uid(), of.gid(), of.mtime(), of.mtime_nsec());
    facts(here) == facts(there)
}

/// Removes an empty file or folder and leaves the time of the folder it was in.
fn remove_if_empty(root: &Path, path: impl AsRef<Path>) -> io::Result<()> {
    let path = root.join(path);
    let (Some(parent), Ok(found)) = (path.parent(), metadata(&path)) else {
        return Ok(());
    };
    let before = rustix::fs::lstat(parent)?;
    let removed = match found.is_dir() {
        true => fs::remove_dir(&path),
        false if found.is_file() && found.len() == 0 => fs::remove_file(&path),
        false => return Ok(()),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => return Ok(()),
        answer => answer?,
    }
    Ok(rustix::fs::utimensat(
        CWD,
        parent,
        &modified_at(&before),
        AtFlags::SYMLINK_NOFOLLOW,
    )?)
}

/// Returns what the layers show at a path; symlinks on the way are not followed.
fn below(lower: &[PathBuf], path: impl AsRef<Path>) -> Option<Metadata> {
    for layer in lower.iter().rev() {
        match look(layer, path.as_ref()) {
            Look::Found(found) => return Some(found),
            Look::Hidden => return None,
            Look::FurtherDown => {}
        }
    }
    None
}

/// What one layer says about a path.
enum Look {
    Found(Metadata),
    /// Neither here nor further down.
    Hidden,
    FurtherDown,
}

fn look(layer: &Path, path: &Path) -> Look {
    let mut here = layer.to_owned();
    let mut opaque = false;
    for name in path {
        opaque |= here != layer && is_opaque(&here);
        here.push(name);
        match metadata(&here) {
            Ok(found) if is_whiteout(&found) => return Look::Hidden,
            Ok(found) if here.ends_with(path) => return Look::Found(found),
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Look::Hidden,
            Err(_) if opaque => return Look::Hidden,
            Err(_) => return Look::FurtherDown,
        }
    }
    Look::FurtherDown
}

/// Overlayfs's whiteout: a character device 0/0.
fn is_whiteout(found: &Metadata) -> bool {
    found.file_type().is_char_device() && found.rdev() == 0
}

fn is_opaque(folder: &Path) -> bool {
    ["trusted.overlay.opaque", "user.overlay.opaque"]
        .iter()
        .any(|name| xattr::get(folder, name).is_ok_and(|value| value.as_deref() == Some(b"y")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let [lower, upper] = ["lower", "upper"].map(|name| folder.path().join(name));
        fs::create_dir_all(lower.join("etc")).unwrap();
        fs::create_dir_all(&upper).unwrap();
        (folder, lower, upper)
    }

    /// Copies `etc` up as overlayfs does, with its time.
    fn copy_up_etc(lower: &Path, upper: &Path) {
        fs::create_dir(upper.join("etc")).unwrap();
        let below = rustix::fs::lstat(lower.join("etc")).unwrap();
        rustix::fs::utimensat(
            CWD,
            upper.join("etc"),
            &modified_at(&below),
            AtFlags::empty(),
        )
        .unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn empty_mount_points_and_a_folder_copied_up_for_them_go() {
        let (_keep, lower, upper) = layers();
        copy_up_etc(&lower, &upper);
        for folder in ["proc", "dev", "sys"] {
            fs::create_dir(upper.join(folder)).unwrap();
        }
        clean_upper(&upper, &[lower]).unwrap();
        assert_eq!(names(&upper), Vec::<String>::new());
    }

    #[test]
    fn mount_points_of_a_step_go_with_the_folders_made_for_them() {
        let (_keep, lower, upper) = layers();
        copy_up_etc(&lower, &upper);
        fs::create_dir_all(upper.join("etc/deep/er")).unwrap();
        fs::write(upper.join("etc/key"), "").unwrap();
        fs::create_dir_all(upper.join("own/sub")).unwrap();
        fs::write(upper.join("own/file"), "x").unwrap();
        let below = rustix::fs::lstat(lower.join("etc")).unwrap();
        let etc = upper.join("etc");
        rustix::fs::utimensat(CWD, etc, &modified_at(&below), AtFlags::empty()).unwrap();
        let points = ["etc/deep/er", "etc/key", "own/sub"].map(PathBuf::from);
        clean_mount_points(&upper, &[lower], &points).unwrap();
        assert_eq!(names(&upper), ["own"]);
        assert_eq!(names(&upper.join("own")), ["file"]);
    }

    #[test]
    fn a_folder_the_program_touched_stays() {
        let (_keep, lower, upper) = layers();
        fs::create_dir(upper.join("etc")).unwrap();
        fs::write(upper.join("etc/hosts"), "").unwrap();
        fs::write(upper.join("etc/mine"), "x").unwrap();
        clean_upper(&upper, &[lower]).unwrap();
        assert_eq!(names(&upper.join("etc")), ["mine"]);
    }

    #[test]
    fn removing_a_stub_keeps_its_folders_time() {
        let (_keep, lower, upper) = layers();
        fs::create_dir(upper.join("proc")).unwrap();
        let before = metadata(&upper).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        clean_upper(&upper, &[lower]).unwrap();
        let after = metadata(&upper).unwrap();
        assert_eq!(
            (before.mtime(), before.mtime_nsec()),
            (after.mtime(), after.mtime_nsec())
        );
    }

    #[test]
    fn mount_points_the_image_has_stay_in_a_copied_rootfs() {
        let (_keep, lower, _) = layers();
        fs::create_dir(lower.join("proc")).unwrap();
        clean_folder(&lower, std::slice::from_ref(&lower)).unwrap();
        assert_eq!(names(&lower), ["etc", "proc"]);
    }

    #[test]
    fn an_opaque_folder_hides_what_lies_further_down() {
        let (_keep, lower, upper) = layers();
        fs::write(lower.join("etc/hosts"), "x").unwrap();
        fs::create_dir(upper.join("etc")).unwrap();
        let stack = [lower, upper.clone()];
        assert!(below(&stack, "etc/hosts").is_some());
        xattr::set(upper.join("etc"), "user.overlay.opaque", b"y").unwrap();
        assert!(below(&stack, "etc/hosts").is_none());
    }
}
