//! The mounts of a RUN: from what the plan says to what the runtime mounts.
//!
//! What a bind shows is merged from layers, with an upper folder that is thrown away; files of the
//! context become a layer for that, as if they were copied. Secrets never touch the disk.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::agent::AgentSocket;
use super::cache_mount::CacheFolder;
use super::error::BuildError;
use super::mount_error::MountError;
use super::room::{is_copying, make_folder};
use super::run::Workplace;
use super::shown::{Files, Part, fill, owner, shown_layers};
use super::supplies::Supplies;
use crate::layers::{Follow, ScratchDir};
use crate::plan::{Access, RunMount, RunMountSource, RunStep, Shown};
use crate::runtime::{Content, IdMode, MergedLayers, Mount, MountSource};

/// What the mounts of a step are made of.
#[derive(Clone, Copy)]
pub struct Supply<'a> {
    /// For each mount that shows files, in their order.
    pub files: &'a [Files],
    /// Secrets and agents.
    pub supplies: &'a Supplies,
}

/// The mounts of one step, and what has to stay while it runs.
pub struct StepMounts {
    /// For the runtime, in order.
    pub mounts: Vec<Mount>,
    /// Where they are in the rootfs, relative to its root and without links.
    pub points: Vec<PathBuf>,
    variables: Vec<(String, String)>,
    supplies: Supplies,
    scratch: Vec<ScratchDir>,
    agents: Vec<AgentSocket>,
    caches: BTreeMap<usize, CacheFolder>,
}

/// Tells programs where the agent's socket is.
const AGENT_VARIABLE: &str = "SSH_AUTH_SOCK";

impl StepMounts {
    /// Gets everything ready. Waits for caches that another step has locked.
    pub fn prepare(place: &Workplace<'_>, step: &RunStep) -> Result<Self, BuildError> {
        let mut ready = Self {
            mounts: Vec::new(),
            points: Vec::new(),
            variables: Vec::new(),
            supplies: place.supply.supplies.clone(),
            scratch: Vec::new(),
            agents: Vec::new(),
            caches: BTreeMap::new(),
        };
        let mut files = place.supply.files.iter();
        let with_files = |mount| {
            let shown = RunMount::shown(mount);
            (mount, shown.and_then(|shown| Some((shown, files.next()?))))
        };
        let mounts: Vec<_> = step.mounts.iter().map(with_files).collect();
        ready.caches = hold_caches(place, &mounts)?;
        for (index, (mount, shown)) in mounts.into_iter().enumerate() {
            ready.add(place, index, mount, shown)?;
        }
        Ok(ready)
    }

    fn add(
        &mut self,
        place: &Workplace<'_>,
        index: usize,
        mount: &RunMount,
        shown: Option<(&Shown, &Files)>,
    ) -> Result<(), BuildError> {
        let source = match &mount.source {
            RunMountSource::Bind(_) => {
                let (shown, files) = shown.expect("a bind shows files");
                Some(self.bind(place, shown, files)?)
            }
            RunMountSource::Cache { .. } => Some(MountSource::Bind(self.caches[&index].tree())),
            RunMountSource::Tmpfs { size } => Some(MountSource::Memory { size: *size }),
            RunMountSource::Secret {
                id,
                env,
                required,
                access,
            } => self.secret(id, env.as_deref(), *required, place.ids, *access)?,
            RunMountSource::Ssh {
                id,
                required,
                access,
            } => self.agent(place, mount, id, *required, *access)?,
        };
        if let (Some(source), Some(target)) = (source, &mount.target) {
            // Where that leads nowhere, mounting will say so.
            if let Ok(resolved) = place.below.resolve(target, Follow::Yes) {
                self.points.push(resolved.path.as_path().to_owned());
            }
            self.mounts.push(Mount {
                source,
                target: target.clone(),
                read_only: mount.read_only,
            });
        }
        Ok(())
    }

    fn bind(
        &mut self,
        place: &Workplace<'_>,
        shown: &Shown,
        files: &Files,
    ) -> Result<MountSource, BuildError> {
        let Part { stack, path } = shown_layers(place, shown, files)?;
        let scratch = place.store.scratch()?;
        let part = |name: &str| scratch.path().join(name);
        let source = if is_copying() {
            place.store.check_out(&stack, &part("copy"))?;
            MountSource::Bind(part("copy").join(path))
        } else {
            let (upper, work) = (part("upper"), part("work"));
            for folder in [&upper, &work] {
                make_folder(folder).map_err(system)?;
            }
            MountSource::Layers(MergedLayers {
                lower: stack.lower_dirs(),
                upper,
                work,
                path,
            })
        };
        self.scratch.push(scratch);
        Ok(source)
    }

