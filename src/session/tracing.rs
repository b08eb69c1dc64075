//! Following bytes and paths through the layers of an image, back to the steps that made them.

use serde::{Deserialize, Serialize};

use super::worker::Request;
use super::{FileChange, Result, Session};
use crate::build::{BuildReport, StepState};
use crate::digest::DiffId;
use crate::layers::{Image, Loss, Waste};

/// Who made a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Maker {
    /// The step of the build; none for an image that strata did not build.
    pub step: Option<usize>,
    /// The layer, from 1.
    pub layer: usize,
    /// The instruction, as far as it is known.
    pub text: String,
}

/// Bytes that could be got back, and who is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WastedPath {
    /// The path, absolute; a folder ends with `/`.
    pub path: String,
    /// How many bytes.
    pub size: u64,
    /// In how many files.
    pub files: u64,
    /// Deleted, replaced or doubled.
    pub how: Loss,
    /// Who brought them.
    pub added: Maker,
    /// Who hides or doubles them.
    pub hidden: Maker,
}

/// What of an image could be got back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WasteReport {
    /// Bytes of content in all layers.
    pub size: u64,
    /// Bytes that could be got back.
    pub waste: u64,
    /// Where they are, the most first.
    pub paths: Vec<WastedPath>,
}

/// What a layer does to a path, or in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// The layer, counted from 0.
    pub layer: usize,
    /// What it does to the path itself.
    pub change: Option<FileChange>,
    /// How many paths within it changes.
    pub within: u64,
}

/// What a step did to a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathStep {
    /// The step.
    pub by: Maker,
    /// What it did to the path itself.
    pub change: Option<FileChange>,
    /// How many paths within it changed.
    pub within: u64,
}

impl Session {
    /// Says what of an image could be got back. `report` is of the build that made it.
    pub fn waste(&self, image: &Image, report: Option<&BuildReport>) -> Result<WasteReport> {
        let base = base_layers(image, report);
        let request = Request::Waste(image.layers.clone(), base);
        let found: Vec<Waste> = self.ask(request, None, &mut |_| {})?;
        let makers = makers(image, report);
        let path = |waste: Waste| WastedPath {
            path: waste.path,
            size: waste.size,
            files: waste.files,
            how: waste.how,
            added: makers[waste.added].clone(),
            hidden: makers[waste.hidden].clone(),
        };
        Ok(WasteReport {
            size: self.layers(image)?.iter().map(|layer| layer.size).sum(),
            waste: found.iter().map(|waste| waste.size).sum(),
            paths: found.into_iter().map(path).collect(),
        })
    }

    /// Says which steps of an image touched a path.
    pub fn path_log(
        &self,
        image: &Image,
        report: Option<&BuildReport>,
        path: &str,
    ) -> Result<Vec<PathStep>> {
        let request = Request::PathLog(image.layers.clone(), path.to_owned());
        let touched: Vec<Touch> = self.ask(request, None, &mut |_| {})?;
        let makers = makers(image, report);
        let step = |touch: Touch| PathStep {
            by: makers[touch.layer].clone(),
            change: touch.change,
            within: touch.within,
        };
        Ok(touched.into_iter().map(step).collect())
    }
}

/// Returns who made each layer: the steps of the build, else the lines of the history.
fn makers(image: &Image, report: Option<&BuildReport>) -> Vec<Maker> {
    let mut lines = image.config.history.iter().filter(|line| !line.empty_layer);
    let layers = image.layers.iter().enumerate();
    let maker = |(index, id): (usize, &DiffId)| {
        let line = lines.next().and_then(|line| line.created_by.clone());
        let step = report.and_then(|report| {
            let has = |layer: &crate::build::LayerReport| layer.diff_ids.contains(id);
            let mut steps = report.steps.iter();
            steps.find(|step| step.layer.as_ref().is_some_and(has))
        });
        Maker {
            step: step.map(|step| step.number),
            layer: index + 1,
            text: step.map_or_else(|| line.unwrap_or_default(), |step| step.text.clone()),
        }
    };
    layers.map(maker).collect()
}

/// Counts the layers of the base image; none are known for an image that strata did not build.
fn base_layers(image: &Image, report: Option<&BuildReport>) -> usize {
    let steps = report.into_iter().flat_map(|report| &report.steps);
    let bases = steps.filter(|step| step.state == StepState::Base);
    let base = bases.filter_map(|step| step.layer.as_ref());
    let begins = base.filter(|base| image.layers.starts_with(&base.diff_ids));
    begins.map(|base| base.diff_ids.len()).max().unwrap_or(0)
}
