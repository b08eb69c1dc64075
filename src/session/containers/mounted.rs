//! What a container has mounted: `-v`, `--mount`, `--tmpfs`, `--volumes-from` and the image's VOLUME
//! become mounts, and the volumes that have to be made for them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::RunCall;
use super::mount_words::{MountWords, Said, tmpfs_options, volume_words};
use crate::plan::scope::join_path;
use crate::runtime::mount_point::{MountKind, MountPoint};
use crate::runtime::volumes::{Volume, is_volume_name};
use crate::runtime::{Mount, MountSource, MountedVolume, Scratch};
use crate::session::{Result, Session, Trouble};

/// What a container is to have mounted.
#[derive(Debug, Default)]
pub(super) struct Mounted {
    /// For the runtime, those on the way to others first.
    pub mounts: Vec<Mount>,
    /// For people.
    pub points: Vec<MountPoint>,
    /// What is made if it is not there yet.
    pub volumes: Vec<Volume>,
}

/// One thing that is mounted, and the volume that is made for it.
struct One {
    mount: Mount,
    /// None of what `inspect` lists elsewhere.
    point: Option<MountPoint>,
    volume: Option<Volume>,
}

impl Session {
    /// Reads everything that says what is mounted. Later words take the place of what another
    /// container or the image brings; two words about one place are a mistake.
    pub(super) fn mounted<'i>(
        &self,
        call: &RunCall,
        image: impl Iterator<Item = &'i String>,
    ) -> Result<Mounted> {
        let mut asked: BTreeMap<String, One> = BTreeMap::new();
        for text in &call.volumes {
            let words = volume_words(text, self.language())?;
            self.add(&mut asked, self.one(&words, call, true)?)?;
        }
        for text in &call.mounts {
            let words = MountWords::parse(text, self.language())?;
            self.add(&mut asked, self.one(&words, call, false)?)?;
        }
        for text in &call.tmpfs {
            self.add(&mut asked, self.tmpfs(text)?)?;
        }
        for text in &call.volumes_from {
            for one in self.of_another(text)? {
                asked.entry(one.mount.target.clone()).or_insert(one);
            }
        }
        for path in image {
            let target = join_path("/", path);
            if target != "/" && !asked.contains_key(&target) {
                asked.insert(target.clone(), anonymous(target)?);
            }
        }
        Ok(Mounted::of(asked.into_values()))
    }

    fn add(&self, asked: &mut BTreeMap<String, One>, one: One) -> Result<()> {
        let target = one.mount.target.clone();
        if asked.insert(target.clone(), one).is_some() {
            return Err(Trouble::new(duplicate(self.language(), &target))
                .with_exit(125)
                .into());
        }
        Ok(())
    }

    /// Turns words into a mount. A missing folder of `-v` is made, as docker does; one of `--mount`
    /// is a mistake.
    fn one(&self, words: &MountWords, call: &RunCall, makes: bool) -> Result<One> {
        let said = &words.said;
        let mut point = MountPoint {
            kind: words.kind,
            name: None,
            source: None,
            destination: words.target.clone(),
            mode: words.mode.clone(),
            writable: !words.read_only,
            anonymous: false,
        };
        let (source, volume) = match words.kind {
            MountKind::Bind => {
                let source = call
                    .folder
                    .join(words.source.as_deref().unwrap_or_default());
                self.check_source(&source, makes)?;
                point.source = Some(source.clone());
                (MountSource::Bind(source), None)
            }
            MountKind::Tmpfs => {
                let scratch = Scratch {
                    exec: false,
                    options: words.tmpfs_options(),
                    ..Scratch::default()
                };
                (MountSource::Scratch(scratch), None)
            }
            MountKind::Volume => {
                let volume = self.volume_of(words.source.as_deref(), said)?;
                point.name = Some(volume.name.clone());
                point.anonymous = volume.anonymous;
                if makes && !volume.anonymous && point.mode.is_empty() {
                    // docker's word for "may be shared".
                    "z".clone_into(&mut point.mode);
                }
                let mounted = self.mounted_volume(&volume, said)?;
                (MountSource::Volume(mounted), Some(volume))
            }
        };
        Ok(One {
            mount: Mount {
                source,
                target: words.target.clone(),
                read_only: words.read_only,
            },
            point: Some(point),
            volume,
        })
    }

    /// Describes the volume that words name; none is one that nobody names.
    fn volume_of(&self, name: Option<&str>, said: &Said) -> Result<Volume> {
        let Some(name) = name else {
            let volume = Volume::anonymous().map_err(|e| Trouble::system("make a name", &e))?;
            return Ok(Volume {
                labels: said.labels.clone(),
                options: said.options.clone(),
                ..volume
            });
        };
        self.check_volume_name(name)?;
        Ok(Volume {
            labels: said.labels.clone(),
            options: said.options.clone(),
            ..Volume::new(name)
        })
    }

    fn mounted_volume(&self, volume: &Volume, said: &Said) -> Result<MountedVolume> {
        let volumes = self.containers().volumes();
        let there = volumes.find(&volume.name).map_err(|e| self.contained(&e))?;
        if there.is_none() {
            self.check_volume_options(&volume.options)?;
        }
        let device = there.as_ref().unwrap_or(volume).device();
        Ok(MountedVolume {
            name: volume.name.clone(),
            folder: volumes.folder(&volume.name),
            // docker copies nothing into part of a volume either.
            copy: !said.no_copy && said.part.is_none() && device.is_none(),
            device,
            part: said.part.clone(),
        })
    }

    /// Refuses what docker would not take for the name of a volume.
    pub(in crate::session) fn check_volume_name(&self, name: &str) -> Result<()> {
        let language = self.language();
        if name.len() == 1 {
            let trouble = Trouble::new(short_name(language, name)).with_exit(125);
            return Err(trouble.into());
        }
        if is_volume_name(name) {
            return Ok(());
        }
        let trouble = Trouble::new(bad_name(language, name)).with_exit(125);
        Err(trouble.with_help(bad_name_help(language, name)).into())
    }

    fn check_source(&self, source: &Path, makes: bool) -> Result<()> {
        let language = self.language();
        let shown = source.display().to_string();
        if source.symlink_metadata().is_ok() && source.exists() {
            return Ok(());
        }
        if !makes {
            let trouble = Trouble::new(no_source(language, &shown)).with_exit(125);
            return Err(trouble.with_help(no_source_help(language, &shown)).into());
        }
        fs::create_dir_all(source).map_err(|error| {
            let trouble = Trouble::new(cannot_make(language, &shown, &error.to_string()));
            trouble.with_exit(125).into()
        })
    }

    fn tmpfs(&self, text: &str) -> Result<One> {
        let (target, options) = text.split_once(':').unwrap_or((text, ""));
        let target = crate::session::containers::mount_words::target(
            target,
            MountKind::Tmpfs,
            self.language(),
        )?;
        let (scratch, read_only) = tmpfs_options(options, self.language())?;
        Ok(One {
            mount: Mount {
                source: MountSource::Scratch(scratch),
                target,
                read_only,
            },
            point: None,
            volume: None,
        })
    }

    /// What another container has mounted: `NAME`, `NAME:ro` or `NAME:rw`.
    fn of_another(&self, text: &str) -> Result<Vec<One>> {
        let (name, mode) = text.split_once(':').unwrap_or((text, ""));
        if !matches!(mode, "" | "ro" | "rw" | "z" | "Z") {
            let trouble = Trouble::new(bad_mode(self.language(), mode)).with_exit(125);
            return Err(trouble.into());
        }
        let other = self
            .container_config(name)
            .map_err(|error| self.exit_125(error))?;
        let mut taken = Vec::new();
        for mut point in other.mounts {
            let same = |mount: &&Mount| mount.target == point.destination;
            let Some(mount) = other.spec.mounts.iter().find(same) else {
                continue;
            };
            if point.kind == MountKind::Tmpfs {
                continue;
            }
            let mut mount = mount.clone();
            mount.read_only |= mode == "ro";
            point.writable = !mount.read_only;
            mode.clone_into(&mut point.mode);
            taken.push(One {
                mount,
                point: Some(point),
                volume: None,
            });
        }
        Ok(taken)
    }
}

