//! The one file with raw system calls: mounting, unsharing, pivoting, and the few calls that have
//! no safe form anywhere. Each function is named after its call; deciding what to call it with
//! happens elsewhere.
//!
//! `unsafe` stays in here. It is used for
//!
//! - clone(2), which no crate wraps with namespace flags and then execve(2). [`spawn`] does what
//!   `posix_spawn` does; the safe way is one more execution of strata between launcher and PID 1,
//!   1.3 ms of a start that takes 9 ms in all. [`UserNamespace`] lets newuidmap(1) work while
//!   strata is being executed: 1.5 ms of 11 ms. (Measured beside bubblewrap's 6 ms.)
//! - fork(2), in which a face becomes its own supervisor or worker instead of executing strata once
//!   more: 1.8 ms of 10 ms, most of it the dynamic loader's. See [`fork`] for what makes it safe.
//! - calls that neither rustix nor nix wraps: `mount_setattr(2)`, `close_range(2)` with
//!   `CLOSE_RANGE_CLOEXEC`, `seccomp(2)` without `no_new_privs`, and setting default actions for
//!   signals the C library keeps to itself.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_int, c_void};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::ptr;

use nix::libc;
use nix::sched::CloneFlags;
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use rustix::fs::CWD;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, UnmountFlags,
};

pub use nix::libc::sock_filter;

/// unshare(2), for a process with one thread.
pub fn unshare(namespaces: CloneFlags) -> io::Result<()> {
    Ok(nix::sched::unshare(namespaces)?)
}

/// setns(2).
pub fn join(namespace: impl AsFd, kind: CloneFlags) -> io::Result<()> {
    Ok(nix::sched::setns(namespace, kind)?)
}

/// mount(2) with `MS_REC | MS_PRIVATE` on `/`: no mount event goes in or out any more.
pub fn make_mounts_private() -> io::Result<()> {
    let flags = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    Ok(rustix::mount::mount_change("/", flags)?)
}

/// mount(2) of a new file system.
pub fn mount(kind: &str, target: &Path, flags: MountFlags, options: &str) -> io::Result<()> {
    let options = CString::new(options)?;
    Ok(rustix::mount::mount(
        kind,
        target,
        kind,
        flags,
        Some(options.as_c_str()),
    )?)
}

/// mount(2) with `MS_BIND`: this one mount, without those below it.
pub fn bind(source: &Path, target: &Path) -> io::Result<()> {
    Ok(rustix::mount::mount_bind(source, target)?)
}

/// mount(2) with `MS_BIND | MS_REC`.
pub fn bind_recursive(source: &Path, target: &Path) -> io::Result<()> {
    Ok(rustix::mount::mount_bind_recursive(source, target)?)
}

/// `open_tree(2)` with `OPEN_TREE_CLONE`: a copy of a mount that is attached nowhere yet.
pub fn clone_mount(folder: impl AsFd, path: &Path, recursive: bool) -> io::Result<OwnedFd> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    flags.set(OpenTreeFlags::AT_RECURSIVE, recursive);
    Ok(rustix::mount::open_tree(folder, path, flags)?)
}

/// `move_mount(2)` of a detached mount to a path, following a symlink at its end.
pub fn attach_mount(mount: impl AsFd, target: &Path) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_SYMLINKS;
    Ok(rustix::mount::move_mount(mount, "", CWD, target, flags)?)
}

/// A file system being configured through the new mount API.
#[derive(Debug)]
pub struct Configuring(OwnedFd);

/// fsopen(2).
pub fn fsopen(kind: &str) -> io::Result<Configuring> {
    Ok(Configuring(rustix::mount::fsopen(
        kind,
        FsOpenFlags::FSOPEN_CLOEXEC,
    )?))
}

impl Configuring {
    /// fsconfig(2), `FSCONFIG_SET_STRING`.
    pub fn set(&self, key: &str, value: &Path) -> io::Result<()> {
        Ok(rustix::mount::fsconfig_set_string(&self.0, key, value)?)
    }

