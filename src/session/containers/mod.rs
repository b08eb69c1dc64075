//! Containers: an image and some options become a container's description; the rest is asked of
//! the runtime.
//!
//! | file | what |
//! |---|---|
//! | `copying` | cp |
//! | `describing` | from image and options to what is run |
//! | `filtering` | `ps --filter` |
//! | `healthy` | how a container is checked |
//! | `id_file` | `--cidfile` |
//! | `updating` | update; what runs after a reboot |
//! | `mounted`, `mount_words` | what is mounted |
//! | `living` | start, attach, stop, restart, pause, ... |
//! | `looking` | inspect, files and changes of a container |

mod copying;
mod describing;
mod filtering;
mod healthy;
mod id_file;
mod living;
mod looking;
mod mount_words;
mod mounted;
mod updating;

use std::io::Write;
use std::path::{Path, PathBuf};

pub use self::copying::{CopyCall, Side};
pub use self::filtering::CONTAINER_FILTERS;
pub use self::healthy::HealthCall;
pub use self::updating::Changes;

use self::id_file::IdFile;
use super::networking::NetworkCall;
use super::worker::Request;
use super::{Result, Session, SessionError, Trouble};
use crate::layers::Image;
use crate::plan::scope::Pairs;
use crate::runtime::attach::{Manner, Outcome, Streams};
use crate::runtime::container_error::ContainerError;
use crate::runtime::containers::{ContainerConfig, Containers};
use crate::runtime::copying::Copying;
use crate::runtime::exec::ExecOptions;
use crate::runtime::launch::Note;
use crate::runtime::log::Show;
use crate::runtime::names::ContainerId;
use crate::runtime::probe::Overlay;
use crate::runtime::remove_tree::remove_tree;
use crate::runtime::restarting::RestartPolicy;
use crate::runtime::start::{Ahead, Attach, StartOptions};
use crate::runtime::state::Record;
use crate::runtime::volumes::Volume;
use crate::runtime::{Mode, Resources};

/// A container as a person asks for it.
#[derive(Debug, Clone, Default)]
pub struct RunCall {
    /// The image, by name or id.
    pub image: String,
    /// The words after the image.
    pub command: Vec<String>,
    /// `--name`.
    pub name: Option<String>,
    /// `-i`.
    pub interactive: bool,
    /// `-t`.
    pub tty: bool,
    /// `-d`.
    pub detach: bool,
    /// `--rm`.
    pub remove: bool,
    /// `-e`, with values.
    pub env: Pairs,
    /// `-w`.
    pub workdir: Option<String>,
    /// `-u`.
    pub user: Option<String>,
    /// `-v`.
    pub volumes: Vec<String>,
    /// `--mount`.
    pub mounts: Vec<String>,
    /// `--tmpfs`.
    pub tmpfs: Vec<String>,
    /// `--volumes-from`.
    pub volumes_from: Vec<String>,
    /// Where paths of this machine begin that are not absolute.
    pub folder: PathBuf,
    /// `--entrypoint`.
    pub entrypoint: Option<String>,
    /// What it is connected to.
    pub network: NetworkCall,
    /// `--hostname`.
    pub hostname: Option<String>,
    /// `--label`.
    pub labels: Pairs,
    /// `--read-only`.
    pub read_only: bool,
    /// `--cap-add`.
    pub cap_add: Vec<String>,
    /// `--cap-drop`.
    pub cap_drop: Vec<String>,
    /// `--memory`, `--cpus`, `--pids-limit`.
    pub resources: Resources,
    /// `--health-*`.
    pub health: HealthCall,
    /// `--restart`.
    pub restart: RestartPolicy,
    /// `--init`.
    pub init: bool,
    /// `--stop-signal`.
    pub stop_signal: Option<String>,
    /// `--stop-timeout`, in seconds.
    pub stop_timeout: Option<i32>,
    /// `--detach-keys` and `--sig-proxy`.
    pub manner: Manner,
    /// `--cidfile`: where the id is written, absolute.
    pub cid_file: Option<PathBuf>,
    /// `--pidfile`: where the host's number of PID 1 is written at every start, absolute.
    pub pid_file: Option<PathBuf>,
    /// TERM of the face, for `-t`.
    pub term: Option<String>,
}

/// A container that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its record as it was made.
    pub record: Record,
    /// What became of it.
    pub outcome: Outcome,
    /// What was done in a lesser way than asked.
    pub notes: Vec<Note>,
}

