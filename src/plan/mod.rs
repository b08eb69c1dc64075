//! What is to be built and what of it is already there: typed instructions become a [`Plan`],
//! and the cache is asked about every step.
//!
//! | file | what |
//! |---|---|
//! | `planner`, `transfer` | Dockerfile → [`Plan`], everything expanded |
//! | `survey` | the same for every stage, gathering mistakes instead of stopping at the first |
//! | [`scope`], [`stage_graph`], `settings` | what is visible where; which stages are needed |
//! | [`mount`], [`mod@platform`] | the values of `RUN --mount` and of `--platform` |
//! | `sandbox` | the network, powers and limits of a RUN |
//! | [`context`], [`ignore`], [`pattern`] | which files a COPY takes |
//! | [`ingredients`] | all that a step's cache key depends on, walked once |
//! | `record`, `verdict` | what the cache remembers; hit, or miss and why |
//! | [`forecast`](mod@forecast) | what a build would do |
//! | `twins` | steps of different stages that ask for the same |

pub mod context;
mod error;
pub mod forecast;
mod globals;
pub mod ignore;
pub mod ingredients;
mod inherited;
mod message;
mod meter;
mod mode;
pub mod mount;
mod named;
pub mod pattern;
mod planner;
pub mod platform;
mod record;
mod remote;
mod repository;
mod sandbox;
pub mod scope;
mod settings;
pub mod stage_graph;
mod step;
mod survey;
mod transfer;
mod triggers;
mod twins;
mod variables;
mod verdict;

pub use error::{PlanError, PlanErrorKind};
pub use forecast::{Asked, Chain, Judged, World, asked_files, forecast};
pub use globals::Globals;
pub use ingredients::{FileContent, FileIngredient, Ingredients, Parent};
pub use mode::Mode;
pub use mount::{Access, RunMount, RunMountSource, Sharing, Shown};
pub use named::{NamedContext, NamedContexts};
pub use planner::{BaseInfo, DEFAULT_SHELL, PlanFailure, PlanOptions, plan};
pub use record::{CacheRecord, CacheRecords};
pub use remote::{file_name, is_git, is_remote};
pub use repository::{GitAddress, RemoteContext, is_commit, is_part_of_commit, remote_context};
pub use sandbox::{Entitlement, Limit, NetworkMode, Sandbox};
pub use settings::{PortParts, Ports, port_parts};
pub use step::{
    AddStep, Base, ConfigChange, CopyFrom, CopyStep, HealthCheck, InlineFile, LayerStep, Plan,
    PlannedStage, RunStep, Step, StepId, StepKind, StepNumber, WorkdirStep,
};
pub use survey::{Place, Survey, global_args, survey};
pub use twins::{Twins, twins};
pub use variables::Variables;
pub use verdict::{Changed, FileChange, FileDifference, MissReason, Remade, Verdict};

/// Returns the platform that images are built for, in Go's words: `linux/amd64`.
pub fn platform() -> String {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    format!("linux/{arch}")
}