    /// fsconfig(2), `FSCONFIG_SET_FLAG`.
    pub fn set_flag(&self, key: &str) -> io::Result<()> {
        Ok(rustix::mount::fsconfig_set_flag(&self.0, key)?)
    }

    /// fsconfig(2), `FSCONFIG_CMD_CREATE`, and fsmount(2): the detached mount.
    pub fn mount(self, flags: MountFlags) -> io::Result<OwnedFd> {
        rustix::mount::fsconfig_create(&self.0)?;
        let mut attributes = MountAttrFlags::empty();
        for (flag, attribute) in [
            (MountFlags::RDONLY, MountAttrFlags::MOUNT_ATTR_RDONLY),
            (MountFlags::NOSUID, MountAttrFlags::MOUNT_ATTR_NOSUID),
            (MountFlags::NODEV, MountAttrFlags::MOUNT_ATTR_NODEV),
            (MountFlags::NOEXEC, MountAttrFlags::MOUNT_ATTR_NOEXEC),
        ] {
            attributes.set(attribute, flags.contains(flag));
        }
        Ok(rustix::mount::fsmount(
            &self.0,
            FsMountFlags::FSMOUNT_CLOEXEC,
            attributes,
        )?)
    }
}

/// `pivot_root(".", ".")`: the working directory becomes `/` and the old root lies on top of it
/// (`pivot_root(2)`, NOTES).
pub fn pivot_root_here() -> io::Result<()> {
    Ok(rustix::process::pivot_root(".", ".")?)
}

/// umount2(2) with `MNT_DETACH`.
pub fn detach(target: &Path) -> io::Result<()> {
    Ok(rustix::mount::unmount(target, UnmountFlags::DETACH)?)
}

/// `struct mount_attr` of `mount_setattr(2)`.
#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    userns_fd: u64,
}

/// `mount_setattr(2)`: makes the mount at a path read-only, with those below it when `recursive`.
/// Before Linux 5.12 it is mount(2) with `MS_REMOUNT`, which reaches only that one mount.
pub fn set_read_only(path: &Path, recursive: bool) -> io::Result<()> {
    match mount_setattr(CWD, path, recursive, libc::MOUNT_ATTR_RDONLY) {
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
            remount(path, MountFlags::RDONLY)
        }
        answer => answer,
    }
}

/// [`set_read_only`] for a detached mount and those below it; Linux 5.12.
pub fn set_mount_read_only(mount: impl AsFd) -> io::Result<()> {
    mount_setattr(mount, Path::new(""), true, libc::MOUNT_ATTR_RDONLY)
}

/// As [`set_read_only`]: device nodes in a mount can no longer be opened.
pub fn set_no_devices(path: &Path, recursive: bool) -> io::Result<()> {
    match mount_setattr(CWD, path, recursive, libc::MOUNT_ATTR_NODEV) {
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
            remount(path, MountFlags::NODEV)
        }
        answer => answer,
    }
}

fn mount_setattr(
    folder: impl AsFd,
    path: &Path,
    recursive: bool,
    attributes: u64,
) -> io::Result<()> {
    let path = c_path(path)?;
    let attr = MountAttr {
        set: attributes,
        clear: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let mut flags = libc::AT_EMPTY_PATH;
    if recursive {
        flags |= libc::AT_RECURSIVE;
    }
    // SAFETY: the path is a C string and the attributes are a struct of the size given; both
    // outlive the call, which only reads them.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            folder.as_fd().as_raw_fd(),
            path.as_ptr(),
            flags,
            ptr::from_ref(&attr),
            size_of::<MountAttr>(),
        )
    };
    if answer == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A remount must repeat the flags that are locked in a user namespace (`mount_namespaces(7)`).
