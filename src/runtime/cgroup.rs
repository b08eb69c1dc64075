//! Limits through control groups, made only for a container that asks for one. Version 2 is one
//! tree, version 1 a tree per controller; both are folders and small files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::failure::{LaunchError, NoLimit, Note};
use super::probe::{self, Cgroups};
use super::spec::Resources;

/// A container's control groups; none when it has no limit. Removed when dropped.
#[derive(Debug, Default)]
pub struct Cgroup {
    folders: Vec<PathBuf>,
    notes: Vec<Note>,
}

/// One file to write for a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    controller: &'static str,
    file: &'static str,
    value: String,
    /// Left out where the kernel has no such file.
    optional: bool,
}

const ROOT: &str = "/sys/fs/cgroup";

/// How long a slice of processor time is, in microseconds; docker's choice.
const PERIOD: u32 = 100_000;

impl Cgroup {
    /// Makes the groups for limits and sets them.
    pub(super) fn make(resources: &Resources) -> Result<Self, LaunchError> {
        let asked =
            resources.memory.is_some() || resources.pids.is_some() || resources.cpus.is_some();
        if asked {
            Self::make_in(resources, probe::cgroups())
        } else {
            Ok(Self::default())
        }
    }

    fn make_in(resources: &Resources, cgroups: Cgroups) -> Result<Self, LaunchError> {
        let mut cgroup = Self::default();
        let settings = settings(resources, cgroups);
        for controller in controllers(&settings) {
            let of_it = settings
                .iter()
                .filter(|setting| setting.controller == controller);
            if let Err(no) = cgroup.limit(controller, of_it, cgroups) {
                if !resources.best_effort {
                    return Err(LaunchError::NoLimit(no));
                }
                cgroup.notes.push(Note::NoLimit(no));
            }
        }
        Ok(cgroup)
    }

    /// Puts a process into the groups, before it has children.
    pub(super) fn add(&self, pid: u32) -> Result<(), LaunchError> {
        for folder in &self.folders {
            fs::write(folder.join("cgroup.procs"), pid.to_string())
                .map_err(|error| LaunchError::NoLimit(refused("cgroup", &error)))?;
        }
        Ok(())
    }

    /// Returns the limits that were left out.
    pub(super) fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Returns the groups' folders: one with version 2, one per controller with version 1.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Returns the folders, to add one that is removed with the others.
    pub(super) fn folders_mut(&mut self) -> &mut Vec<PathBuf> {
        &mut self.folders
    }

    fn limit<'a>(
        &mut self,
        controller: &str,
        settings: impl Iterator<Item = &'a Setting>,
        cgroups: Cgroups,
    ) -> Result<(), NoLimit> {
        let parent = parent(controller, cgroups).ok_or_else(|| NoLimit {
            controller: controller.to_owned(),
            errno: None,
        })?;
        let folder = self
            .folder(&parent, cgroups)
            .map_err(|error| refused(controller, &error))?;
        for setting in settings {
            match fs::write(folder.join(setting.file), &setting.value) {
                Err(_) if setting.optional => {}
                answer => answer.map_err(|error| refused(controller, &error))?,
            }
        }
        Ok(())
    }

    /// Makes a new group below `parent`; with version 2 the one there is.
    fn folder(&mut self, parent: &Path, cgroups: Cgroups) -> io::Result<PathBuf> {
        if let (Cgroups::V2, Some(folder)) = (cgroups, self.folders.first()) {
            return Ok(folder.clone());
        }
        if cgroups == Cgroups::V2 {
            // Refused where they are on already and not ours to change; then the files tell.
            let _ = fs::write(parent.join("cgroup.subtree_control"), "+memory +pids +cpu");
        }
        let folder = parent.join(unique_name());
        fs::create_dir(&folder)?;
        self.folders.push(folder.clone());
        Ok(folder)
    }
}

/// Changes the limits of a container that runs, in the groups that it has.
pub(crate) fn change(
    folders: &[PathBuf],
    resources: &Resources,
    without_pids_limit: bool,
) -> io::Result<()> {
    let mut settings = settings(resources, probe::cgroups());
    if without_pids_limit {
        settings.push(Setting {
            controller: "pids",
            file: "pids.max",
            value: "max".to_owned(),
            optional: false,
        });
    }
    // A limit on memory and swap together has to stay above that on memory, so it is raised first
    // and lowered last: what is refused the first time may be taken the second.
    let mut refused = Vec::new();
    for setting in settings.iter().chain(&settings) {
        let mut places = folders.iter().map(|folder| folder.join(setting.file));
        let answer = match places.find(|place| place.exists()) {
            Some(place) => fs::write(place, &setting.value),
            None if setting.optional => Ok(()),
            None => Err(io::Error::other(format!(
                "it was started without a limit of {}",
                setting.controller
            ))),
        };
        refused.retain(|(file, _)| *file != setting.file);
        if let Err(error) = answer
            && !setting.optional
        {
            refused.push((setting.file, error));
        }
    }
    match refused.pop() {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for folder in &self.folders {
            // What can't be removed is empty and harmless, and nobody is there to be told.
            let _ = fs::remove_dir(folder);
        }
    }
}

fn refused(controller: &str, error: &io::Error) -> NoLimit {
    let errno = error.raw_os_error().unwrap_or(nix::libc::EIO);
    NoLimit {
        controller: controller.to_owned(),
        errno: Some(errno),
    }
}

pub(super) fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("strata-{}-{count}", std::process::id())
}

