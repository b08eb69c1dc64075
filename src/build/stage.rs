//! A stage while it is built: its layers, its config, and the key everything above stands on.

use crate::digest::{CacheKey, DiffId, Digest};
use crate::layers::{Image, ImageConfig, Store};
use crate::plan::{self, BaseInfo, CacheRecord, Chain, ConfigChange, LayerStep, Step, StepNumber};

use super::error::BuildError;
use super::{settings, times};

/// A stage while it is built.
#[derive(Clone)]
pub(super) struct Stage {
    pub chain: Chain,
    pub layers: Vec<DiffId>,
    pub config: ImageConfig,
    pub cmd_set: bool,
    /// What came with the base image: the entries of its history, and its time.
    inherited: (usize, Option<String>),
}

impl Stage {
    /// Begins a stage on nothing.
    pub fn on_nothing(from: StepNumber) -> Self {
        Self {
            chain: Chain::new(CacheKey(Digest::of(b"scratch")), from, Vec::new()),
            layers: Vec::new(),
            config: scratch_config(),
            cmd_set: false,
            inherited: (0, None),
        }
    }

    /// Begins a stage on an image.
    pub fn on_image(image: &Image, from: StepNumber) -> Self {
        Self {
            chain: Chain::new(CacheKey(image.id.0), from, image.layers.clone()),
            layers: image.layers.clone(),
            config: child_config(&image.config),
            cmd_set: false,
            inherited: (image.config.history.len(), image.config.created.clone()),
        }
    }

    /// Begins a stage on one that is finished.
    pub fn on_stage(below: &Self) -> Self {
        Self {
            cmd_set: false,
            config: child_config(&below.config),
            ..below.clone()
        }
    }

    /// Makes an image of the stage as far as it has come.
    pub fn put_image(&self, store: &Store) -> Result<Image, BuildError> {
        let mut config = self.config.clone();
        let (entries, time) = &self.inherited;
        times::fill_in(&mut config.history, *entries, time.as_deref());
        Ok(store.put_image(&config, &self.layers)?)
    }

    /// Returns the stage as if a LABEL stood at its end.
    pub fn labelled(&self, labels: &[(String, String)]) -> Self {
        let mut stage = self.clone();
        if !labels.is_empty() {
            let change = ConfigChange::Labels(labels.to_vec());
            settings::apply(&change, &mut stage.config, &mut stage.cmd_set);
            stage
                .config
                .history
                .extend(settings::config_history(&change));
        }
        stage
    }

    /// Puts a finished layer on top.
    pub fn advance(&mut self, step: &Step, layer: &LayerStep, record: &CacheRecord) {
        self.chain
            .advance(step, layer, Some(record.key), Some(record.layer));
        self.layers.push(record.layer);
        let created = timestamp(record.created);
        self.config.created.clone_from(&created);
        self.config
            .history
            .push(settings::layer_history(layer, created));
        if let LayerStep::Workdir(workdir) = layer {
            self.config.config.working_dir.clone_from(&workdir.path);
        }
    }
}

/// Returns what planning has to know of an image.
pub fn base_info(image: &Image) -> BaseInfo {
    let settings = &image.config.config;
    let pair = |line: &String| {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        (name.to_owned(), value.to_owned())
    };
    BaseInfo {
        id: image.id,
        env: settings.env.iter().map(pair).collect(),
        workdir: settings.working_dir.clone(),
        user: settings.user.clone(),
        shell: settings.shell.clone(),
        triggers: settings.on_build.clone(),
    }
}

/// Returns the config that a child of an image begins with: all of it but what was left for the
/// child, which its own children do not get.
fn child_config(base: &ImageConfig) -> ImageConfig {
    let mut config = base.clone();
    config.config.on_build.clear();
    config
}

fn scratch_config() -> ImageConfig {
    let platform = plan::platform();
    let (os, architecture) = platform.split_once('/').unwrap_or(("linux", "amd64"));
    let mut config = ImageConfig {
        os: os.to_owned(),
        architecture: architecture.to_owned(),
        ..ImageConfig::default()
    };
    config.config.env = vec![format!("PATH={}", crate::runtime::spec::DEFAULT_PATH)];
    "/".clone_into(&mut config.config.working_dir);
    config
}

fn timestamp(seconds: i64) -> Option<String> {
    Some(jiff::Timestamp::from_second(seconds).ok()?.to_string())
}
