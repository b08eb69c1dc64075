//! The folder of one container: its config, its row of `ps`, its lock and where its socket is.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use serde::{Deserialize, Serialize};

use super::container_error::ContainerError;
use super::freezer::thaw_lost;
use super::mount_point::MountPoint;
use super::names::ContainerId;
use super::ports::{Port, Publish};
use super::spec::{Membership, Rootfs, Spec};
use super::state::{Record, Status};

/// What was asked for when a container was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerConfig {
    /// The row of `ps` as it is at first; its name may be empty to have one made up.
    pub record: Record,
    /// What to run.
    pub spec: Spec,
    /// Whether its stdin is kept open (`-i`).
    pub open_stdin: bool,
    /// The signal that `stop` sends, such as `SIGTERM`.
    pub stop_signal: String,
    /// How many seconds `stop` waits before it kills; negative waits for ever.
    pub stop_timeout: i32,
    /// The networks it belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Membership>,
    /// The ports that the host answers for while it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publish: Vec<Publish>,
    /// The ports that it says it listens on, published or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposed: Vec<Port>,
    /// Whether the end of what the one who started it types is the end of its stdin. Of a
    /// container that was started in the background others may come and type more.
    #[serde(default)]
    pub stdin_once: bool,
    /// What it has mounted, as a person sees it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<MountPoint>,
    /// Where the host's number of its PID 1 is written, absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid_file: Option<PathBuf>,
}

/// docker's patience of `stop`, in seconds.
pub const DEFAULT_STOP_TIMEOUT: i32 = 10;

impl ContainerConfig {
    /// Describes a container with docker's defaults: a made-up name, no stdin, `SIGTERM`, ten
    /// seconds.
    pub fn new(id: ContainerId, image: &str, image_id: &str, spec: Spec) -> Self {
        Self {
            record: Record {
                id,
                name: String::new(),
                image: image.to_owned(),
                image_id: image_id.to_owned(),
                command: spec.process.argv.clone(),
                created: Timestamp::now(),
                tty: spec.process.terminal,
                auto_remove: false,
                labels: std::collections::BTreeMap::new(),
                state: Status::Created,
            },
            spec,
            open_stdin: false,
            stop_signal: "SIGTERM".to_owned(),
            stop_timeout: DEFAULT_STOP_TIMEOUT,
            networks: Vec::new(),
            publish: Vec::new(),
            exposed: Vec::new(),
            stdin_once: false,
            mounts: Vec::new(),
            pid_file: None,
        }
    }
}

/// Marks the few containers whose record says `auto_remove`: who looks for lost ones among a
/// thousand others need not read them all.
const AUTO_REMOVE: &str = "auto-remove";

/// The folder of one container.
#[derive(Debug, Clone)]
pub struct ContainerFolder {
    path: PathBuf,
}

impl ContainerFolder {
    /// Looks at a folder, whether it exists or not.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Returns the folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the writable layer over the given layers, base first.
    pub fn rootfs(&self, lower: Vec<PathBuf>) -> Rootfs {
        Rootfs::Overlay {
            lower,
            upper: self.upper(),
            work: self.path.join("work"),
        }
    }

    /// Returns overlay's upper directory: what the container changed.
    pub fn upper(&self) -> PathBuf {
        self.path.join("upper")
    }

    /// Returns the folder the layers are copied into where there is no overlay.
    pub fn copied(&self) -> PathBuf {
        self.path.join("rootfs")
    }

    /// Returns the end of that path, which stays the same when the store moves.
    pub(super) fn copied_in_store(&self) -> PathBuf {
        Path::new(self.path.file_name().unwrap_or_default()).join("rootfs")
    }

    /// Returns the log file.
    pub fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Reads what was asked for.
    pub fn config(&self) -> Result<ContainerConfig, ContainerError> {
        self.read("config.json")
    }

    /// Reads what it has mounted, and nothing else.
    pub(super) fn mount_points(&self) -> Result<Vec<MountPoint>, ContainerError> {
        #[derive(Deserialize)]
        struct Mounted {
            #[serde(default)]
            mounts: Vec<MountPoint>,
        }
        let mounted: Mounted = self.read("config.json")?;
        Ok(mounted.mounts)
    }

    /// Reads the row of `ps`, corrected when its supervisor is gone.
    pub fn record(&self) -> Result<Record, ContainerError> {
        let record = self.record_as_written()?;
        if !record.state.is_running() {
            return Ok(record);
        }
        let Some(_lock) = self.try_lock()? else {
            return Ok(record);
        };
        // The supervisor may have written the end between the read and the lock.
        self.change_record(|record| {
            if let Status::Running(running) = &record.state
                && running.paused
            {
                thaw_lost(&running.cgroups);
            }
            record.state = record.state.settled(Timestamp::now());
        })
    }

    /// Changes the row of `ps`, and returns it. The supervisor and who gives another name take
    /// turns, so that neither loses what the other wrote.
    pub(super) fn change_record(
        &self,
        change: impl FnOnce(&mut Record),
    ) -> Result<Record, ContainerError> {
        let _turn = self.turn()?;
        let mut record = self.record_as_written()?;
        change(&mut record);
        self.write_record(&record)?;
        Ok(record)
    }