/// Returns the group to make ours in. With version 1 it is the one this process is in. With
/// version 2 a group that has processes can't have children with controllers, so it is the one
/// above, which is a systemd user's own; root uses the top.
fn parent(controller: &str, cgroups: Cgroups) -> Option<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let root = Path::new(ROOT);
    match cgroups {
        Cgroups::None => None,
        Cgroups::V1 => {
            let path = own_path(&own, controller)?;
            Some(root.join(controller).join(path.trim_start_matches('/')))
        }
        Cgroups::V2 => {
            let path = own_path(&own, "")?;
            let above = root.join(path.trim_start_matches('/')).parent()?.to_owned();
            let writable = rustix::fs::access(root, rustix::fs::Access::WRITE_OK).is_ok();
            Some(if writable { root.to_owned() } else { above })
        }
    }
    .filter(|folder| folder.is_dir())
}

/// Returns the groups that this process is in and that can have groups below that can be frozen,
/// better ones first. A machine with version 1 may have the tree of version 2 beside it.
pub(super) fn freezers() -> Vec<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let trees = [
        (ROOT, "", "cgroup.controllers"),
        ("/sys/fs/cgroup/unified", "", "cgroup.controllers"),
        ("/sys/fs/cgroup/freezer", "freezer", "cgroup.procs"),
    ];
    let usable = |(root, controller, mark)| {
        let root = Path::new(root);
        let path = own_path(&own, controller)?;
        let folder = root.join(path.trim_start_matches('/'));
        (root.join::<&str>(mark).exists() && folder.is_dir()).then_some(folder)
    };
    trees.into_iter().filter_map(usable).collect()
}

/// Reads `/proc/self/cgroup` (cgroups(7)): lines of number, controllers, path.
fn own_path<'a>(text: &'a str, controller: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let mut words = line.splitn(3, ':').skip(1);
        let controllers = words.next()?;
        let path = words.next()?;
        controllers
            .split(',')
            .any(|one| one == controller)
            .then_some(path)
    })
}

fn controllers(settings: &[Setting]) -> Vec<&'static str> {
    let mut names: Vec<_> = settings.iter().map(|setting| setting.controller).collect();
    names.dedup();
    names
}

/// Returns what to write where, one controller after another.
fn settings(resources: &Resources, cgroups: Cgroups) -> Vec<Setting> {
    let v1 = cgroups == Cgroups::V1;
    let mut settings = Vec::new();
    let mut set = |controller, file, value: String, optional| {
        settings.push(Setting {
            controller,
            file,
            value,
            optional,
        });
    };
    if let Some(bytes) = resources.memory {
        // As docker: as much swap again.
        if v1 {
            set("memory", "memory.limit_in_bytes", bytes.to_string(), false);
            let both = bytes.saturating_mul(2).to_string();
            set("memory", "memory.memsw.limit_in_bytes", both, true);
        } else {
            set("memory", "memory.max", bytes.to_string(), false);
            set("memory", "memory.swap.max", bytes.to_string(), true);
        }
    }
    if let Some(count) = resources.pids {
        set("pids", "pids.max", count.to_string(), false);
    }
    if let Some(cpus) = resources.cpus {
        let quota = (cpus * f64::from(PERIOD)).round();
        if v1 {
            set("cpu", "cpu.cfs_period_us", PERIOD.to_string(), false);
            set("cpu", "cpu.cfs_quota_us", quota.to_string(), false);
        } else {
            set("cpu", "cpu.max", format!("{quota} {PERIOD}"), false);
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(cgroups: Cgroups) -> Vec<(&'static str, String)> {
        let resources = Resources {
            memory: Some(1 << 20),
            cpus: Some(1.5),
            pids: Some(10),
            ..Resources::default()
        };
        let settings = settings(&resources, cgroups).into_iter();
        settings
            .filter(|one| !one.optional)
            .map(|one| (one.file, one.value))
            .collect()
    }

    #[test]
    fn version_2_has_one_file_per_limit() {
        let expected = [
            ("memory.max", "1048576"),
            ("pids.max", "10"),
            ("cpu.max", "150000 100000"),
        ];
        assert_eq!(
            files(Cgroups::V2),
            expected.map(|(file, value)| (file, value.to_owned()))
        );
    }

    #[test]
    fn version_1_sets_period_and_quota_apart() {
        let expected = [
            ("memory.limit_in_bytes", "1048576"),
            ("pids.max", "10"),
            ("cpu.cfs_period_us", "100000"),
            ("cpu.cfs_quota_us", "150000"),
        ];
        assert_eq!(
            files(Cgroups::V1),
            expected.map(|(file, value)| (file, value.to_owned()))
        );
    }

    #[test]
    fn the_own_group_is_found_by_controller() {
        let text = "4:cpu,cpuacct:/a\n2:pids:/b\n0::/c\n";
        assert_eq!(own_path(text, "cpu"), Some("/a"));
        assert_eq!(own_path(text, ""), Some("/c"));
        assert_eq!(own_path(text, "memory"), None);
    }

    #[test]
    fn a_limit_without_a_place_is_refused_unless_best_effort() {
        let mut resources = Resources {
            pids: Some(5),
            ..Resources::default()
        };
        let no = NoLimit {
            controller: "pids".to_owned(),
            errno: None,
        };
        let error = Cgroup::make_in(&resources, Cgroups::None).unwrap_err();
        assert_eq!(error, LaunchError::NoLimit(no.clone()));
        resources.best_effort = true;
        let cgroup = Cgroup::make_in(&resources, Cgroups::None).unwrap();
        assert_eq!(cgroup.notes(), [Note::NoLimit(no)]);
    }
}