impl Session {
    pub(super) fn containers(&self) -> Containers {
        Containers::new(self.root())
    }

    pub(super) fn contained(&self, error: &ContainerError) -> Trouble {
        let help = match error {
            ContainerError::Port(port) => self.who_has(port),
            _ => None,
        };
        Trouble::new(error.message(self.language()))
            .with_help(help.or_else(|| error.help(self.language())))
            .with_exit(error.exit_code())
    }

    /// Makes a container and runs it. `streams` is none for `-d`; `own_stdio` tells that the
    /// streams are this process's own.
    pub fn run<'a>(
        &'a self,
        call: &RunCall,
        streams: Option<Streams<'a>>,
        own_stdio: bool,
    ) -> Result<Started> {
        if let Mode::Nothing { reason } = &self.probe().mode {
            let trouble = Trouble::new(reason.message(self.language())).with_exit(125);
            return Err(trouble.with_help(Some(reason.help(self.language()))).into());
        }
        let containers = self.containers();
        let id = ContainerId::generate().map_err(|e| Trouble::system("make an id", &e))?;
        let attach = streams.map(|streams| Attach {
            streams,
            // Without it Ctrl-C ends the watching only; what is started again outlives its watcher.
            owns: call.manner.pass_signals && call.restart.is_no(),
            own_stdio,
            manner: call.manner.clone(),
        });
        let manner = (call.remove, call.tty);
        // One in another's network enters the user namespace of that one; without root so does one in
        // a network that was made.
        let rootful = self.probe().mode == Mode::Rootful;
        let waits = call.network.is_anothers() || (call.network.is_shared() && !rootful);
        let ahead = (!waits)
            .then(|| containers.begin(&id, &self.probe().mode, attach.as_ref(), manner))
            .transpose()
            .map_err(|e| self.contained(&e))?;
        let image = self
            .image_or_base(&call.image)
            .map_err(|error| self.exit_125(error))?;
        let record = self.make(call, id, &image)?;
        let started = self.start(&record.id, attach, ahead, true);
        match started {
            Ok((outcome, notes)) => Ok(Started {
                record,
                outcome,
                notes,
            }),
            Err(error) => {
                if let Some(path) = &call.cid_file {
                    // The container is gone as well.
                    let _ = std::fs::remove_file(path);
                }
                Err(self.exit_125(error))
            }
        }
    }

    /// Makes a container without starting it.
    pub fn create(&self, call: &RunCall) -> Result<Record> {
        let id = ContainerId::generate().map_err(|e| Trouble::system("make an id", &e))?;
        let image = self
            .image_or_base(&call.image)
            .map_err(|error| self.exit_125(error))?;
        self.make(call, id, &image)
    }

    /// Makes a container. Until it is there, nobody may collect its layers.
    fn make(&self, call: &RunCall, id: ContainerId, image: &Image) -> Result<Record> {
        let held = self.store()?.hold();
        // Let go of before anything is started: a process that is forked off would hold on.
        let _held = held.map_err(|e| Trouble::store(&e, self.language()))?;
        let (config, volumes) = self.describe(id, call, image)?;
        let id_file = match &call.cid_file {
            Some(path) => Some(IdFile::reserve(path, self.language())?),
            None => None,
        };
        let record = self
            .create_with(config, &volumes)
            .map_err(|e| self.contained(&e))?;
        if let Some(file) = id_file {
            file.write(&record.id)?;
        }
        Ok(record)
    }

    /// Makes a container and the volumes that it is to have; none of them without the other.
    fn create_with(
        &self,
        config: ContainerConfig,
        wanted: &[Volume],
    ) -> std::result::Result<Record, ContainerError> {
        let containers = self.containers();
        let uses = config.mounts.iter().any(|point| point.name.is_some());
        if !uses {
            return containers.create(config);
        }
        let volumes = containers.volumes();
        let lock = volumes.lock()?;
        let mut made = Vec::new();
        for volume in wanted {
            if volumes.create(volume, &lock)? {
                made.push(&volume.name);
            }
        }
        containers.create(config).inspect_err(|_| {
            for name in &made {
                // They are empty; what stays is collected with the next leftovers.
                if let Ok(Some(tree)) = volumes.take_out(name, &lock) {
                    let _ = remove_tree(&tree);
                }
            }
        })
    }

    /// docker's `run` exits with 125 for everything that is not the program's own fault.
    pub(super) fn exit_125(&self, error: SessionError) -> SessionError {
        match error {
            SessionError::Trouble(trouble) if matches!(trouble.exit, 126 | 127) => trouble.into(),
            SessionError::Trouble(trouble) => trouble.with_exit(125).into(),
            other @ SessionError::Dockerfile { .. } => other,
        }
    }

    pub(super) fn start<'a>(
        &'a self,
        id: &ContainerId,
        attach: Option<Attach<'a>>,
        ahead: Option<Ahead>,
        remove_on_failure: bool,
    ) -> Result<(Outcome, Vec<Note>)> {
        let options = StartOptions {
            mode: &self.probe().mode,
            attach,
            remove_on_failure,
            ahead,
        };
        let copying = Copying {
            at_once: self.probe().overlay == Overlay::None,
            copy: &|config, folder| self.copy_layers(config, folder),
        };
        let started = self
            .containers()
            .start_or_copy(id, options, Some(copying))
            .map_err(|e| self.contained(&e))?;
        Ok((started.outcome, started.notes))
    }

    /// Copies what a container shows into a folder: overlayfs cannot merge it here.
    fn copy_layers(&self, config: &ContainerConfig, folder: &Path) -> Result<(), ContainerError> {
        let failed = |error: SessionError| ContainerError::Io {
            what: "copy the layers into",
            path: folder.to_owned(),
            source: std::io::Error::other(error.message().to_owned()),
        };
        let image = self.find_image(&config.record.image_id).map_err(failed)?;
        let request = Request::CheckOut {
            layers: image.layers,
            upper: self.containers().folder(&config.record.id).upper(),
            folder: folder.to_owned(),
        };
        self.ask(request, None, &mut |_| {}).map_err(failed)
    }

    /// Finds a container by name or id.
    pub fn find_container(&self, name: &str) -> Result<ContainerId> {
        Ok(self
            .containers()
            .find(name)
            .map_err(|e| self.contained(&e))?)
    }

    /// Lists every container, newest first.
    pub fn containers_list(&self) -> Result<Vec<Record>> {
        Ok(self.containers().list().map_err(|e| self.contained(&e))?)
    }

    /// Returns a container's record.
    pub fn container(&self, name: &str) -> Result<Record> {
        let id = self.find_container(name)?;
        let record = self.containers().folder(&id).record();
        Ok(record.map_err(|e| self.contained(&e))?)
    }

    /// Returns everything a container was made with.
    pub fn container_config(&self, name: &str) -> Result<ContainerConfig> {
        let id = self.find_container(name)?;
        let config = self.containers().folder(&id).config();
        Ok(config.map_err(|e| self.contained(&e))?)
    }

    /// Runs one more program in a running container; `streams` is none for `-d`.
    pub fn exec<'a>(
        &'a self,
        call: &ExecCall,
        streams: Option<Streams<'a>>,
        own_stdio: bool,
    ) -> Result<Outcome> {
        let id = self.find_container(&call.container)?;
        let user = match &call.user {
            Some(user) => Some(self.user_in(&call.container, user)?),
            None => None,
        };
        let mut env = call.env.clone();
        if let Some(term) = call.term.as_ref().filter(|_| call.tty) {
            env.insert(0, ("TERM".to_owned(), term.clone()));
        }
        let options = ExecOptions {
            argv: call.command.clone(),
            env,
            user,
            cwd: call.workdir.clone(),
            terminal: call.tty,
            attach: streams.map(|streams| Attach {
                streams,
                owns: true,
                own_stdio,
                manner: call.manner.clone(),
            }),
        };
        Ok(self
            .containers()
            .exec(&id, options)
            .map_err(|e| self.contained(&e))?)
    }

    /// Writes what a container wrote.
    pub fn logs(
        &self,
        name: &str,
        show: Show,
        follow: bool,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Result<()> {
        let id = self.find_container(name)?;
        let logs = self.containers().logs(&id, show, follow, out, err);
        Ok(logs.map_err(|e| self.contained(&e))?)
    }
}

/// A further program in a running container, as a person asks for it.
#[derive(Debug, Clone, Default)]
pub struct ExecCall {
    /// The container, by name or id.
    pub container: String,
    /// The words of the command.
    pub command: Vec<String>,
    /// `-t`.
    pub tty: bool,
    /// `-e`, with values.
    pub env: Pairs,
    /// `-u`.
    pub user: Option<String>,
    /// `-w`.
    pub workdir: Option<String>,
    /// `--detach-keys`.
    pub manner: Manner,
    /// TERM of the face, for `-t`.
    pub term: Option<String>,
}
