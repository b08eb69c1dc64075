//! Carries out a [`MountPlan`] in two steps: what comes from the host is taken before the root
//! changes, as detached mounts; everything is put in place after it, when every path leads to
//! somewhere in the container.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Timespec, Timestamps, UTIME_OMIT, openat2,
};
use rustix::io::Errno;
use rustix::mount::MountFlags;

use super::failure::{LaunchError, Note, What};
use super::mounts::{self, MountPlan};
use super::protocol::Orders;
use super::spec::Content;
use super::spec::MountedVolume;
use super::{filling, rootfs, sys};

/// A plan with what it takes from the host: a mount, and for a volume the folder it is in.
#[derive(Debug)]
pub struct Gathered {
    items: Vec<(MountPlan, Option<OwnedFd>, Option<OwnedFd>)>,
    notes: Vec<Note>,
}

/// Takes what the plan of these orders needs from the host.
pub fn gather(orders: &Orders<'_>) -> Result<Gathered, LaunchError> {
    let mut notes = Vec::new();
    let take = |item: MountPlan| {
        let taken = match &item {
            MountPlan::Layers { layers, .. } => {
                rootfs::merge_part(layers, orders.overlay, orders.rootless).map(Some)
            }
            item => take(item, &mut notes).map_err(|error| failed(item, &error)),
        };
        let beside = match &item {
            MountPlan::Volume { volume, .. } if volume.copy => {
                let opened = open_place(&volume.folder);
                opened.map(Some).map_err(|error| failed(&item, &error))?
            }
            _ => None,
        };
        taken.map(|mount| (item, mount, beside))
    };
    let plan = mounts::plan(orders);
    let items = plan.into_iter().map(take).collect::<Result<_, _>>()?;
    Ok(Gathered { items, notes })
}

/// Puts everything in place, in the new root, and returns what had to be done in a lesser way.
pub fn put(gathered: Gathered) -> Result<Vec<Note>, LaunchError> {
    for (item, mount, beside) in gathered.items {
        if let (Some(volume), Some(folder)) = (&mount, &beside) {
            let filled = filling::fill(volume, folder, Path::new(item.place()));
            filled.map_err(|error| failed(&item, &error))?;
        }
        put_one(&item, mount).map_err(|error| failed(&item, &error))?;
    }
    Ok(gathered.notes)
}

fn failed(item: &MountPlan, error: &io::Error) -> LaunchError {
    LaunchError::setup(What::Mount, item.place(), error)
}

fn take(item: &MountPlan, notes: &mut Vec<Note>) -> io::Result<Option<OwnedFd>> {
    let mount = match item {
        MountPlan::Filesystem {
            kind: kind @ ("proc" | "sysfs"),
            target,
            flags,
            ..
        } => view_of_kernel(kind, target, *flags, notes)?,
        MountPlan::HostReadOnly { path } => {
            notes.push(Note::HostSys);
            host(path, true)?
        }
        MountPlan::HostDevice { name } => {
            sys::clone_mount(CWD, Path::new(&format!("/dev/{name}")), false)?
        }
        MountPlan::Bind { source, target, .. } => {
            // A relative one would be looked for wherever this process is.
            if !target.starts_with('/') {
                return Err(io::Error::from_raw_os_error(nix::libc::EINVAL));
            }
            sys::clone_mount(CWD, source, true)?
        }
        MountPlan::Volume { volume, .. } => take_volume(volume)?,
        _ => return Ok(None),
    };
    Ok(Some(mount))
}

/// Takes a volume, or part of it. What a container wrote there leads nowhere else.
pub(super) fn take_volume(volume: &MountedVolume) -> io::Result<OwnedFd> {
    let own = volume.folder.join("_data");
    let folder = volume.device.as_ref().unwrap_or(&own);
    let Some(part) = &volume.part else {
        return sys::clone_mount(CWD, folder, true);
    };
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let inside = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_SYMLINKS;
    let part = openat2(open_place(folder)?, part, flags, Mode::empty(), inside)?;
    let path = format!("/proc/self/fd/{}", part.as_raw_fd());
    sys::clone_mount(CWD, Path::new(&path), true)
}

fn open_place(folder: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(folder, flags, Mode::empty())?)
}