fn remount(path: &Path, more: MountFlags) -> io::Result<()> {
    use rustix::fs::StatVfsMountFlags as Has;
    let has = rustix::fs::statvfs(path)?.f_flag;
    let mut flags = MountFlags::BIND;
    flags.set(MountFlags::RDONLY, has.contains(Has::RDONLY));
    flags.set(MountFlags::NOSUID, has.contains(Has::NOSUID));
    flags.set(MountFlags::NODEV, has.contains(Has::NODEV));
    flags.set(MountFlags::NOEXEC, has.contains(Has::NOEXEC));
    flags.set(MountFlags::NOATIME, has.contains(Has::NOATIME));
    flags.set(MountFlags::NODIRATIME, has.contains(Has::NODIRATIME));
    flags.set(MountFlags::RELATIME, has.contains(Has::RELATIME));
    flags |= more;
    Ok(rustix::mount::mount_remount(path, flags, "")?)
}

/// `close_range(2)` with `CLOSE_RANGE_CLOEXEC`: nothing from `first` on survives an exec.
pub fn close_on_exec_from(first: RawFd) -> io::Result<()> {
    let first = u32::try_from(first).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: the call takes three integers and, with this flag, closes nothing that is in use.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    if answer == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// `close_range(2)` on everything but stdin, stdout and stderr. The first call of a process that
/// will live longer than its starter: a pipe it inherited by accident would never see its end.
pub fn close_inherited() -> io::Result<()> {
    // SAFETY: called before this process has opened anything, so no value owns what is closed.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) };
    if answer == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// `rt_sigaction(2)` with `SIG_DFL` for every signal, and an empty mask: what an exec does not reset.
/// Not through the C library, which keeps two signals to itself that may be ignored all the same.
pub fn reset_signals() -> io::Result<()> {
    const LAST: c_int = 64;
    /// The kernel's `struct sigaction` is four words of 64 bits; 0 everywhere is `SIG_DFL`.
    const DEFAULT: [u64; 4] = [0; 4];
    for number in 1..=LAST {
        // SAFETY: the call reads the struct and a mask of 8 bytes in it; the default action installs
        // no code. KILL and STOP are refused, as they have no other action anyway.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                number,
                DEFAULT.as_ptr(),
                ptr::null_mut::<u64>(),
                size_of::<u64>(),
            )
        };
    }
    Ok(sigprocmask(
        SigmaskHow::SIG_SETMASK,
        Some(&SigSet::empty()),
        None,
    )?)
}

/// seccomp(2), `SECCOMP_SET_MODE_FILTER`. Needs `CAP_SYS_ADMIN` or `no_new_privs`.
pub fn apply_filter(filter: &[sock_filter]) -> io::Result<()> {
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).map_err(|_| io::ErrorKind::InvalidInput)?,
        filter: filter.as_ptr().cast_mut(),
    };
    // SAFETY: the program and its instructions outlive the call, and the kernel only copies them
    // (seccomp(2)); the pointer is mutable because C has no other.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            0,
            ptr::from_ref(&program),
        )
    };
    if answer == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// The descriptors a spawned process gets: 0, 1, 2 and, as 3, its channel.
pub type SpawnFds<'a> = [BorrowedFd<'a>; 4];

/// Where a cloned child may put its stack; it makes a handful of system calls.
const STACK: usize = 32 << 10;

/// Descriptors below this are given out anew in the child.
const RESERVED: RawFd = 10;

/// What the child of [`spawn`] works with, all made before it exists.
struct Child {
    executable: RawFd,
    fds: [RawFd; 4],
    argv: Vec<*const libc::c_char>,
    env: [*const libc::c_char; 1],
    /// What went wrong; written by the child, which shares our memory.
    errno: c_int,
}

