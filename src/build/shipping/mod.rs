//! Images between the store and registries: where `layers` and `registry` meet.
//!
//! - `pull`: which manifest of an index is meant, its layers fetched side by side and unpacked
//!   in order
//! - `push`: what a registry lacks of an image, and nothing else
//! - `cache`: what another machine built, for `--cache-from`
//!
//! Pull and push tell what they do as [`Transfer`]s, in docker's words.

mod cache;
mod error;
mod pull;
mod push;

use serde::{Deserialize, Serialize};

pub use cache::RegistryCache;
pub use error::ShippingError;
pub use pull::{Pull, Pulled, pull, pull_all};
pub use push::{Pushed, push, push_cache};

/// How many blobs are on their way at once, as with docker.
const AT_ONCE: usize = 3;
/// No config is larger.
const MOST_CONFIG: u64 = 16 << 20;

/// What becomes of a layer on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The first digits of its digest.
    pub id: String,
    /// What is done.
    pub state: State,
    /// Bytes so far.
    pub done: u64,
    /// Bytes in all; 0 where nobody knows yet.
    pub total: u64,
}

/// What is done with a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It will be fetched.
    Waiting,
    /// Nothing: it is here.
    Here,
    /// Bytes come.
    Downloading,
    /// All bytes are here.
    Downloaded,
    /// It becomes a tree.
    Extracting,
    /// It is in the store.
    Complete,
    /// It will be sent, if it is not there.
    Preparing,
    /// Bytes go.
    Pushing,
    /// It is there now.
    Pushed,
    /// It was there before.
    There,
    /// The registry took it from another repository.
    Mounted(String),
}

impl State {
    /// Returns docker's words.
    pub fn words(&self) -> String {
        match self {
            Self::Waiting => "Pulling fs layer",
            Self::Here => "Already exists",
            Self::Downloading => "Downloading",
            Self::Downloaded => "Download complete",
            Self::Extracting => "Extracting",
            Self::Complete => "Pull complete",
            Self::Preparing => "Preparing",
            Self::Pushing => "Pushing",
            Self::Pushed => "Pushed",
            Self::There => "Layer already exists",
            Self::Mounted(from) => return format!("Mounted from {from}"),
        }
        .to_owned()
    }

    /// Whether it is told again and again while bytes move: a line of its own each time would say
    /// nothing new.
    pub fn is_progress(&self) -> bool {
        matches!(self, Self::Downloading | Self::Extracting | Self::Pushing)
    }
}

impl Transfer {
    fn new(id: &str, state: State) -> Self {
        Self {
            id: id.to_owned(),
            state,
            done: 0,
            total: 0,
        }
    }
}