/// A user namespace gets proc and sysfs only while it can see the ones outside, unmasked
/// (`mount_namespaces(7)`); so they are made before the old root goes. Where they are refused, the
/// host's are shown.
fn view_of_kernel(
    kind: &str,
    target: &str,
    flags: MountFlags,
    notes: &mut Vec<Note>,
) -> io::Result<OwnedFd> {
    let (note, read_only) = match kind {
        "proc" => (Note::HostProc, false),
        _ => (Note::HostSys, true),
    };
    match sys::fsopen(kind)?.mount(flags) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            notes.push(note);
            host(target, read_only)
        }
        answer => answer,
    }
}

fn host(path: &str, read_only: bool) -> io::Result<OwnedFd> {
    let mount = sys::clone_mount(CWD, Path::new(path), true)?;
    if read_only {
        sys::set_mount_read_only(&mount)?;
    }
    Ok(mount)
}

fn put_one(item: &MountPlan, mount: Option<OwnedFd>) -> io::Result<()> {
    match (item, mount) {
        (
            MountPlan::Bind {
                target, read_only, ..
            }
            | MountPlan::Volume {
                target, read_only, ..
            }
            | MountPlan::Layers {
                target, read_only, ..
            },
            Some(mount),
        ) => {
            attach(&mount, Path::new(target))?;
            if *read_only {
                sys::set_read_only(Path::new(target), true)
            } else {
                Ok(())
            }
        }
        (MountPlan::HostDevice { name }, Some(mount)) => host_device(name, &mount),
        (_, Some(mount)) => attach(&mount, Path::new(item.place())),
        (
            MountPlan::Filesystem {
                kind,
                target,
                flags,
                options,
            },
            None,
        ) => on_folder(Path::new(target), |target| {
            sys::mount(kind, target, *flags, options)
        }),
        (MountPlan::Device { name, number }, None) => device(name, *number),
        (MountPlan::Folder { path }, None) => folder(Path::new(path)),
        (MountPlan::Link { path, to }, None) => Ok(rustix::fs::symlink(*to, *path)?),
        (MountPlan::File { path, content }, None) => file(path, content),
        (MountPlan::Content { content, target }, None) => small_file(Path::new(target), content),
        (MountPlan::Masked { path }, None) => masked(Path::new(path)),
        (MountPlan::ReadOnly { path }, None) => read_only(Path::new(path)),
        (MountPlan::NoDevices { path, recursive }, None) => {
            sys::set_no_devices(Path::new(path), *recursive)
        }
        (
            MountPlan::Bind { .. }
            | MountPlan::Volume { .. }
            | MountPlan::Layers { .. }
            | MountPlan::HostDevice { .. }
            | MountPlan::HostReadOnly { .. },
            None,
        ) => unreachable!("these are always taken from the host"),
    }
}

/// Mounts on a folder, making it where it is missing.
fn on_folder(path: &Path, mount: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    match mount(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            folder_and_parents(path)?;
            mount(path)
        }
        answer => answer,
    }
}

fn attach(mount: &OwnedFd, target: &Path) -> io::Result<()> {
    match sys::attach_mount(mount, target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let stat = rustix::fs::fstat(mount)?;
            if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                folder_and_parents(target)?;
            } else {
                folder_and_parents(target.parent().unwrap_or(Path::new("/")))?;
                empty_file(target)?;
            }
            sys::attach_mount(mount, target)
        }
        answer => answer,
    }
}

/// Makes a device node, as a mount of its own: it opens although nothing else in `/dev` does.
fn device(name: &str, (major, minor): (u32, u32)) -> io::Result<()> {
    let path = format!("/dev/{name}");
    let number = rustix::fs::makedev(major, minor);
    let mode = Mode::from_raw_mode(0o666);
    rustix::fs::mknodat(CWD, &path, FileType::CharacterDevice, mode, number)?;
    sys::bind(Path::new(&path), Path::new(&path))
}

fn host_device(name: &str, mount: &OwnedFd) -> io::Result<()> {
    let target = format!("/dev/{name}");
    let regular = FileType::RegularFile;
    rustix::fs::mknodat(CWD, &target, regular, Mode::from_raw_mode(0o666), 0)?;
    sys::attach_mount(mount, Path::new(&target))
}

/// Where files are written before they are put in their places.
const DRAFT: &str = "/dev/.strata";

