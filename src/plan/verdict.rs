//! Whether a step is reused, and if not, why not.
//!
//! A verdict comes from comparing a step's ingredients with the cache; the forecast and the build
//! both ask here, so prediction and fact cannot part.

use serde::{Deserialize, Serialize};

use super::step::StepNumber;
use crate::digest::Digest;

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
    /// The base image is another one.
    BaseChanged {
        /// The image before.
        old: String,
        /// The image now.
        new: String,
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
