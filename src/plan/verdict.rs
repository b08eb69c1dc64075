//! Whether a step is reused, and if not, why not.
//!
//! A verdict comes from comparing a step's ingredients with the cache; the forecast and the build
//! both ask here, so prediction and fact cannot part.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ingredients::{
    ARG, ENV, FileContent, FileIngredient, Ingredients, LINKED, PARENT, TEXT,
};
use super::record::{CacheRecord, CacheRecords};
use super::step::{Step, StepNumber};
use crate::digest::{CacheKey, Digest};

/// What the cache says of a layer step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A recorded layer fits.
    Hit,
    /// The step has to run, first reason first; never empty.
    Miss(Vec<MissReason>),
    /// Cannot be said before another step ran.
    Unknown {
        /// The step that has to run first.
        until: StepNumber,
    },
}

/// One reason why a step has to run, with what was and what is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum MissReason {
    /// Nothing like it was built before.
    NeverBuilt,
    /// An earlier step of the same stage has to run.
    ParentChanged {
        /// That step.
        step: StepNumber,
    },
    /// What comes before it is another chain of steps, though the step right before it was reused:
    /// lines were moved, or one was taken out.
    ChainChanged {
        /// The step right before it now.
        step: StepNumber,
        /// The instruction that stood there before, where that is known.
        was: Option<String>,
    },
    /// The base image is another one.
    BaseChanged {
        /// The image before.
        old: String,
        /// The image now.
        new: String,
        /// Why strata made it again, where it makes it itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remade: Option<Remade>,
    },
    /// The words of the instruction changed.
    TextChanged {
        /// Before.
        old: String,
        /// Now.
        new: String,
    },
    /// Copied files changed; first by name first, never empty.
    FilesChanged {
        /// What happened to each.
        files: Vec<FileChange>,
    },
    /// A variable that ENV sets changed.
    EnvChanged(Changed),
    /// A build argument changed.
    ArgChanged(Changed),
    /// Some other setting changed: `user`, `workdir`, `shell`, ...
    SettingChanged(Changed),
    /// `--no-cache` was given.
    CacheDisabled,
    /// The record is there, but its layer is gone from the store.
    LayerGone,
}

/// A base image that strata makes itself, and made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remade {
    /// The base's name.
    pub name: String,
    /// What changed: strata itself, or the tools of this machine.
    pub by_another_strata: bool,
}

/// A named value before and now; none where it did not exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The name.
    pub name: String,
    /// Before.
    pub old: Option<String>,
    /// Now.
    pub new: Option<String>,
}

/// What happened to one copied file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Path relative to the root that COPY takes from.
    pub path: String,
    /// What is different.
    pub what: FileDifference,
}

/// How a copied file differs from last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileDifference {
    /// Was not there.
    Added,
    /// Is no longer there.
    Removed,
    /// Other bytes.
    Content {
        /// Digest before.
        old: Digest,
        /// Digest now.
        new: Digest,
    },
    /// Other permission bits.
    Mode {
        /// Before.
        old: u32,
        /// Now.
        new: u32,
    },
    /// Anything else, in words: owner, kind, link target.
    Other {
        /// What.
        what: String,
        /// Before.
        old: String,
        /// Now.
        new: String,
    },
}

/// A step as the cache is asked about it.
pub struct Question<'a> {
    /// The step.
    pub step: &'a Step,
    /// Its key.
    pub key: CacheKey,
    /// Lists what the key was made of; only asked for where a miss is to be explained.
    pub ingredients: &'a dyn Fn() -> Ingredients,
    /// The `--link` steps right below it, in the order of the ingredients.
    pub linked: &'a [(StepNumber, CacheKey)],
    /// The nearest earlier step of the chain that makes a layer, or the FROM.
    pub parent: StepNumber,
    /// Whether that is a FROM.
    pub parent_is_base: bool,
    /// The text of the parent, unless that is a base.
    pub parent_text: Option<&'a str>,
    /// Whether it was reused as it was.
    pub parent_reused: bool,
    /// Whether the cache may be used at all.
    pub cache: bool,
}

/// Says whether a recorded layer fits, and if not, why not.
pub fn verdict(
    question: &Question<'_>,
    records: &dyn CacheRecords,
) -> (Verdict, Option<CacheRecord>) {
    if !question.cache {
        return (Verdict::Miss(vec![MissReason::CacheDisabled]), None);
    }
    match records.record(question.key) {
        Some(record) if records.has_layer(record.layer) => (Verdict::Hit, Some(record)),
        Some(_) => (Verdict::Miss(vec![MissReason::LayerGone]), None),
        None => (Verdict::Miss(reasons(question, records)), None),
    }
}

/// Compares with the same step of the last build.
fn reasons(question: &Question<'_>, records: &dyn CacheRecords) -> Vec<MissReason> {
    let Some(before) = records.previous(question.step) else {
        return vec![MissReason::NeverBuilt];
    };
    let now = (question.ingredients)();
    let mut reasons = own_changes(&before, &now);
    if before.get(PARENT) != now.get(PARENT) {
        reasons.push(parent_change(question, &before, &now, records));
    }
    reasons.extend(linked_change(question, &before, &now));
    if reasons.is_empty() {
        // The same key was built before, but its record is gone (pruned, or never finished).
        reasons.push(MissReason::NeverBuilt);
    }
    reasons
}