/// Runs an executable as a child in new namespaces and returns its pid and pidfd: clone(2) and
/// `execveat(2)`. It dies with the calling thread, has an empty environment, every signal blocked,
/// and no descriptor but the four. Any thread may call this, while others do what they like.
pub fn spawn(
    executable: BorrowedFd<'_>,
    argv: &[&CStr],
    namespaces: CloneFlags,
    fds: SpawnFds<'_>,
) -> io::Result<(u32, OwnedFd)> {
    // Above the numbers that are given out, so that no dup2 overwrites one that is still needed.
    let high = |fd: BorrowedFd<'_>| rustix::io::fcntl_dupfd_cloexec(fd, RESERVED);
    let executable = high(executable)?;
    let kept = [high(fds[0])?, high(fds[1])?, high(fds[2])?, high(fds[3])?];
    let mut child = Child {
        executable: executable.as_raw_fd(),
        fds: kept.each_ref().map(AsRawFd::as_raw_fd),
        argv: argv
            .iter()
            .map(|word| word.as_ptr())
            .chain([ptr::null()])
            .collect(),
        env: [ptr::null()],
        errno: 0,
    };
    let mut stack = vec![0; STACK];
    let argument = ptr::from_mut(&mut child).cast::<c_void>();
    // SAFETY: CLONE_VFORK suspends this thread until the child has executed or exited, so the
    // stack and what `argument` leads to outlive the child's use of them, and nobody else touches
    // them meanwhile. `execute` allocates nothing, takes no lock and never returns: what other
    // threads hold locked at that moment, the allocator included, is nothing to it. The errno it
    // may set is this suspended thread's. Its descriptors are a copy, of which it keeps four.
    let (pid, pidfd) = unsafe {
        clone(
            execute,
            argument,
            namespaces.bits() | libc::CLONE_VFORK,
            &mut stack,
        )
    }?;
    // SAFETY: the child wrote it before it ended; volatile, as the compiler can't know of it.
    match unsafe { ptr::read_volatile(&raw const child.errno) } {
        0 => Ok((pid, pidfd)),
        errno => {
            // Nobody else waits for it, and it has exited.
            let _ = wait(pidfd.as_fd());
            Err(io::Error::from_raw_os_error(errno))
        }
    }
}

/// The few calls of [`spawn`]'s child between clone and exec.
extern "C" fn execute(argument: *mut c_void) -> c_int {
    // SAFETY: `spawn` passes a `Child` that it does not touch before this one is done.
    let child = unsafe { &mut *argument.cast::<Child>() };
    // SAFETY: plain system calls on descriptors and pointers that were made before the clone.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        for (number, fd) in (0..).zip(child.fds) {
            libc::dup2(fd, number);
        }
        // Older kernels lack it; then what was inherited without close-on-exec was marked when
        // this process was entered.
        libc::syscall(
            libc::SYS_close_range,
            4,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        );
        libc::syscall(
            libc::SYS_execveat,
            child.executable,
            c"".as_ptr(),
            child.argv.as_ptr(),
            child.env.as_ptr(),
            libc::AT_EMPTY_PATH,
        );
        child.errno = *libc::__errno_location();
        libc::_exit(127)
    }
}

/// Whether this process has one thread, which [`fork`] asks for.
pub fn is_single_threaded() -> bool {
    // Two links are the folder's own.
    rustix::fs::stat("/proc/self/task").is_ok_and(|tasks| tasks.st_nlink == 3)
}

/// fork(2): `play` is carried out by a child, whose exit code it returns and which ends then. The
/// child has `fds` as its stdin, stdout and stderr (none: as they are) and nothing else open, and
/// `title` where others look for its command line. Refused in a process of several threads.
pub fn fork(
    fds: [Option<BorrowedFd<'_>>; 3],
    title: &[u8],
    play: impl FnOnce() -> u8,
) -> io::Result<(u32, OwnedFd)> {
    if !is_single_threaded() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    // What waits in the buffer would be written twice.
    io::stdout().flush()?;
    // SAFETY: with one thread no lock is held and nothing is half changed, so the copy of our
    // memory is whole. It never returns into frames that it shares with us.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            // Unwinding would lead into the copy of our caller, which must not go on twice.
            let become_child = || {
                for (number, fd) in (0..).zip(fds) {
                    if let Some(fd) = fd {
                        // SAFETY: two open descriptors, as integers.
                        unsafe { libc::dup2(fd.as_raw_fd(), number) };
                    }
                }
                // Owners of what is closed here are never dropped: this process ends below.
                let _ = close_inherited();
                set_title(title);
                play()
            };
            let code = catch_unwind(AssertUnwindSafe(become_child)).unwrap_or(101);
            // SAFETY: ends the process, without what our exit would do.
            unsafe { libc::_exit(code.into()) }
        }
        pid => {
            let pid = pid.unsigned_abs();
            let own = rustix::process::Pid::from_raw(pid.cast_signed());
            let own = own.ok_or(io::ErrorKind::InvalidData)?;
            let pidfd = rustix::process::pidfd_open(own, rustix::process::PidfdFlags::empty())?;
            Ok((pid, pidfd))
        }
    }
}

