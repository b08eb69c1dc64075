//! The life of a container that exists: start, attach, stop, restart, kill, pause, wait, rename,
//! remove.

use crate::runtime::attach::{Manner, Outcome, Streams};
use crate::runtime::container_error::ContainerError;
use crate::runtime::manage::Stop;
use crate::runtime::names::ContainerId;
use crate::runtime::signals::signal_number;
use crate::runtime::start::Attach;
use crate::session::{Result, Session, Trouble};

impl Session {
    /// Starts a stopped container; with streams it waits for its end. One that runs is fine, and
    /// is attached to.
    pub fn start_container<'a>(
        &'a self,
        name: &str,
        watch: Option<(Streams<'a>, Manner)>,
    ) -> Result<Outcome> {
        let id = self.find_container(name)?;
        let state = self.container(name)?.state;
        if state.is_paused() {
            return Err(self.contained(&ContainerError::StartPaused).into());
        }
        if state.is_running() {
            return match watch {
                Some((streams, manner)) => self.attach_to(&id, streams, manner),
                None => Ok(Outcome::Started),
            };
        }
        let attach = watch.map(|(streams, manner)| Attach {
            streams,
            owns: false,
            own_stdio: false,
            manner,
        });
        Ok(self.start(&id, attach, None, false)?.0)
    }

    /// Watches a running container, and types into it where it reads.
    pub fn attach_container(
        &self,
        name: &str,
        streams: Streams<'_>,
        manner: Manner,
    ) -> Result<Outcome> {
        self.attach_to(&self.find_container(name)?, streams, manner)
    }

    fn attach_to(
        &self,
        id: &ContainerId,
        mut streams: Streams<'_>,
        manner: Manner,
    ) -> Result<Outcome> {
        let containers = self.containers();
        let config = containers.folder(id).config();
        if !config.map_err(|e| self.contained(&e))?.open_stdin {
            // Nobody would read it.
            streams.stdin = None;
        }
        let attached = containers.attach(id, streams, manner);
        Ok(attached.map_err(|e| self.contained(&e))?)
    }

    /// Stops a container: its stop signal, then SIGKILL after a while.
    pub fn stop_container(&self, name: &str, how: &Stop) -> Result<()> {
        let id = self.find_container(name)?;
        self.done(self.containers().stop(&id, how))
    }

    /// Stops a container if it runs, and starts it. It is not removed in between, even if that is
    /// to happen at its end.
    pub fn restart_container(&self, name: &str, how: &Stop) -> Result<()> {
        let id = self.find_container(name)?;
        let how = Stop {
            keep: true,
            ..how.clone()
        };
        self.done(self.containers().stop(&id, &how))?;
        self.start(&id, None, None, false).map(drop)
    }

    /// Sends a signal to a container.
    pub fn kill_container(&self, name: &str, signal: &str) -> Result<()> {
        let id = self.find_container(name)?;
        let number = signal_number(signal).map_err(|e| self.contained(&e))?;
        self.done(self.containers().kill(&id, number))
    }

    /// Lets every process of a container rest.
    pub fn pause_container(&self, name: &str) -> Result<()> {
        let id = self.find_container(name)?;
        self.done(self.containers().pause(&id))
    }

    /// Lets the processes of a container go on.
    pub fn unpause_container(&self, name: &str) -> Result<()> {
        let id = self.find_container(name)?;
        self.done(self.containers().unpause(&id))
    }

    /// Gives a container another name.
    pub fn rename_container(&self, name: &str, new: &str) -> Result<()> {
        if name.is_empty() || new.is_empty() {
            return Err(Trouble::new(empty_name(self.language())).into());
        }
        let id = self.find_container(name)?;
        let renamed = self.containers().rename(&id, new);
        // Elsewhere a name that cannot be had keeps a container from starting: exit code 125.
        Ok(renamed.map_err(|e| self.contained(&e).with_exit(1))?)
    }

    /// Waits for a container's end and returns its exit code.
    pub fn wait_container(&self, name: &str) -> Result<i32> {
        let id = self.find_container(name)?;
        self.done(self.containers().wait(&id))
    }

    /// Removes a container, and with `volumes` those of its volumes that have no name.
    pub fn remove_container(&self, name: &str, force: bool, volumes: bool) -> Result<()> {
        let id = self.find_container(name)?;
        let containers = self.containers();
        let points = if volumes {
            self.done(containers.folder(&id).config())?.mounts
        } else {
            Vec::new()
        };
        let tree = self.done(containers.remove(&id, force))?;
        let mut trees: Vec<_> = tree.into_iter().collect();
        trees.extend(self.done(containers.take_out_anonymous(&points))?);
        self.remove_trees(trees)
    }

    fn done<T>(&self, answer: std::result::Result<T, ContainerError>) -> Result<T> {
        Ok(answer.map_err(|error| self.contained(&error))?)
    }
}

crate::messages! {
    empty_name() {
        en: "Neither old nor new names may be empty",
        ko: "Neither old nor new names may be empty: 이름을 비워 둘 수 없습니다",
    }
}
