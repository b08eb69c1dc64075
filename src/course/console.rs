//! What the runner needs of a session: a narrow door, so that lessons can be driven by the REPL,
//! by a test without a terminal, and by a script in unit tests.

use std::path::{Path, PathBuf};

use crate::build::BuildReport;
use crate::lesson::{
    ContainerDetails, ContainerFacts, FileFacts, ImageFacts, Limits, Network, Outcome,
};

/// Where a lesson happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The learner's folder: the build context and the current folder of every line.
    pub work: PathBuf,
    /// The store, apart from the learner's own images.
    pub store: PathBuf,
    /// Caps for containers.
    pub limits: Limits,
    /// What network containers may have.
    pub network: Network,
}

/// What a command reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// The learner's terminal; nothing where there is none.
    Own,
    /// A pipe that holds this.
    Piped(&'a str),
    /// A terminal at which this was typed.
    Typed(&'a str),
}

/// A session as a lesson sees it. Methods take `&mut self`, as looking into an image may need the
/// worker. Nothing here prints for the lesson; what `execute` shows is the console's business.
pub trait Console {
    /// Tells why this machine can't run containers, if it can't.
    fn can_run(&mut self) -> Result<(), String>;

    /// Uses this store and work folder from now on, and makes them where they are missing.
    fn open(&mut self, place: &Place) -> Result<(), String>;

    /// Empties the open store: containers end, images, cache and draft go.
    fn forget(&mut self) -> Result<(), String>;

    /// Sees to it that a practice image is in the store.
    fn provide(&mut self, image: &str) -> Result<(), String>;

    /// Carries out a line: a verb with or without `docker`, or an instruction of the draft.
    fn execute(&mut self, line: &str, input: Input<'_>) -> Outcome;

    /// Returns what a `build` line would do, without doing it.
    fn forecast(&mut self, line: &str) -> Option<BuildReport>;

    /// Opens a file of the work folder in the learner's editor.
    fn edit(&mut self, file: &Path) -> Result<(), String>;

    /// Returns every name and the id behind it.
    fn images(&mut self) -> Vec<(String, String)>;

    /// Returns an image by name or id.
    fn image(&mut self, name: &str) -> Option<ImageFacts>;

    /// Returns a path inside an image.
    fn file_in_image(&mut self, image: &str, path: &str) -> Option<FileFacts>;

    /// Returns all containers, newest first.
    fn containers(&mut self) -> Vec<ContainerFacts>;

    /// Returns the rest about one container.
    fn container_details(&mut self, id: &str) -> Option<ContainerDetails>;

    /// Returns the draft's instructions, each on one line.
    fn draft(&mut self) -> Vec<String>;

    /// Tells what is wrong with a text as a Dockerfile.
    fn parse_dockerfile(&mut self, text: &str) -> Result<(), String>;

    /// Shows or hides what lines write from now on; returns whether it was hidden. A console
    /// that never shows anything has nothing to hide.
    fn hide(&mut self, _hidden: bool) -> bool {
        true
    }

    /// Returns what containers left outside the store: processes, mounts, cgroups, namespaces.
    fn leftovers(&mut self) -> Vec<String>;
}
