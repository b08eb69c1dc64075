//! Carries out a [`MountPlan`] inside the new root: relative paths are the host's, absolute ones
//! the container's (see [`super::rootfs::enter`]).

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT};
use rustix::io::Errno;
use rustix::mount::MountFlags;

use super::failure::{LaunchError, Note, What};
use super::mounts::MountPlan;
use super::sys;

/// Clones the host's files and folders that the spec binds, before the root changes.
pub fn open_binds(sources: &[&std::path::PathBuf]) -> Result<Vec<OwnedFd>, LaunchError> {
    let open = |source: &&std::path::PathBuf| {
        sys::clone_mount(CWD, source, true)
            .map_err(|error| LaunchError::setup(What::Mount, source, &error))
    };
    sources.iter().map(open).collect()
}

/// Carries out a plan and returns what had to be done in a lesser way.
pub fn carry_out(plan: &[MountPlan], binds: &[OwnedFd]) -> Result<Vec<Note>, LaunchError> {
    let mut notes = Vec::new();
    for item in plan {
        act(item, binds, &mut notes)
            .map_err(|error| LaunchError::setup(What::Mount, Path::new(item.place()), &error))?;
    }
    Ok(notes)
}

fn act(item: &MountPlan, binds: &[OwnedFd], notes: &mut Vec<Note>) -> io::Result<()> {
    match item {
        MountPlan::Filesystem {
            kind,
            target,
            flags,
            options,
        } => {
            let mounted = on_folder(Path::new(target), |target| {
                sys::mount(kind, target, *flags, options)
            });
            if let Err(error) = mounted {
                let note = lesser(kind, &error).ok_or(error)?;
                host_mount(target, note == Note::HostSys)?;
                notes.push(note);
            }
            Ok(())
        }
        MountPlan::HostReadOnly { path } => {
            notes.push(Note::HostSys);
            host_mount(path, true)
        }
        MountPlan::Bind {
            index,
            target,
            read_only,
        } => {
            attach(&binds[*index], Path::new(target))?;
            if *read_only {
                sys::set_read_only(Path::new(target), true)
            } else {
                Ok(())
            }
        }
        MountPlan::Device { name, number } => device(name, *number),
        MountPlan::HostDevice { name } => host_device(name),
        MountPlan::Folder { path } => folder(Path::new(path)),
        MountPlan::Link { path, to } => Ok(rustix::fs::symlink(*to, *path)?),
        MountPlan::File { path, content } => file(path, content),
        MountPlan::Masked { path } => masked(Path::new(path)),
        MountPlan::ReadOnly { path } => read_only(Path::new(path)),
    }
}

/// proc and sysfs are refused in a user namespace whose view of them is masked already
/// (`mount_namespaces(7)`); then the host's is shown.
fn lesser(kind: &str, error: &io::Error) -> Option<Note> {
    match (kind, error.kind()) {
        ("proc", io::ErrorKind::PermissionDenied) => Some(Note::HostProc),
        ("sysfs", io::ErrorKind::PermissionDenied) => Some(Note::HostSys),
        _ => None,
    }
}

fn host_mount(path: &str, read_only: bool) -> io::Result<()> {
    let source = Path::new(path.trim_start_matches('/'));
    on_folder(Path::new(path), |target| {
        sys::bind_recursive(source, target)
    })?;
    if read_only {
        sys::set_read_only(Path::new(path), true)
    } else {
        Ok(())
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

fn device(name: &str, (major, minor): (u32, u32)) -> io::Result<()> {
    let path = format!("/dev/{name}");
    let number = rustix::fs::makedev(major, minor);
    Ok(rustix::fs::mknodat(
        CWD,
        path,
        FileType::CharacterDevice,
        Mode::from_raw_mode(0o666),
        number,
    )?)
}

fn host_device(name: &str) -> io::Result<()> {
    let target = format!("/dev/{name}");
    let regular = FileType::RegularFile;
    rustix::fs::mknodat(CWD, &target, regular, Mode::from_raw_mode(0o666), 0)?;
    sys::bind(Path::new(&format!("dev/{name}")), Path::new(&target))
}

/// Puts a file over one of the image. It is written in `/dev`, which is the container's own tmpfs,
/// and lives on as a mount when its name there is gone.
fn file(path: &str, content: &str) -> io::Result<()> {
    const DRAFT: &str = "/dev/.strata";
    std::fs::write(DRAFT, content)?;
    rustix::fs::chmod(DRAFT, Mode::from_raw_mode(0o644))?;
    let draft = Path::new(DRAFT);
    let path = Path::new(path);
    let mounted = sys::bind(draft, path).or_else(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            return Err(error);
        }
        folder_and_parents(path.parent().unwrap_or(Path::new("/")))?;
        empty_file(path)?;
        sys::bind(draft, path)
    });
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
    })
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
            tv_nsec: stat.st_mtime_nsec as _,
        },
    }
}