    fn secret(
        &mut self,
        id: &str,
        env: Option<&str>,
        required: bool,
        ids: IdMode,
        access: Access,
    ) -> Result<Option<MountSource>, BuildError> {
        let Some(secret) = self.supplies.secret(id) else {
            let missing = MountError::NoSecret { id: id.to_owned() };
            return if required {
                Err(missing.into())
            } else {
                Ok(None)
            };
        };
        if let Some(name) = env {
            let value = String::from_utf8(secret.value.clone());
            let value = value.ok().filter(|value| !value.contains('\0'));
            let value = value.ok_or_else(|| MountError::NoText { id: id.to_owned() })?;
            self.variables.push((name.to_owned(), value));
        }
        Ok(Some(MountSource::Content(Content {
            bytes: secret.value.clone(),
            mode: access.mode,
            owner: owner(access, ids),
        })))
    }

    fn agent(
        &mut self,
        place: &Workplace<'_>,
        mount: &RunMount,
        id: &str,
        required: bool,
        access: Access,
    ) -> Result<Option<MountSource>, BuildError> {
        let Some(agent) = self.supplies.agent(id) else {
            let missing = MountError::NoAgent { id: id.to_owned() };
            return if required {
                Err(missing.into())
            } else {
                Ok(None)
            };
        };
        let is_first = !self
            .variables
            .iter()
            .any(|(name, _)| name == AGENT_VARIABLE);
        if let Some(target) = mount.target.as_ref().filter(|_| is_first) {
            let variable = (AGENT_VARIABLE.to_owned(), target.clone());
            self.variables.push(variable);
        }
        let (folder, owner) = (place.store.scratch()?, owner(access, place.ids));
        let socket = AgentSocket::new(folder, &agent.socket, access.mode, owner);
        let socket = socket.map_err(system)?;
        let path = socket.path().to_owned();
        self.agents.push(socket);
        Ok(Some(MountSource::Bind(path)))
    }

    /// Adds what mounts put into the environment. An image that sets the agent's variable keeps it.
    pub fn environment(&self, mut env: Vec<(String, String)>) -> Vec<(String, String)> {
        for (name, value) in &self.variables {
            let is_set = env.iter().any(|(known, _)| known == name);
            if name != AGENT_VARIABLE || !is_set {
                crate::plan::scope::set(&mut env, name, value);
            }
        }
        env
    }

    /// Returns a line of output as it may be kept.
    pub fn hide(&self, line: &str) -> String {
        self.supplies.hide(line)
    }
}

/// Takes hold of every cache of a step: in the order of their names, so that no two steps wait for
/// each other.
fn hold_caches(
    place: &Workplace<'_>,
    mounts: &[(&RunMount, Option<(&Shown, &Files)>)],
) -> Result<BTreeMap<usize, CacheFolder>, BuildError> {
    let mut wanted = Vec::new();
    for (index, (mount, shown)) in mounts.iter().enumerate() {
        if let RunMountSource::Cache {
            id,
            sharing,
            access,
            ..
        } = &mount.source
        {
            let begin = shown.map(|(shown, files)| shown_layers(place, shown, files));
            let begin = begin.transpose()?;
            let begins_with = begin.as_ref();
            let begins_with = begins_with.map(|it| (it.stack.layers(), it.path.as_path()));
            let name = CacheFolder::name(id, begins_with);
            wanted.push((name, index, *sharing, *access, begin));
        }
    }
    wanted.sort_by(|one, other| one.0.cmp(&other.0));
    let root = place.store.root().join(CacheFolder::PLACE);
    let mut held: BTreeMap<usize, CacheFolder> = BTreeMap::new();
    for (name, index, sharing, access, begin) in wanted {
        let same = held.values().find(|known| known.is(&name));
        let folder = match same {
            Some(known) => known.again(),
            None => CacheFolder::hold(&root, &name, sharing, place.stop, &mut |tree| {
                fill(place, tree, begin.as_ref(), access)
            })?,
        };
        held.insert(index, folder);
    }
    Ok(held)
}

pub(super) fn system(source: std::io::Error) -> BuildError {
    BuildError::System {
        doing: "prepare a mount of the step",
        source,
    }
}
