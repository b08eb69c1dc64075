//! What can be known of a session when a step is checked: plain data, and the trait it is asked
//! through.

use std::collections::BTreeMap;

use crate::build::BuildReport;
use crate::digest::Digest;

/// What came of one line that the learner typed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// The verb without `docker`, such as `build`; `instruction` for a line of the draft.
    pub verb: String,
    /// The exit code docker would give.
    pub exit: i32,
    /// What the container or command wrote, not what strata said about it.
    pub stdout: String,
    /// The same for standard error.
    pub stderr: String,
    /// The build, where there was one: `build` and every instruction of the draft.
    pub build: Option<BuildReport>,
    /// The id of the container that was made.
    pub container: Option<String>,
    /// What strata itself found wrong with the line.
    pub error: Option<String>,
}

impl Outcome {
    /// Makes the outcome of a verb that went well and said nothing.
    pub fn done(verb: &str) -> Self {
        Self {
            verb: verb.to_owned(),
            ..Self::default()
        }
    }
}

/// An image in the store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageFacts {
    /// `sha256:` and hex digits.
    pub id: String,
    /// Diff ids, base first.
    pub layers: Vec<String>,
    /// Lines of its history.
    pub history: usize,
    /// Bytes of all its layers.
    pub size: u64,
    /// What its config says.
    pub config: ConfigFacts,
    /// Paths whose bytes are shipped but hidden by a later layer.
    pub waste: Vec<WasteFacts>,
}

/// The part of an image's config that lessons ask about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigFacts {
    /// CMD.
    pub cmd: Vec<String>,
    /// ENTRYPOINT.
    pub entrypoint: Vec<String>,
    /// ENV, as `NAME=value`.
    pub env: Vec<String>,
    /// EXPOSE, as `80/tcp`.
    pub exposed: Vec<String>,
    /// USER.
    pub user: String,
    /// WORKDIR.
    pub workdir: String,
    /// LABEL.
    pub labels: BTreeMap<String, String>,
}

/// Bytes one could get back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WasteFacts {
    /// The path, absolute.
    pub path: String,
    /// The bytes.
    pub size: u64,
}

/// A path inside an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileFacts {
    /// The content of a regular file.
    pub content: Option<Vec<u8>>,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// The layer it comes from, from 1, base first.
    pub layer: usize,
}

/// A container as `ps -a` knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerFacts {
    /// The whole id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The image as it was named.
    pub image: String,
    /// `created`, `running`, `paused`, `exited`.
    pub state: String,
    /// Its exit code, once it exited.
    pub exit: Option<i32>,
    /// The words it was started with.
    pub argv: Vec<String>,
    /// Published ports, as `8080->80/tcp`.
    pub ports: Vec<String>,
    /// Mounts, as `source:target`.
    pub mounts: Vec<String>,
    /// How often it was restarted.
    pub restarts: u32,
}

/// What costs more to find out about a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerDetails {
    /// The program that is process 1 inside, while it runs.
    pub pid1: Option<String>,
    /// What it wrote.
    pub logs: String,
    /// Changes of its writable layer, as `A /x`.
    pub changed: Vec<String>,
    /// Namespaces that are not the host's: `pid`, `mnt`, ...
    pub namespaces_differ: Vec<String>,
    /// Lower directories of its overlay.
    pub overlay_lower: Option<u64>,
    /// Its memory limit in bytes.
    pub memory_max: Option<u64>,
    /// Its limit on processes.
    pub pids_max: Option<u64>,
}

/// What a GET from a loopback address brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpFacts {
    /// Nobody listens.
    Refused,
    /// Something else went wrong.
    Failed(String),
    /// An answer.
    Answer {
        /// The status code.
        status: u16,
        /// The body.
        body: String,
    },
}

/// Where `super::evaluate` looks things up. Commands and builds are those of the current step;
/// images, containers and files are as they are now.
pub trait Evidence {
    /// Returns the last command of the step, or the last with a given verb.
    fn last_command(&self, verb: Option<&str>) -> Option<&Outcome>;
    /// Returns the last build of the step, the draft's included.
    fn last_build(&self) -> Option<&BuildReport>;
    /// Tells whether the step's last build saw the work folder as it is now.
    fn build_is_current(&self) -> bool;
    /// Returns an image by name.
    fn image(&self, name: &str) -> Option<ImageFacts>;
    /// Returns how many of an image's layers came with its base image.
    fn base_layers(&self, image: &ImageFacts) -> Option<usize>;
    /// Returns a path inside an image.
    fn file_in_image(&self, image: &str, path: &str) -> Option<FileFacts>;
    /// Returns all containers, newest first.
    fn containers(&self) -> Vec<ContainerFacts>;
    /// Returns the rest about one container.
    fn container_details(&self, id: &str) -> Option<ContainerDetails>;
    /// Returns the draft's instructions, each on one line.
    fn draft(&self) -> Vec<String>;
    /// Returns the content of a file in the work folder.
    fn file(&self, path: &str) -> Option<Vec<u8>>;
    /// Returns the digest a file had when a step ended, or when the current step began where
    /// that step was never passed; none where there was no such file.
    fn file_at(&self, path: &str, step: &str) -> Option<Digest>;
    /// Tells what is wrong with a text as a Dockerfile.
    fn parse_dockerfile(&self, text: &str) -> Result<(), String>;
    /// Asks a loopback address.
    fn http(&self, url: &str) -> HttpFacts;
    /// Returns what the learner predicted about an item of the step's question.
    fn predicted(&self, item: &str) -> Option<String>;
    /// Tells whether the learner answered the step's question and saw the real result.
    fn scored(&self) -> bool;
}

/// Evidence of nothing at all: with it, the names of a step's facts can be listed.
pub struct NoEvidence;

impl Evidence for NoEvidence {
    fn last_command(&self, _: Option<&str>) -> Option<&Outcome> {
        None
    }
    fn last_build(&self) -> Option<&BuildReport> {
        None
    }
    fn build_is_current(&self) -> bool {
        false
    }
    fn image(&self, _: &str) -> Option<ImageFacts> {
        None
    }
    fn base_layers(&self, _: &ImageFacts) -> Option<usize> {
        None
    }
    fn file_in_image(&self, _: &str, _: &str) -> Option<FileFacts> {
        None
    }
    fn containers(&self) -> Vec<ContainerFacts> {
        Vec::new()
    }
    fn container_details(&self, _: &str) -> Option<ContainerDetails> {
        None
    }
    fn draft(&self) -> Vec<String> {
        Vec::new()
    }
    fn file(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
    fn file_at(&self, _: &str, _: &str) -> Option<Digest> {
        None
    }
    fn parse_dockerfile(&self, _: &str) -> Result<(), String> {
        Err(String::new())
    }
    fn http(&self, _: &str) -> HttpFacts {
        HttpFacts::Refused
    }
    fn predicted(&self, _: &str) -> Option<String> {
        None
    }
    fn scored(&self) -> bool {
        false
    }
}