    /// Changes what was asked for; in turns, as above.
    pub fn change_config(
        &self,
        change: impl FnOnce(&mut ContainerConfig),
    ) -> Result<(), ContainerError> {
        let _turn = self.turn()?;
        let mut config = self.config()?;
        change(&mut config);
        self.write_config(&config)
    }

    fn turn(&self) -> Result<File, ContainerError> {
        File::open(&self.path)
            .and_then(|folder| {
                flock(&folder, FlockOperation::LockExclusive)?;
                Ok(folder)
            })
            .map_err(|error| self.error("lock", error))
    }

    /// Replaces the row of `ps`.
    pub(super) fn write_record(&self, record: &Record) -> Result<(), ContainerError> {
        self.write("state.json", record)
    }

    /// Replaces what was asked for, when its rootfs becomes another.
    pub(super) fn write_config(&self, config: &ContainerConfig) -> Result<(), ContainerError> {
        self.write("config.json", config)
    }

    /// Takes the lock that a supervisor holds for its life; none while someone has it.
    pub(super) fn try_lock(&self) -> Result<Option<File>, ContainerError> {
        let path = self.path.join("lock");
        let file = File::open(&path).map_err(|error| self.error("lock", error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(errno) => Err(ContainerError::io("lock", &path)(errno.into())),
        }
    }

    pub(super) fn record_as_written(&self) -> Result<Record, ContainerError> {
        self.read("state.json")
    }

    /// Whether there is such a container.
    pub fn exists(&self) -> bool {
        self.path.join("state.json").exists()
    }

    /// Returns a path to the control socket that fits into the 108 bytes of an address
    /// (unix(7)), whatever the store is called, and the descriptor it leans on.
    pub(super) fn control_socket(&self) -> Result<(OwnedFd, PathBuf), ContainerError> {
        let folder = rustix::fs::open(
            &self.path,
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|errno| self.error("open", errno.into()))?;
        let number = folder.as_raw_fd();
        let path = PathBuf::from(format!("/proc/self/fd/{number}/control.sock"));
        Ok((folder, path))
    }

    /// Makes the folder with all that a new container has.
    pub(super) fn write_new(&self, config: &ContainerConfig) -> Result<(), ContainerError> {
        make_folder(&self.path)?;
        if let Rootfs::Overlay { .. } = config.spec.rootfs {
            make_folder(&self.upper())?;
            make_folder(&self.path.join("work"))?;
        }
        self.create_empty("lock")?;
        if config.record.auto_remove {
            self.create_empty(AUTO_REMOVE)?;
        }
        self.create_json("config.json", config)?;
        self.create_json("state.json", &config.record)
    }

    fn create_empty(&self, name: &str) -> Result<(), ContainerError> {
        let path = self.path.join(name);
        File::create(&path)
            .map(drop)
            .map_err(ContainerError::io("make", &path))
    }

    /// Whether the container is to be removed at its end, without reading its record.
    pub(super) fn is_auto_removed(&self) -> bool {
        self.path.join(AUTO_REMOVE).exists()
    }

    /// Writes a file of a folder that nobody sees yet.
    fn create_json(&self, name: &str, value: &impl Serialize) -> Result<(), ContainerError> {
        let path = self.path.join(name);
        fs::write(&path, to_json(value)).map_err(ContainerError::io("write", &path))
    }

    /// Replaces a file: readers see the old one or the new one, never half of it.
    fn write(&self, name: &str, value: &impl Serialize) -> Result<(), ContainerError> {
        let path = self.path.join(name);
        let replace = || {
            let mut draft = tempfile::Builder::new()
                .prefix(".tmp")
                .tempfile_in(&self.path)?;
            draft.write_all(&to_json(value))?;
            draft.persist(&path)?;
            Ok(())
        };
        replace().map_err(|error| self.error("write", error))
    }

    fn read<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<T, ContainerError> {
        let path = self.path.join(name);
        let bytes = fs::read(&path).map_err(|error| self.error("read", error))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| ContainerError::io("read", &path)(error.into()))
    }

    /// Says what failed; a folder that is not there is a container that is not there.
    pub(super) fn error(&self, what: &'static str, source: io::Error) -> ContainerError {
        if source.kind() == io::ErrorKind::NotFound && !self.path.exists() {
            let name = self.path.file_name().unwrap_or_default();
            return ContainerError::NotFound {
                name: name.to_string_lossy().into_owned(),
            };
        }
        ContainerError::io(what, &self.path)(source)
    }
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(value).expect("records have no maps with odd keys");
    bytes.push(b'\n');
    bytes
}

/// Makes a folder and its parents. A umask of 077 must not lock the container's own users out of
/// their root folder, which overlay takes from `upper`; under any other there is nothing to change,
/// and not changing it spares the file system a transaction.
pub(super) fn make_folder(path: &Path) -> Result<(), ContainerError> {
    let make = || {
        fs::create_dir_all(path)?;
        let mode = fs::metadata(path)?.permissions().mode();
        if mode & 0o777 == 0o755 {
            return Ok(());
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))
    };
    make().map_err(ContainerError::io("make", path))
}