/// Makes a clock that becomes readable when its time is over (`timerfd_create(2)`).
pub fn timer() -> io::Result<OwnedFd> {
    // SAFETY: two integers.
    let fd = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just gave it to us, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Lets a clock's time be over after so long; at once for none.
pub fn set_timer(timer: BorrowedFd<'_>, length: std::time::Duration) -> io::Result<()> {
    let zero = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let setting = libc::itimerspec {
        it_interval: zero,
        it_value: libc::timespec {
            tv_sec: length.as_secs().cast_signed(),
            // All zero would stop the clock.
            tv_nsec: i64::from(length.subsec_nanos().max(1)),
        },
    };
    // SAFETY: an open descriptor, and a value that outlives the call.
    match unsafe {
        libc::timerfd_settime(timer.as_raw_fd(), 0, &raw const setting, ptr::null_mut())
    } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// fork(2) in a process that has had one thread from its start: `play` is carried out by a child that
/// shares everything that is open, and returns its exit code. Returns the child's number.
pub fn fork_here(play: impl FnOnce() -> u8) -> io::Result<i32> {
    // SAFETY: with one thread no lock is held and nothing is half changed, so the copy of our
    // memory is whole. It never returns into frames that it shares with us.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            // Unwinding would lead into the copy of our caller, which must not go on twice.
            let code = catch_unwind(AssertUnwindSafe(play)).unwrap_or(101);
            // SAFETY: ends the process, without what our exit would do.
            unsafe { libc::_exit(code.into()) }
        }
        pid => Ok(pid),
    }
}

/// Overwrites the words that this process was started with, which `ps` shows to everybody and which
/// may hold what only the starter needed: a password after `-e`. What does not fit is cut.
fn set_title(title: &[u8]) {
    let Some((start, length)) = arguments() else {
        return;
    };
    let mut text = vec![0; length];
    let count = title.len().min(length.saturating_sub(1));
    text[..count].copy_from_slice(&title[..count]);
    // SAFETY: the kernel put our words there when we were executed (proc(5), `arg_start`), on the
    // stack where we may write; std has made copies of them, and nothing else reads them here.
    unsafe {
        ptr::copy_nonoverlapping(
            text.as_ptr(),
            ptr::with_exposed_provenance_mut(start),
            length,
        );
    };
}

/// Returns where the words of the command line lie and how long they are: fields 48 and 49 of
/// `/proc/self/stat`, counted behind the name in brackets, which is the second.
fn arguments() -> Option<(usize, usize)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(48 - 3);
    let start: usize = fields.next()?.parse().ok()?;
    let end: usize = fields.next()?.parse().ok()?;
    (start != 0).then(|| (start, end.saturating_sub(start)))
}

/// A process that does nothing but hold a new user namespace open until it is dropped.
#[derive(Debug)]
pub struct UserNamespace {
    pid: u32,
    pidfd: OwnedFd,
    /// Its stack, which must stay while it is.
    _stack: Vec<u8>,
}

impl UserNamespace {
    /// clone(2) with `CLONE_NEWUSER`. Nothing is mapped in there yet.
    pub fn new() -> io::Result<Self> {
        let mut stack = vec![0; STACK];
        let flags = CloneFlags::CLONE_NEWUSER.bits();
        // Not a pointer: the number fits into one and is never followed.
        let starter = ptr::without_provenance_mut(std::process::id() as usize);
        // SAFETY: the stack is freed only after the child was killed and waited for (`drop`), on
        // the heap where moving the struct leaves it. `rest` touches no memory of ours: it makes
        // system calls that do not fail, so not even errno, which it shares with this thread.
        let (pid, pidfd) = unsafe { clone(rest, starter, flags, &mut stack) }?;
        Ok(Self {
            pid,
            pidfd,
            _stack: stack,
        })
    }