/// Puts a file over one of the image. It is written in `/dev`, which is the container's own tmpfs,
/// and lives on as a mount when its name there is gone.
fn file(path: &str, content: &str) -> io::Result<()> {
    std::fs::write(DRAFT, content)?;
    rustix::fs::chmod(DRAFT, Mode::from_raw_mode(0o644))?;
    let draft = Path::new(DRAFT);
    let mounted = bind_file(draft, Path::new(path));
    rustix::fs::unlink(DRAFT)?;
    match mounted {
        // A dangling symlink, or a rootfs that cannot be written to: the image has no place for it.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::ReadOnlyFilesystem
                    | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(())
        }
        answer => answer,
    }
}

/// Puts a file with an owner and a mode of its own at a path, read-only.
fn small_file(path: &Path, content: &Content) -> io::Result<()> {
    let draft = Path::new(DRAFT);
    let mode = Mode::from_raw_mode(0o600);
    let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::EXCL;
    let mut written = File::from(rustix::fs::open(draft, flags, mode)?);
    let mounted = written
        .write_all(&content.bytes)
        .and_then(|()| owned(&written, content))
        .and_then(|()| bind_file(draft, path));
    rustix::fs::unlink(draft)?;
    mounted?;
    sys::set_read_only(path, false)
}

fn owned(file: &File, content: &Content) -> io::Result<()> {
    let (uid, gid) = content.owner;
    if (uid, gid) != (0, 0) {
        std::os::unix::fs::fchown(file, Some(uid), Some(gid))?;
    }
    // Last: a change of owner takes bits away.
    Ok(rustix::fs::fchmod(file, Mode::from_raw_mode(content.mode))?)
}

fn bind_file(file: &Path, path: &Path) -> io::Result<()> {
    match sys::bind(file, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            folder_and_parents(path.parent().unwrap_or(Path::new("/")))?;
            empty_file(path)?;
            sys::bind(file, path)
        }
        answer => answer,
    }
}

fn masked(path: &Path) -> io::Result<()> {
    match sys::bind(Path::new("/dev/null"), path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            sys::mount("tmpfs", path, MountFlags::RDONLY, "size=0k")
        }
        answer => answer,
    }
}

fn read_only(path: &Path) -> io::Result<()> {
    match sys::bind_recursive(path, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sys::set_read_only(path, true),
    }
}

/// Makes a folder and what is missing on the way to it.
pub fn folder_and_parents(path: &Path) -> io::Result<()> {
    match folder(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            folder_and_parents(path.parent().ok_or(error)?)?;
            folder(path)
        }
        answer => answer,
    }
}

fn folder(path: &Path) -> io::Result<()> {
    unnoticed(path, |path| {
        rustix::fs::mkdir(path, Mode::from_raw_mode(0o755))
    })?;
    // What was there may be a symlink to nothing: then that is what is missing. A circle of them
    // is another error (ELOOP), so this ends.
    match rustix::fs::stat(path) {
        Err(Errno::NOENT) => {
            let target = std::fs::read_link(path)?;
            folder_and_parents(&path.parent().unwrap_or(Path::new("/")).join(target))
        }
        answer => Ok(answer.map(drop)?),
    }
}

fn empty_file(path: &Path) -> io::Result<()> {
    let flags = OFlags::CREATE | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
    unnoticed(path, |path| {
        rustix::fs::open(path, flags, Mode::from_raw_mode(0o644)).map(drop)
    })
}

/// Makes something without changing the time of the folder it is made in, so that removing it
/// later leaves no trace (`clean_upper`).
fn unnoticed(path: &Path, make: impl Fn(&Path) -> rustix::io::Result<()>) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    let before = rustix::fs::stat(parent)?;
    match make(path) {
        Err(Errno::EXIST) => return Ok(()),
        answer => answer?,
    }
    Ok(rustix::fs::utimensat(
        CWD,
        parent,
        &modified_at(&before),
        AtFlags::empty(),
    )?)
}

/// Returns times that set a file's modification time to what it was and leave the access time.
pub fn modified_at(stat: &rustix::fs::Stat) -> Timestamps {
    Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
        last_modification: Timespec {
            tv_sec: stat.st_mtime,
            tv_nsec: stat.st_mtime_nsec.cast_signed(),
        },
    }
}