fn anonymous(target: String) -> Result<One> {
    let volume = Volume::anonymous().map_err(|e| Trouble::system("make a name", &e))?;
    Ok(One {
        mount: Mount {
            source: MountSource::Volume(MountedVolume {
                name: volume.name.clone(),
                folder: PathBuf::new(),
                device: None,
                copy: true,
                part: None,
            }),
            target: target.clone(),
            read_only: false,
        },
        point: Some(MountPoint {
            kind: MountKind::Volume,
            name: Some(volume.name.clone()),
            source: None,
            destination: target,
            mode: String::new(),
            writable: true,
            anonymous: true,
        }),
        volume: Some(volume),
    })
}

impl Mounted {
    fn of(all: impl Iterator<Item = One>) -> Self {
        let mut mounted = Self::default();
        for one in all {
            mounted.mounts.push(one.mount);
            mounted.points.extend(one.point);
            mounted.volumes.extend(one.volume);
        }
        // A folder comes before what is mounted inside of it.
        mounted
            .mounts
            .sort_by_key(|mount| mount.target.split('/').count());
        mounted
    }
}

crate::messages! {
    duplicate(target: &str) {
        en: "Duplicate mount point: {target}",
        ko: "같은 경로에 두 번 연결했습니다(Duplicate mount point): {target}",
    }
    short_name(name: &str) {
        en: "create {name}: volume name is too short, names should be at least two alphanumeric characters",
        ko: "볼륨 이름이 너무 짧습니다(volume name is too short): {name}. 두 글자 이상이어야 합니다",
    }
    bad_name(name: &str) {
        en: "create {name}: \"{name}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path",
        ko: "볼륨 이름에 쓸 수 없는 문자가 있습니다(\"{name}\" includes invalid characters for a local volume name). \"[a-zA-Z0-9][a-zA-Z0-9_.-]\"만 쓸 수 있습니다",
    }
    bad_name_help(name: &str) {
        en: "to mount a folder of this machine, begin with a / or a dot: `-v \"$PWD/{name}:/...\"`",
        ko: "이 컴퓨터의 폴더를 연결하려면 /나 점으로 시작하세요: `-v \"$PWD/{name}:/...\"`",
    }
    no_source(path: &str) {
        en: "invalid mount config for type \"bind\": bind source path does not exist: {path}",
        ko: "연결할 경로가 없습니다(bind source path does not exist): {path}",
    }
    no_source_help(path: &str) {
        en: "make it first (`mkdir -p {path}`), or use `-v`, which makes a missing folder",
        ko: "먼저 만들거나(`mkdir -p {path}`), 없는 폴더를 만들어 주는 `-v`를 쓰세요",
    }
    cannot_make(path: &str, error: &str) {
        en: "error while creating mount source path '{path}': {error}",
        ko: "연결할 폴더를 만들 수 없습니다(error while creating mount source path '{path}'): {error}",
    }
    bad_mode(mode: &str) {
        en: "invalid mode: {mode}",
        ko: "마운트 모드가 올바르지 않습니다(invalid mode): {mode}",
    }
}
