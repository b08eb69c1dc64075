//! What a build, or the forecast of one, has to tell: as it happens, and afterwards.

use super::shipping::Transfer;
use serde::{Deserialize, Serialize};

use crate::digest::{CacheKey, DiffId, ImageId};
use crate::plan::{MissReason, StepNumber};

/// What became, or would become, of a step. Always shown as four letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// A recorded layer was reused.
    Hit,
    /// It ran.
    Miss,
    /// Settings only, no layer.
    Meta,
    /// Its stage is not needed.
    Skip,
    /// Not reached.
    Wait,
    /// It failed.
    Fail,
    /// The image the stage starts from.
    Base,
    /// Only in a forecast: cannot be said before another step ran.
    Unknown,
}

impl StepState {
    /// Returns the four letters.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hit => "HIT ",
            Self::Miss => "MISS",
            Self::Meta => "META",
            Self::Skip => "SKIP",
            Self::Wait => "WAIT",
            Self::Fail => "FAIL",
            Self::Base => "BASE",
            Self::Unknown => "??? ",
        }
    }
}

/// What is known of one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// The step's place in the file, from 1; of an instruction that the base left, that of the FROM.
    pub number: StepNumber,
    /// For an instruction that the base left with ONBUILD: which of them it is, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<usize>,
    /// The index of its stage; none for a global ARG.
    pub stage: Option<usize>,
    /// The name of its stage, if it has one.
    pub stage_name: Option<String>,
    /// First and last line in the file.
    pub lines: (usize, usize),
    /// The instruction on one line.
    pub text: String,
    /// What became of it.
    pub state: StepState,
    /// Why it ran, first reason first; empty unless it is a MISS or FAIL.
    pub reasons: Vec<MissReason>,
    /// For `Unknown`: the step that has to run before anything can be said.
    pub until: Option<StepNumber>,
    /// Its layer (for BASE: all layers of the base in one), if it has one.
    pub layer: Option<LayerReport>,
    /// Its cache key, for a step that makes a layer and was reached.
    pub key: Option<CacheKey>,
    /// How long it took, in milliseconds; in a forecast, how long it took last time. For WAIT: it was
    /// stopped after so long, because a step of another stage failed.
    pub millis: Option<u64>,
    /// For a HIT that another machine made: the folder of `--cache-from` it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The image as it is after this step, if it was reached; any verb that takes an image takes it.
    pub image: Option<ImageId>,
    /// What went wrong, for FAIL.
    pub failure: Option<StepFailure>,
}

/// What a layer brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerReport {
    /// Its diff ids: one, or for BASE those of the base image, base first.
    pub diff_ids: Vec<DiffId>,
    /// Bytes of file content.
    pub size: u64,
    /// Files (and links) added or changed.
    pub files: u64,
    /// Folders added or changed.
    pub folders: u64,
    /// Paths hidden by whiteouts.
    pub deleted: u64,
}

impl LayerReport {
    /// No layer, of no size.
    pub fn none() -> Self {
        Self {
            diff_ids: Vec::new(),
            size: 0,
            files: 0,
            folders: 0,
            deleted: 0,
        }
    }
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFailure {
    /// The exit code of a RUN; none where the step could not be carried out at all.
    pub exit_code: Option<i32>,
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The last lines the step wrote.
    pub output: Vec<String>,
}

/// What came of a build, or would come of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuildReport {
    /// The name of the Dockerfile, as diagnostics show it.
    pub file: String,
    /// The text that was built.
    pub dockerfile: String,
    /// Every instruction of the file, in its order.
    pub steps: Vec<StepReport>,
    /// The image; none after a failure and in a forecast.
    pub image: Option<ImageId>,
    /// The names it was given.
    pub tags: Vec<String>,
    /// Files and bytes of the context that COPY steps looked at.
    pub context: ContextReport,
    /// Things worth a line that are no failure, in the session's language.
    pub notes: Vec<String>,
    /// From start to end, in milliseconds.
    pub millis: u64,
}

/// What the build read of its context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContextReport {
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

impl BuildReport {
    /// Returns the step that failed, if one did.
    pub fn failed(&self) -> Option<&StepReport> {
        self.steps.iter().find(|step| step.state == StepState::Fail)
    }

    /// Returns how many instructions the file has.
    pub fn count(&self) -> usize {
        let own = self.steps.iter().filter(|step| step.trigger.is_none());
        own.count()
    }

    /// Returns what a step came to: of a FROM whose base left instructions, the last of them.
    pub fn result_of(&self, number: StepNumber) -> Option<&StepReport> {
        self.steps.iter().rfind(|step| step.number == number)
    }

    /// Returns a step by its number.
    pub fn step(&self, number: StepNumber) -> Option<&StepReport> {
        self.steps.iter().find(|step| step.number == number)
    }
}

/// Something that happens during a build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum BuildEvent {
    /// A step begins to run (never sent for HIT, META and SKIP).
    Started {
        /// The step.
        number: StepNumber,
        /// Its text.
        text: String,
    },
    /// A running step wrote something.
    Output {
        /// The step.
        number: StepNumber,
        /// Whether it went to standard error.
        stderr: bool,
        /// The bytes as they came; lines may be cut anywhere.
        bytes: Vec<u8>,
    },
    /// Bytes copied or hashed so far by a long COPY or commit.
    Progress {
        /// The step.
        number: StepNumber,
        /// Bytes done.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// A layer of an image comes from a registry, or goes there.
    Transfer {
        /// The image's name.
        image: String,
        /// What becomes of the layer.
        transfer: Transfer,
    },
    /// A step is done, one way or the other.
    Finished(Box<StepReport>),
}
