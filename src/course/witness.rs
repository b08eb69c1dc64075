//! Evidence for the checks: the stage's record of this step, and the console for the rest.

use std::cell::RefCell;

use super::console::Console;
use super::http;
use super::stage::Stage;
use crate::build::BuildReport;
use crate::digest::Digest;
use crate::lesson::{
    ContainerDetails, ContainerFacts, Evidence, FileFacts, HttpFacts, ImageFacts, Outcome, question,
};

/// A stage and its console, asked together.
pub(super) struct Witness<'a> {
    stage: &'a Stage,
    // Looking may need the worker, so consoles want `&mut`; evidence is only looked at.
    console: RefCell<&'a mut dyn Console>,
}

impl<'a> Witness<'a> {
    pub fn new(stage: &'a Stage, console: &'a mut dyn Console) -> Self {
        Self {
            stage,
            console: RefCell::new(console),
        }
    }
}

impl Evidence for Witness<'_> {
    fn last_command(&self, verb: Option<&str>) -> Option<&Outcome> {
        let fits = |outcome: &&Outcome| verb.is_none_or(|verb| outcome.verb == verb);
        self.stage.record().commands.iter().rev().find(fits)
    }

    fn last_build(&self) -> Option<&BuildReport> {
        let mut commands = self.stage.record().commands.iter().rev();
        commands.find_map(|outcome| outcome.build.as_ref())
    }

    fn build_is_current(&self) -> bool {
        self.stage.build_is_current()
    }

    fn image(&self, name: &str) -> Option<ImageFacts> {
        self.console.borrow_mut().image(name)
    }

    fn base_layers(&self, image: &ImageFacts) -> Option<usize> {
        let names = &self.stage.lesson().images;
        let bases = names.iter().filter_map(|name| self.image(name));
        bases
            .filter(|base| image.layers.starts_with(&base.layers))
            .map(|base| base.layers.len())
            .max()
    }

    fn file_in_image(&self, image: &str, path: &str) -> Option<FileFacts> {
        self.console.borrow_mut().file_in_image(image, path)
    }

    fn containers(&self) -> Vec<ContainerFacts> {
        self.console.borrow_mut().containers()
    }

    fn container_details(&self, id: &str) -> Option<ContainerDetails> {
        self.console.borrow_mut().container_details(id)
    }

    fn draft(&self) -> Vec<String> {
        self.console.borrow_mut().draft()
    }

    fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.stage.folder().read(path)
    }

    fn file_at(&self, path: &str, step: &str) -> Option<Digest> {
        self.stage.file_at(path, step)
    }

    fn parse_dockerfile(&self, text: &str) -> Result<(), String> {
        self.console.borrow_mut().parse_dockerfile(text)
    }

    fn http(&self, url: &str) -> HttpFacts {
        http::get(url)
    }

    fn predicted(&self, item: &str) -> Option<String> {
        let question = question(&self.stage.step().check)?;
        let prediction = self.stage.record().prediction.as_ref()?;
        prediction.of(&question, item).map(str::to_owned)
    }

    fn scored(&self) -> bool {
        self.stage.record().score.is_some()
    }
}
