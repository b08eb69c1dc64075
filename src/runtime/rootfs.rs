//! The tree that becomes `/`: layers merged by overlayfs, or one folder.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD};
use rustix::mount::MountFlags;

use super::failure::{LaunchError, What};
use super::probe::Overlay;
use super::protocol::Orders;
use super::spec::{MergedLayers, Rootfs};
use super::sys;

/// Mounts the rootfs, unless it was merged [`ahead`], and makes it `/`. Afterwards nothing leads to
/// the old root any more: while it still lay on top of the new one, `..` above `/` in a hostile
/// image's symlink would lead there.
pub fn enter(orders: &Orders<'_>, merged: Option<OwnedFd>) -> Result<(), LaunchError> {
    let rootfs = &orders.spec.rootfs;
    let root = match (merged, rootfs) {
        (Some(merged), Rootfs::Overlay { upper, .. }) => {
            let attached = sys::attach_mount(merged, upper);
            attached.map_err(|error| LaunchError::setup(What::Overlay, upper, &error))?;
            upper
        }
        _ => mount(rootfs, orders.overlay, orders.rootless)?,
    };
    pivot(root).map_err(|error| LaunchError::setup(What::PivotRoot, root, &error))
}

/// Merges the layers into a mount that is attached nowhere yet, for the launcher while init is
/// being executed: making an overlay takes 0.8 ms of that. None where only init can, who may change
/// its working directory to shorten the paths.
pub fn ahead(
    rootfs: &Rootfs,
    overlay: Overlay,
    rootless: bool,
) -> Result<Option<OwnedFd>, LaunchError> {
    let Rootfs::Overlay { lower, upper, work } = rootfs else {
        return Ok(None);
    };
    let paths = || lower.iter().chain([upper, work]);
    let fit = paths().all(|path| path.is_absolute() && path.as_os_str().len() <= LONGEST);
    if overlay != Overlay::New || lower.is_empty() || !fit {
        return Ok(None);
    }
    let paths = OverlayPaths {
        base: PathBuf::new(),
        lower: lower.clone(),
        upper: upper.clone(),
        work: work.clone(),
    };
    let merged = forget_volatile(work).and_then(|()| merge_by_fsopen(&paths, rootless));
    let merged = merged.map_err(|error| LaunchError::setup(What::Overlay, upper, &error))?;
    Ok(Some(merged))
}

/// Merges layers that are no rootfs, and returns the part of them that is wanted as a mount that is
/// attached nowhere. The merged layers themselves stay behind with the old root.
pub fn merge_part(
    layers: &MergedLayers,
    overlay: Overlay,
    rootless: bool,
) -> Result<OwnedFd, LaunchError> {
    let rootfs = Rootfs::Overlay {
        lower: layers.lower.clone(),
        upper: layers.upper.clone(),
        work: layers.work.clone(),
    };
    let part = mount(&rootfs, overlay, rootless)?.join(&layers.path);
    let taken = sys::clone_mount(CWD, &part, false);
    taken.map_err(|error| LaunchError::setup(What::Mount, &part, &error))
}

/// The longest value fsconfig(2) takes, in bytes.
const LONGEST: usize = 255;

/// `pivot_root(2)`, NOTES: with "." twice the old root comes to lie where "." is.
fn pivot(root: &Path) -> io::Result<()> {
    rustix::process::chdir(root)?;
    sys::pivot_root_here()?;
    sys::detach(Path::new("."))?;
    Ok(rustix::process::chdir("/")?)
}

/// Mounts the rootfs somewhere and returns where. An overlay covers its own upper folder: the
/// path is the container's alone, and overlayfs has its own hold of what is below.
fn mount(rootfs: &Rootfs, overlay: Overlay, rootless: bool) -> Result<&Path, LaunchError> {
    let (root, what, mounted) = match rootfs {
        Rootfs::Folder(folder) => (folder, What::Mount, sys::bind_recursive(folder, folder)),
        // Overlayfs wants a layer below; without one the upper folder is all there is.
        Rootfs::Overlay { lower, upper, .. } if lower.is_empty() => {
            (upper, What::Mount, sys::bind_recursive(upper, upper))
        }
        Rootfs::Overlay { lower, upper, work } => {
            let paths = OverlayPaths::new(lower, upper, work);
            (upper, What::Overlay, merge(&paths, overlay, rootless))
        }
    };
    mounted.map_err(|error| LaunchError::setup(what, root, &error))?;
    Ok(root)
}

