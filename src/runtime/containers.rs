//! The containers of a store, as records on disk.
//!
//! ```text
//! ROOT/containers/names/<name>        a link to the id; making it is what reserves a name
//! ROOT/containers/<64 hex id>/
//!     config.json    what was asked for; only `copying` changes it
//!     state.json     one row of `ps` and the status; small, replaced whole
//!     log            what it wrote (json-file)
//!     upper/ work/   overlay's writable layer
//!     rootfs/        the layers, copied, where there is no overlayfs
//!     lock           locked by the supervisor as long as it lives
//!     control.sock   where the supervisor listens
//! ```

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

pub use super::container_folder::{ContainerConfig, ContainerFolder, DEFAULT_STOP_TIMEOUT};

use super::container_error::ContainerError;
use super::container_folder::make_folder;
use super::names::{ContainerId, generate_name, is_id_prefix, is_valid_name};
use super::records;
use super::state::Record;

/// The containers of one store.
#[derive(Debug, Clone)]
pub struct Containers {
    root: PathBuf,
    folder: PathBuf,
}

impl Containers {
    /// Looks at the containers of the store at `root`. Nothing is read or made yet.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            folder: root.join("containers"),
        }
    }

    /// Returns the root of the store.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of a container, whether it exists or not.
    pub fn folder(&self, id: &ContainerId) -> ContainerFolder {
        ContainerFolder::new(self.folder.join(id.as_str()))
    }

    /// Creates a container and returns its record, with the name it got.
    pub fn create(&self, config: ContainerConfig) -> Result<Record, ContainerError> {
        let mut config = config;
        let given = std::mem::take(&mut config.record.name);
        // docker's names begin with a slash that nobody types, and that is allowed.
        let given = given.strip_prefix('/').map_or(given.clone(), str::to_owned);
        if !given.is_empty() && !is_valid_name(&given) {
            return Err(ContainerError::BadName { name: given });
        }
        let id = config.record.id.clone();
        make_folder(&self.names())?;
        let _lock = self.lock_names()?;
        config.record.name = self.free_name(given)?;
        // Written under a name that no one lists and then renamed: it is there whole or not at all.
        let draft = ContainerFolder::new(self.folder.join(format!(".new-{id}")));
        draft.write_new(&config)?;
        self.link_name(&config.record.name, &id)?;
        let folder = self.folder(&id);
        fs::rename(draft.path(), folder.path())
            .map_err(ContainerError::io("make", folder.path()))?;
        Ok(config.record)
    }

    /// Finds a container by its id, its name or the start of its id, in this order.
    pub fn find(&self, name: &str) -> Result<ContainerId, ContainerError> {
        let not_found = || ContainerError::NotFound {
            name: name.to_owned(),
        };
        if let Some(id) = ContainerId::parse(name).filter(|id| self.folder(id).exists()) {
            return Ok(id);
        }
        let bare = name.strip_prefix('/').unwrap_or(name);
        if let Some(id) = self.holder(bare) {
            return Ok(id);
        }
        if !is_id_prefix(name) {
            return Err(not_found());
        }
        let mut ids = self
            .ids()?
            .into_iter()
            .filter(|id| id.as_str().starts_with(name));
        let id = ids.next().ok_or_else(not_found)?;
        match ids.next() {
            None => Ok(id),
            Some(_) => Err(ContainerError::Ambiguous {
                prefix: name.to_owned(),
            }),
        }
    }

    /// Returns every container, newest first. A record that claims to run although its
    /// supervisor is gone is corrected, here and on disk.
    pub fn list(&self) -> Result<Vec<Record>, ContainerError> {
        let ids = self.ids()?;
        let rows = records::read_all(&self.folder, &ids);
        let mut rows = rows.unwrap_or_default().into_iter();
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            let row = rows.next().flatten();
            let ended = row.filter(|record| !record.state.is_running());
            // Who claims to run is looked at closely, and may be removed by someone meanwhile.
            match ended.map_or_else(|| self.folder(&id).record(), Ok) {
                Ok(record) => records.push(record),
                Err(ContainerError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        records.sort_unstable_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(records)
    }

    /// Gives a container another name.
    pub fn rename(&self, id: &ContainerId, name: &str) -> Result<(), ContainerError> {
        let name = name.strip_prefix('/').unwrap_or(name);
        if !is_valid_name(name) {
            return Err(ContainerError::BadName {
                name: name.to_owned(),
            });
        }
        let _lock = self.lock_names()?;
        if self.folder(id).record_as_written()?.name == name {
            return Err(ContainerError::SameName);
        }
        let name = self.free_name(name.to_owned())?;
        self.link_name(&name, id)?;
        let mut old = name.clone();
        self.folder(id)
            .change_record(|record| old = std::mem::replace(&mut record.name, name))?;
        self.unlink_name(&old)
    }

    /// Takes a container out of the list at once: its name is free, its folder is renamed. The
    /// returned tree is still to be removed ([`remove_tree`](super::remove_tree::remove_tree)),
    /// from inside the user namespace where its files belong to several ids.
    pub fn take_out(&self, id: &ContainerId) -> Result<PathBuf, ContainerError> {
        let folder = self.folder(id);
        let name = folder.record_as_written().map(|record| record.name);
        let grave = self.folder.join(format!(".gone-{id}"));
        fs::rename(folder.path(), &grave).map_err(|error| folder.error("remove", error))?;
        if let Ok(name) = name {
            let _lock = self.lock_names()?;
            self.unlink_name(&name)?;
        }
        Ok(grave)
    }

    /// Returns the trees that a crash left half made or half removed, for `remove_tree`. A draft
    /// that another process is making right now is not among them.
    pub fn leftovers(&self) -> Result<Vec<PathBuf>, ContainerError> {
        if !self.names().exists() {
            return Ok(Vec::new());
        }
        let _lock = self.lock_names()?;
        self.entries(|name| {
            let is_left = name.starts_with(".new-") || name.starts_with(".gone-");
            is_left.then(|| self.folder.join(name))
        })
    }

    /// Returns the containers that were to be removed at their end but whose supervisor was
    /// killed before it could.
    pub fn lost(&self) -> Result<Vec<ContainerId>, ContainerError> {
        let mut ids = self.ids()?;
        ids.retain(|id| {
            let folder = self.folder(id);
            folder.is_auto_removed() && folder.record().is_ok_and(|it| it.state.is_lost())
        });
        Ok(ids)
    }

    pub(super) fn ids(&self) -> Result<Vec<ContainerId>, ContainerError> {
        self.entries(ContainerId::parse)
    }

    /// Returns what `of` makes of each name in the folder.
    fn entries<T>(&self, of: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, ContainerError> {
        let read = || -> io::Result<Vec<T>> {
            let mut found = Vec::new();
            let entries = match fs::read_dir(&self.folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
                other => other?,
            };
            for entry in entries {
                found.extend(of(&entry?.file_name().to_string_lossy()));
            }
            Ok(found)
        };
        read().map_err(ContainerError::io("read", &self.folder))
    }

    fn names(&self) -> PathBuf {
        self.folder.join("names")
    }

    /// Making, renaming and removing take turns; the lock goes with the process.
    fn lock_names(&self) -> Result<File, ContainerError> {
        let path = self.names();
        let lock = || {
            let file = File::open(&path)?;
            flock(&file, FlockOperation::LockExclusive)?;
            Ok(file)
        };
        lock().map_err(ContainerError::io("lock", &path))
    }

    /// Returns who has a name. A link whose container is gone holds nothing.
    pub(super) fn holder(&self, name: &str) -> Option<ContainerId> {
        let valid = is_valid_name(name).then_some(name)?;
        let target = fs::read_link(self.names().join(valid)).ok()?;
        let id = ContainerId::parse(target.file_name()?.to_str()?)?;
        self.folder(&id).exists().then_some(id)
    }

    fn free_name(&self, given: String) -> Result<String, ContainerError> {
        if !given.is_empty() {
            return match self.holder(&given) {
                None => Ok(given),
                Some(holder) => Err(ContainerError::NameTaken {
                    name: given,
                    holder,
                }),
            };
        }
        for attempt in 0.. {
            let name = generate_name(attempt)
                .map_err(ContainerError::io("read", Path::new("/dev/urandom")))?;
            if self.holder(&name).is_none() {
                return Ok(name);
            }
        }
        unreachable!("the loop only ends with a free name")
    }

    fn link_name(&self, name: &str, id: &ContainerId) -> Result<(), ContainerError> {
        self.unlink_name(name)?;
        let link = self.names().join(name);
        let target = Path::new("..").join(id.as_str());
        std::os::unix::fs::symlink(target, &link).map_err(ContainerError::io("make", &link))
    }

    fn unlink_name(&self, name: &str) -> Result<(), ContainerError> {
        let link = self.names().join(name);
        match fs::remove_file(&link) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ContainerError::io("remove", &link)(error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::spec::{IdMode, Rootfs, Spec};
    use super::super::state::Running;
    use super::*;
    use jiff::Timestamp;

    struct Fixture {
        _root: tempfile::TempDir,
        containers: Containers,
    }

    fn fixture() -> Fixture {
        let root = tempfile::tempdir().unwrap();
        let containers = Containers::new(root.path());
        Fixture {
            _root: root,
            containers,
        }
    }

    impl Fixture {
        fn create(&self, byte: u8, name: &str) -> Result<Record, ContainerError> {
            self.containers.create(self.config(byte, name))
        }

        fn config(&self, byte: u8, name: &str) -> ContainerConfig {
            let id = ContainerId::from_bytes([byte; 32]);
            let rootfs = self.containers.folder(&id).rootfs(vec!["/lower".into()]);
            let spec = Spec::new(rootfs, vec!["true".into()], IdMode::Many);
            let mut config = ContainerConfig::new(id, "img", "sha256:1", spec);
            config.record.name = name.to_owned();
            config
        }
    }

    fn running() -> Running {
        Running {
            supervisor: 1,
            init: 2,
            started: Timestamp::UNIX_EPOCH,
            cgroups: Vec::new(),
            endpoints: Vec::new(),
            published: Vec::new(),
            exposed: Vec::new(),
            paused: false,
        }
    }

    #[test]
    fn a_created_container_is_found_by_id_name_and_prefix() {
        let fixture = fixture();
        let record = fixture.create(0xab, "web").unwrap();
        for name in [record.id.as_str(), "web", "/web", "ab", record.id.short()] {
            assert_eq!(fixture.containers.find(name).unwrap(), record.id, "{name}");
        }
        for name in ["abc", "zz", "", "../x", "wеb"] {
            let found = fixture.containers.find(name);
            assert!(
                matches!(found, Err(ContainerError::NotFound { .. })),
                "{name}: {found:?}"
            );
        }
    }

    #[test]
    fn a_prefix_of_two_ids_is_ambiguous() {
        let fixture = fixture();
        for last in [1, 2] {
            let mut bytes = [0xab; 32];
            bytes[31] = last;
            let id = ContainerId::from_bytes(bytes);
            let spec = Spec::new(Rootfs::Folder("/".into()), vec![], IdMode::Many);
            fixture
                .containers
                .create(ContainerConfig::new(id, "img", "", spec))
                .unwrap();
        }
        assert!(matches!(
            fixture.containers.find("abab"),
            Err(ContainerError::Ambiguous { .. })
        ));
    }

    #[test]
    fn a_name_is_taken_until_its_container_is_gone() {
        let fixture = fixture();
        let first = fixture.create(1, "web").unwrap();
        let taken = fixture.create(2, "web").unwrap_err();
        assert!(
            matches!(&taken, ContainerError::NameTaken { holder, .. } if *holder == first.id),
            "{taken:?}"
        );
        fixture.containers.take_out(&first.id).unwrap();
        assert_eq!(fixture.create(3, "web").unwrap().name, "web");
    }

    #[test]
    fn a_refused_container_leaves_nothing_behind() {
        let fixture = fixture();
        fixture.create(1, "web").unwrap();
        fixture.create(2, "web").unwrap_err();
        fixture.create(3, "w").unwrap_err();
        assert_eq!(fixture.containers.list().unwrap().len(), 1);
        assert_eq!(
            fixture.containers.leftovers().unwrap(),
            Vec::<PathBuf>::new()
        );
    }

    #[test]
    fn a_container_without_a_name_gets_one() {
        let fixture = fixture();
        let record = fixture.create(1, "").unwrap();
        assert!(record.name.contains('_'), "{}", record.name);
        assert_eq!(fixture.containers.find(&record.name).unwrap(), record.id);
    }

    #[test]
    fn a_renamed_container_leaves_its_old_name_free() {
        let fixture = fixture();
        let record = fixture.create(1, "old").unwrap();
        fixture.create(2, "other").unwrap();
        assert!(matches!(
            fixture.containers.rename(&record.id, "other"),
            Err(ContainerError::NameTaken { .. })
        ));
        fixture.containers.rename(&record.id, "new").unwrap();
        assert_eq!(fixture.containers.find("new").unwrap(), record.id);
        assert!(fixture.containers.find("old").is_err());
        let names: Vec<_> = fixture
            .containers
            .list()
            .unwrap()
            .into_iter()
            .map(|r| r.name)
            .collect();
        assert!(names.contains(&"new".to_owned()), "{names:?}");
    }

    #[test]
    fn running_without_a_locked_supervisor_is_corrected_on_disk() {
        let fixture = fixture();
        let mut record = fixture.create(1, "web").unwrap();
        record.state = record.state.started(running()).unwrap();
        let folder = fixture.containers.folder(&record.id);
        folder.write_record(&record).unwrap();
        assert!(folder.record().unwrap().state.is_lost());
        assert!(folder.record_as_written().unwrap().state.is_lost());
    }

    #[test]
    fn running_with_a_locked_supervisor_is_believed() {
        let fixture = fixture();
        let mut record = fixture.create(1, "web").unwrap();
        record.state = record.state.started(running()).unwrap();
        let folder = fixture.containers.folder(&record.id);
        let lock = folder.try_lock().unwrap().expect("nobody has it");
        folder.write_record(&record).unwrap();
        assert_eq!(folder.record().unwrap(), record);
        drop(lock);
    }

    #[test]
    fn what_was_asked_for_comes_back_whole() {
        let fixture = fixture();
        let record = fixture.create(1, "web").unwrap();
        let config = fixture.containers.folder(&record.id).config().unwrap();
        assert_eq!(config.record, record);
        assert_eq!(config.stop_timeout, 10);
    }

    #[test]
    fn a_store_without_containers_lists_none() {
        let fixture = fixture();
        assert_eq!(fixture.containers.list().unwrap(), Vec::new());
        assert!(fixture.containers.find("x1").is_err());
    }

    #[test]
    fn lost_are_those_to_be_removed_whose_supervisor_is_gone() {
        let fixture = fixture();
        let begin = |number, auto_remove| {
            let mut config = fixture.config(number, &format!("n{number}"));
            config.record.auto_remove = auto_remove;
            let mut record = fixture.containers.create(config).unwrap();
            record.state = record.state.started(running()).unwrap();
            let folder = fixture.containers.folder(&record.id);
            folder.write_record(&record).unwrap();
            record.id
        };
        let (kept, lost) = (begin(1, false), begin(2, true));
        assert_ne!(kept, lost);
        assert_eq!(fixture.containers.lost().unwrap(), [lost]);
    }

    #[test]
    fn a_removed_tree_is_a_leftover_until_it_is_removed() {
        let fixture = fixture();
        let record = fixture.create(1, "web").unwrap();
        let tree = fixture.containers.take_out(&record.id).unwrap();
        assert_eq!(fixture.containers.leftovers().unwrap(), [tree]);
        assert_eq!(fixture.containers.list().unwrap(), Vec::new());
    }
}
