//! Cache records on disk, and what the last build in each folder depended on.
//!
//! ```text
//! cache/steps/<key>.json         CacheRecord: the layer a step made
//! cache/steps/<key>.why.json     Ingredients: everything the key was made of
//! cache/builds/<folder>.json     the last build of every Dockerfile of a folder
//! cache/images/<image id>.json   the report of the build that made an image
//! cache/contexts/<folder>        digests of context files (stat_cache.rs)
//! cache/downloads/               what ADD fetched (fetch/)
//! ```
//!
//! Every file is written under a temporary name and renamed: it is there whole, or not at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::report::{BuildReport, StepReport};
use crate::digest::{CacheKey, Digest, ImageId};
use crate::layers::StoreError;
use crate::layers::files::{self, atomic_write};
use crate::plan::{CacheRecord, Ingredients, Step};

/// The build cache of a store.
#[derive(Debug, Clone)]
pub struct BuildCache {
    folder: PathBuf,
}

/// What is remembered of the builds in one folder.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct FolderHistory {
    /// The folder, for people who read the store.
    folder: String,
    /// The Dockerfile that was built last.
    last: String,
    /// By Dockerfile: what each of its steps was built from.
    builds: BTreeMap<String, LastBuild>,
}

/// The last build of one Dockerfile.
#[derive(Debug, Serialize, Deserialize)]
struct LastBuild {
    steps: Vec<BuiltStep>,
    report: BuildReport,
}

/// A step and the key it had when it was built last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct BuiltStep {
    number: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trigger: Option<usize>,
    stage: Option<usize>,
    text: String,
    key: CacheKey,
}

impl BuildCache {
    /// Opens the cache below a store's root.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let folder = root.join("cache");
        for part in ["steps", "builds", "images", "contexts"] {
            let path = folder.join(part);
            std::fs::create_dir_all(&path).map_err(StoreError::io("make", &path))?;
        }
        Ok(Self { folder })
    }

    /// Returns the record of a key.
    pub fn record(&self, key: CacheKey) -> Option<CacheRecord> {
        read(&self.step_file(key, "json"))
    }

    /// Returns what a key was made of.
    pub fn ingredients(&self, key: CacheKey) -> Option<Ingredients> {
        read(&self.step_file(key, "why.json"))
    }

    /// Remembers a step that ran. The record comes last: without it the rest counts for nothing.
    pub fn remember(
        &self,
        record: &CacheRecord,
        ingredients: &Ingredients,
    ) -> Result<(), StoreError> {
        write(&self.step_file(record.key, "why.json"), ingredients)?;
        write(&self.step_file(record.key, "json"), record)
    }

    /// Notes that a step was reused now.
    pub(super) fn mark_used(&self, key: CacheKey) {
        files::mark_used(&self.step_file(key, "json"));
    }

    /// Returns when a step was made or reused last, in milliseconds since the epoch.
    pub(super) fn last_used(&self, key: CacheKey) -> i64 {
        files::last_used(&self.step_file(key, "json"))
    }

    /// Forgets a step. The record goes first: without it the rest counts for nothing.
    pub(super) fn forget(&self, key: CacheKey) -> Result<(), StoreError> {
        remove(&self.step_file(key, "json"))?;
        remove(&self.step_file(key, "why.json"))
    }

    /// Forgets the builds of images that are gone.
    pub fn forget_images(&self, images: &[ImageId]) -> Result<(), StoreError> {
        images
            .iter()
            .try_for_each(|id| remove(&self.image_file(*id)))
    }

    /// Returns the folder of everything that is remembered.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns every record.
    pub fn records(&self) -> Vec<CacheRecord> {
        let is_record = |path: &PathBuf| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            matches!(name.split_once('.'), Some((_, "json")))
        };
        let entries = std::fs::read_dir(self.folder.join("steps"))
            .into_iter()
            .flatten();
        let paths = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(is_record);
        paths.filter_map(|path| read(&path)).collect()
    }

    /// Returns the images whose builds are remembered.
    pub fn images(&self) -> Vec<ImageId> {
        let entries = std::fs::read_dir(self.folder.join("images"))
            .into_iter()
            .flatten();
        let id = |entry: std::io::Result<std::fs::DirEntry>| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            Some(ImageId(Digest::from_hex(name.strip_suffix(".json")?).ok()?))
        };
        entries.filter_map(id).collect()
    }

    /// Returns the file that remembers the digests of a context.
    pub fn digests_file(&self, context: &Path) -> PathBuf {
        self.folder.join("contexts").join(name_of(context))
    }

    /// Returns where fetched files are kept.
    pub fn downloads_folder(&self) -> PathBuf {
        self.folder.join("downloads")
    }

    /// Returns what is remembered of a folder's builds.
    pub fn history(&self, folder: &Path) -> FolderHistory {
        read(&self.history_file(folder)).unwrap_or_default()
    }

    /// Remembers a build, successful or not.
    pub fn remember_build(&self, folder: &Path, report: &BuildReport) -> Result<(), StoreError> {
        let mut history = self.history(folder);
        history.folder = folder.to_string_lossy().into_owned();
        history.last.clone_from(&report.file);
        let before = history.builds.remove(&report.file).map(|build| build.steps);
        let steps = merge(&before.unwrap_or_default(), &report.steps);
        let build = LastBuild {
            steps,
            report: report.clone(),
        };
        history.builds.insert(report.file.clone(), build);
        write(&self.history_file(folder), &history)?;
        match report.image {
            Some(image) => write(&self.image_file(image), report),
            None => Ok(()),
        }
    }

    /// Returns the report of the build that made an image.
    pub fn image_report(&self, image: ImageId) -> Option<BuildReport> {
        read(&self.image_file(image))
    }

    /// Returns what is remembered of a built-in base.
    pub(super) fn made_base<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        read(&self.folder.join(format!("base-{name}.json")))
    }

    /// Remembers what a built-in base was made from.
    pub(super) fn remember_base<T: Serialize>(
        &self,
        name: &str,
        made: &T,
    ) -> Result<(), StoreError> {
        write(&self.folder.join(format!("base-{name}.json")), made)
    }

    fn image_file(&self, image: ImageId) -> PathBuf {
        self.folder
            .join("images")
            .join(format!("{}.json", image.0.hex()))
    }

    fn history_file(&self, folder: &Path) -> PathBuf {
        self.folder
            .join("builds")
            .join(format!("{}.json", name_of(folder)))
    }

    fn step_file(&self, key: CacheKey, ending: &str) -> PathBuf {
        self.folder
            .join("steps")
            .join(format!("{}.{ending}", key.0.hex()))
    }
}