/// Finds the first `--link` step right below that made another layer; one that was taken out or put
/// in moves the rest, and the nearest step is named.
fn linked_change(
    question: &Question<'_>,
    before: &Ingredients,
    now: &Ingredients,
) -> Option<MissReason> {
    let linked = |list: &Ingredients| -> Vec<String> {
        let values = list.values.iter();
        let linked = values.filter(|(name, _)| name.starts_with(LINKED));
        linked.map(|(_, key)| key.clone()).collect()
    };
    let (before, now) = (linked(before), linked(now));
    let same = before.iter().zip(&now).take_while(|(a, b)| a == b).count();
    if before == now {
        return None;
    }
    let step = question.linked.get(same).map(|(step, _)| *step);
    let step = step.unwrap_or(question.parent);
    Some(MissReason::ParentChanged { step })
}

fn parent_change(
    question: &Question<'_>,
    before: &Ingredients,
    now: &Ingredients,
    records: &dyn CacheRecords,
) -> MissReason {
    let step = question.parent;
    // The record of the step that stood right before; a base image has none.
    let recorded = |list: &Ingredients| records.record(list.get(PARENT)?.parse().ok()?);
    let was = recorded(before);
    if question.parent_reused || (question.parent_is_base && was.is_some()) {
        let was = was.map(|record| record.text);
        let was = was.filter(|was| question.parent_text != Some(was.as_str()));
        return MissReason::ChainChanged { step, was };
    }
    if !question.parent_is_base {
        return MissReason::ParentChanged { step };
    }
    let image = |list: &Ingredients| list.get(PARENT).unwrap_or_default().to_owned();
    MissReason::BaseChanged {
        old: image(before),
        new: image(now),
        remade: None,
    }
}

/// Lists what differs in the step itself, words first, then files, then settings.
fn own_changes(old: &Ingredients, new: &Ingredients) -> Vec<MissReason> {
    let mut reasons = Vec::new();
    if let (Some(before), Some(now)) = (old.get(TEXT), new.get(TEXT))
        && before != now
    {
        reasons.push(MissReason::TextChanged {
            old: before.into(),
            new: now.into(),
        });
    }
    let files = file_changes(&old.files, &new.files);
    if !files.is_empty() {
        reasons.push(MissReason::FilesChanged { files });
    }
    reasons.extend(value_changes(old, new));
    reasons
}

fn value_changes(old: &Ingredients, new: &Ingredients) -> Vec<MissReason> {
    let mut names: Vec<&str> = new.values.iter().map(|(name, _)| name.as_str()).collect();
    names.extend(
        old.values
            .iter()
            .map(|(n, _)| n.as_str())
            .filter(|n| new.get(n).is_none()),
    );
    names.retain(|name| {
        !matches!(*name, PARENT | TEXT)
            && !name.starts_with(LINKED)
            && old.get(name) != new.get(name)
    });
    names
        .into_iter()
        .map(|name| value_change(name, old.get(name), new.get(name)))
        .collect()
}

fn value_change(name: &str, old: Option<&str>, new: Option<&str>) -> MissReason {
    let changed = |name: &str| Changed {
        name: name.to_owned(),
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
    };
    if let Some(name) = name.strip_prefix(ENV) {
        MissReason::EnvChanged(changed(name))
    } else if let Some(name) = name.strip_prefix(ARG) {
        MissReason::ArgChanged(changed(name))
    } else {
        MissReason::SettingChanged(changed(name))
    }
}

fn file_changes(old: &[FileIngredient], new: &[FileIngredient]) -> Vec<FileChange> {
    let mut pairs: BTreeMap<&str, (Option<&FileIngredient>, Option<&FileIngredient>)> =
        BTreeMap::new();
    for file in old {
        pairs.entry(&file.path).or_default().0 = Some(file);
    }
    for file in new {
        pairs.entry(&file.path).or_default().1 = Some(file);
    }
    let change = |(path, pair): (&str, _)| {
        difference(pair).map(|what| FileChange {
            path: path.to_owned(),
            what,
        })
    };
    pairs.into_iter().filter_map(change).collect()
}

fn difference(pair: (Option<&FileIngredient>, Option<&FileIngredient>)) -> Option<FileDifference> {
    let (old, new) = match pair {
        (None, _) => return Some(FileDifference::Added),
        (_, None) => return Some(FileDifference::Removed),
        (Some(old), Some(new)) => (old, new),
    };
    if let (FileContent::File(old), FileContent::File(new)) = (&old.content, &new.content)
        && old != new
    {
        return Some(FileDifference::Content {
            old: *old,
            new: *new,
        });
    }
    if old.content != new.content {
        return Some(other(
            "content",
            &old.content.to_string(),
            &new.content.to_string(),
        ));
    }
    if old.mode != new.mode {
        return Some(FileDifference::Mode {
            old: old.mode,
            new: new.mode,
        });
    }
    if old.attributes != new.attributes {
        let shown = |file: &FileIngredient| file.attributes.map(|it| it.to_string());
        let (old, new) = (shown(old), shown(new));
        return Some(other(
            "attributes",
            &old.unwrap_or_default(),
            &new.unwrap_or_default(),
        ));
    }
    let owner = |file: &FileIngredient| {
        file.owner
            .map(|(uid, gid)| format!("{uid}:{gid}"))
            .unwrap_or_default()
    };
    (old.owner != new.owner).then(|| other("owner", &owner(old), &owner(new)))
}

fn other(what: &str, old: &str, new: &str) -> FileDifference {
    FileDifference::Other {
        what: what.into(),
        old: old.into(),
        new: new.into(),
    }
}