    /// Returns the holder's process id, for newuidmap(1).
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Opens the namespace for setns(2).
    pub fn open(&self) -> io::Result<OwnedFd> {
        Ok(std::fs::File::open(format!("/proc/{}/ns/user", self.pid))?.into())
    }
}

impl Drop for UserNamespace {
    fn drop(&mut self) {
        // Both can only fail when it is gone already.
        let _ = signal(self.pidfd.as_fd(), libc::SIGKILL);
        let _ = wait(self.pidfd.as_fd());
    }
}

/// What the holder does until it is killed: every other signal is blocked. A starter that died
/// before the first call is found out by asking.
extern "C" fn rest(starter: *mut c_void) -> c_int {
    // SAFETY: system calls without pointers.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if usize::try_from(libc::getppid()) != Ok(starter.addr()) {
            libc::_exit(0);
        }
        loop {
            libc::pause();
        }
    }
}

/// clone(2) of a child that shares our memory and has every signal blocked, so that no handler of
/// ours runs in it.
///
/// # Safety
/// `entry` and what `argument` leads to must be fit for a child that runs on our memory without
/// being one of our threads: no allocation, no locks, no thread-local state. The stack must stay
/// where it is until the child has executed or ended.
unsafe fn clone(
    entry: extern "C" fn(*mut c_void) -> c_int,
    argument: *mut c_void,
    flags: c_int,
    stack: &mut [u8],
) -> io::Result<(u32, OwnedFd)> {
    // The calling thread's mask, which the child gets; other threads go on with theirs.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    let mut pidfd: c_int = -1;
    // SAFETY: the stack's end is inside or just behind it, aligned down to 16 bytes; the rest is
    // what this function's caller promises.
    let pid = unsafe {
        let top = stack.as_mut_ptr_range().end;
        let top = top.sub(top.addr() % 16);
        let flags = flags | libc::CLONE_VM | libc::CLONE_PIDFD | libc::SIGCHLD;
        libc::clone(
            entry,
            top.cast::<c_void>(),
            flags,
            argument,
            ptr::from_mut(&mut pidfd),
        )
    };
    let failure = io::Error::last_os_error();
    before.thread_set_mask()?;
    if pid < 0 {
        return Err(failure);
    }
    // SAFETY: CLONE_PIDFD stored a new descriptor that nobody else owns.
    Ok((pid.unsigned_abs(), unsafe { OwnedFd::from_raw_fd(pidfd) }))
}

/// Takes descriptor 3, which [`spawn`] gave this process as its channel. Once, and before any other
/// descriptor is opened; refused when 3 is no socket.
pub fn take_channel() -> io::Result<UnixStream> {
    // SAFETY: only borrowed for fstat, which refuses a number that is not open.
    let three = unsafe { BorrowedFd::borrow_raw(3) };
    let stat = rustix::fs::fstat(three)?;
    if rustix::fs::FileType::from_raw_mode(stat.st_mode) != rustix::fs::FileType::Socket {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: it is open, and nothing in this young process owns it: it came from our parent.
    Ok(unsafe { UnixStream::from_raw_fd(3) })
}

/// waitid(2) on a pidfd: waits for the end of a child and reaps it.
pub fn wait(pidfd: BorrowedFd<'_>) -> io::Result<rustix::process::WaitIdStatus> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    loop {
        match waitid(WaitId::PidFd(pidfd), WaitIdOptions::EXITED) {
            Ok(Some(status)) => return Ok(status),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// `pidfd_send_signal(2)`; real-time signals too, which rustix has no safe name for.
pub fn signal(pidfd: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
    // SAFETY: integers and a null pointer, which the call allows for the signal's details.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal,
            ptr::null::<libc::siginfo_t>(),
            0,
        )
    };
    if answer == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn c_path(path: &Path) -> io::Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    Ok(CString::new(path.as_os_str().as_bytes())?)
}