impl FolderHistory {
    /// Returns the report of the folder's last build.
    pub fn last_report(&self) -> Option<&BuildReport> {
        self.builds.get(&self.last).map(|build| &build.report)
    }

    /// Returns the key that a step, or the one nearest to it, had when it was built last: in the
    /// same Dockerfile; of a file never built, that of equal text in the folder's last build.
    pub fn previous_key(&self, file: &str, step: &Step) -> Option<CacheKey> {
        let found = match self.builds.get(file) {
            Some(build) => nearest(&build.steps, step),
            // Of another file only the very same step is the same one.
            None => same_text(&self.builds.get(&self.last)?.steps, step),
        };
        found.map(|found| found.key)
    }
}

/// Finds the step that a person would call the same one: equal text, nearest place first; else
/// the same place with the same instruction.
fn nearest<'a>(steps: &'a [BuiltStep], wanted: &Step) -> Option<&'a BuiltStep> {
    let place = (wanted.stage, wanted.number, wanted.trigger);
    let same_place = |step: &&BuiltStep| (step.stage, step.number, step.trigger) == place;
    let same_instruction = |step: &&BuiltStep| word(&step.text) == word(&wanted.text);
    same_text(steps, wanted).or_else(|| steps.iter().filter(same_place).find(same_instruction))
}

/// Finds the step with equal text in the same stage, nearest place first.
fn same_text<'a>(steps: &'a [BuiltStep], wanted: &Step) -> Option<&'a BuiltStep> {
    let distance = |step: &&BuiltStep| step.number.abs_diff(wanted.number);
    let same = |step: &&BuiltStep| step.stage == wanted.stage && step.text == wanted.text;
    steps.iter().filter(same).min_by_key(distance)
}

fn word(text: &str) -> String {
    text.split_whitespace()
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase()
}

/// Takes the steps of a build that have a key, and of the one before it those that were not
/// reached this time.
fn merge(before: &[BuiltStep], report: &[StepReport]) -> Vec<BuiltStep> {
    let built = |step: &StepReport| {
        let key = step.key?;
        let StepReport {
            number,
            trigger,
            stage,
            text,
            ..
        } = step.clone();
        Some(BuiltStep {
            number,
            trigger,
            stage,
            text,
            key,
        })
    };
    let mut steps: Vec<BuiltStep> = report.iter().filter_map(built).collect();
    let old = |step: &&BuiltStep| !steps.iter().any(|new| new.text == step.text);
    let kept: Vec<BuiltStep> = before.iter().filter(old).cloned().collect();
    let unreached = report.iter().filter(|step| step.key.is_none());
    let waiting: Vec<&str> = unreached.map(|step| step.text.as_str()).collect();
    steps.extend(
        kept.into_iter()
            .filter(|step| waiting.contains(&step.text.as_str())),
    );
    steps
}

fn name_of(folder: &Path) -> String {
    Digest::of(folder.as_os_str().as_encoded_bytes()).short()
}

/// Reads a JSON file; a missing or damaged one counts as not there, which at worst costs a MISS.
fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Removes a file that may be gone already.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(StoreError::io("remove", path)),
    }
}

fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), StoreError> {
    let bytes = serde_json::to_vec(value).expect("records have only text keys");
    atomic_write(path, &bytes)
}