fn merge(paths: &OverlayPaths, overlay: Overlay, rootless: bool) -> io::Result<()> {
    rustix::process::chdir(&paths.base)?;
    forget_volatile(&paths.work)?;
    match overlay {
        Overlay::New => sys::attach_mount(merge_by_fsopen(paths, rootless)?, &paths.upper),
        Overlay::Classic => merge_by_mount(paths, rootless),
        Overlay::None => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// What every overlay of ours is mounted with (kernel, filesystems/overlayfs.rst): nothing but
/// plain whiteouts and whole files may appear in the upper folder, and unmounting does not sync the
/// host's whole file system (`volatile`).
const OPTIONS: [(&str, &str); 3] = [
    ("redirect_dir", "nofollow"),
    ("metacopy", "off"),
    ("index", "off"),
];
const FLAGS: [&str; 1] = ["volatile"];
/// Whiteouts and opaque marks in `user.` attributes, for the only kind a user namespace may set.
const ROOTLESS_FLAG: &str = "userxattr";

fn merge_by_fsopen(paths: &OverlayPaths, rootless: bool) -> io::Result<OwnedFd> {
    let overlay = sys::fsopen("overlay")?;
    overlay.set("source", Path::new("overlay"))?;
    for layer in paths.lower.iter().rev() {
        overlay.set("lowerdir+", layer)?;
    }
    overlay.set("upperdir", &paths.upper)?;
    overlay.set("workdir", &paths.work)?;
    for (key, value) in OPTIONS {
        overlay.set(key, Path::new(value))?;
    }
    for flag in FLAGS.into_iter().chain(rootless.then_some(ROOTLESS_FLAG)) {
        overlay.set_flag(flag)?;
    }
    overlay.mount(MountFlags::empty())
}

fn merge_by_mount(paths: &OverlayPaths, rootless: bool) -> io::Result<()> {
    let options = paths.classic_options(rootless);
    sys::mount("overlay", &paths.upper, MountFlags::empty(), &options)
}

/// Removes the mark a `volatile` mount leaves: the kernel refuses to mount the folder again, as a
/// power cut may have lost writes. It has not lost any while the machine is up.
fn forget_volatile(work: &Path) -> io::Result<()> {
    let mark = work.join("work/incompat/volatile");
    match rustix::fs::unlinkat(CWD, mark.join("dirty"), AtFlags::empty()) {
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(()),
        answer => answer?,
    }
    rustix::fs::unlinkat(CWD, &mark, AtFlags::REMOVEDIR)?;
    Ok(rustix::fs::unlinkat(
        CWD,
        work.join("work/incompat"),
        AtFlags::REMOVEDIR,
    )?)
}

/// An overlay's folders, relative to their deepest common folder: mount(2) takes one page of
/// options and fsconfig(2) 255 bytes a path.
#[derive(Debug, PartialEq, Eq)]
struct OverlayPaths {
    base: PathBuf,
    lower: Vec<PathBuf>,
    upper: PathBuf,
    work: PathBuf,
}

impl OverlayPaths {
    fn new(lower: &[PathBuf], upper: &Path, work: &Path) -> Self {
        let all = lower.iter().map(PathBuf::as_path).chain([work]);
        let base = all.fold(parent(upper), common).to_owned();
        let short = |path: &Path| path.strip_prefix(&base).unwrap_or(path).to_owned();
        Self {
            lower: lower.iter().map(|layer| short(layer)).collect(),
            upper: short(upper),
            work: short(work),
            base,
        }
    }

    fn classic_options(&self, rootless: bool) -> String {
        let layers: Vec<String> = self
            .lower
            .iter()
            .rev()
            .map(|layer| escape(layer, ":,\\"))
            .collect();
        let mut options = format!(
            "lowerdir={},upperdir={},workdir={}",
            layers.join(":"),
            escape(&self.upper, ",\\"),
            escape(&self.work, ",\\"),
        );
        for (key, value) in OPTIONS {
            options.extend([",", key, "=", value]);
        }
        for flag in FLAGS.into_iter().chain(rootless.then_some(ROOTLESS_FLAG)) {
            options.extend([",", flag]);
        }
        options
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// Returns the deepest folder that `folder` and the parent of `path` lie in.
fn common<'a>(folder: &'a Path, path: &Path) -> &'a Path {
    let same = |ancestor: &&Path| parent(path).starts_with(ancestor);
    folder.ancestors().find(same).unwrap_or(Path::new("/"))
}

/// Puts a backslash before characters that mean something in mount options.
fn escape(path: &Path, special: &str) -> String {
    let mut text = String::new();
    for character in path.to_string_lossy().chars() {
        if special.contains(character) {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths() -> OverlayPaths {
        let lower = ["/s/layers/a/tree", "/s/layers/b:c/tree"].map(PathBuf::from);
        OverlayPaths::new(
            &lower,
            Path::new("/s/tmp/x/upper"),
            Path::new("/s/tmp/x/work"),
        )
    }

    #[test]
    fn folders_are_named_from_their_deepest_common_folder() {
        assert_eq!(paths().base, Path::new("/s"));
        assert_eq!(
            paths().lower,
            ["layers/a/tree", "layers/b:c/tree"].map(PathBuf::from)
        );
        assert_eq!(paths().upper, Path::new("tmp/x/upper"));
    }

    #[test]
    fn folders_with_nothing_in_common_keep_their_names() {
        let lower = [PathBuf::from("/a/tree")];
        let paths = OverlayPaths::new(&lower, Path::new("/b/upper"), Path::new("/b/work"));
        assert_eq!((paths.base, paths.upper), ("/".into(), "b/upper".into()));
    }

    #[test]
    fn classic_options_list_the_topmost_layer_first_and_escape_colons() {
        assert_eq!(
            paths().classic_options(true),
            "lowerdir=layers/b\\:c/tree:layers/a/tree,upperdir=tmp/x/upper,workdir=tmp/x/work,\
             redirect_dir=nofollow,metacopy=off,index=off,volatile,userxattr"
        );
    }
}
