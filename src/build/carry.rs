//! Carrying one step out: reuse the layer that is recorded for its key, or make it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::builder::{BuildInput, Builder, Events, Prepared, millis};
use super::copy::{self, Reader, Times, Tree};
use super::error::BuildError;
use super::mounts::Supply;
use super::report::{BuildEvent, StepReport, StepState};
use super::rows::layer_report;
use super::run::{self, Ran, Workplace};
use super::settings;
use super::shown;
use super::stage::Stage;
use super::taken::{Taken, unchanged};
use super::unpack::unpack;
use super::workdir::workdir;
use super::world::{BuildWorld, committed, fetched, layer_ingredients};
use crate::layers::{Layer, Stack};
use crate::plan::{
    Base, CacheRecord, CopyFrom, CopyStep, Ingredients, LayerStep, RunStep, Step, StepKind,
};

/// A build on its way: what was worked out before it, and what has come of it so far.
pub(super) struct Progress<'b> {
    builder: &'b Builder<'b>,
    prepared: &'b Prepared,
    input: &'b BuildInput,
    /// By index, the stages that were begun.
    stages: HashMap<usize, Stage>,
    /// What the steps ask about.
    pub world: BuildWorld<'b>,
    /// What is worth a line beside the steps.
    pub notes: RefCell<Vec<String>>,
}

impl<'b> Progress<'b> {
    /// Begins a build.
    pub fn new(
        builder: &'b Builder<'b>,
        prepared: &'b Prepared,
        input: &'b BuildInput,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            builder,
            prepared,
            input,
            stages: HashMap::new(),
            world: builder.world(input)?,
            notes: RefCell::default(),
        })
    }

    /// Returns a stage that was begun.
    pub fn stage(&self, index: usize) -> &Stage {
        &self.stages[&index]
    }

    /// Carries a step out, or reuses what it made before, and fills in its row.
    pub fn take(
        &mut self,
        step: &Step,
        row: &mut StepReport,
        events: Events<'_>,
    ) -> Result<(), BuildError> {
        let Some(index) = step.stage else {
            row.state = StepState::Meta;
            return Ok(());
        };
        match &step.kind {
            StepKind::NotNeeded | StepKind::Unsupported(_) => return Ok(()),
            StepKind::From(base) => {
                let stage = match base {
                    Base::Stage(below) => Stage::on_stage(&self.stages[below]),
                    _ => self.prepared.start(step),
                };
                self.stages.insert(index, stage);
                self.builder.base_row(base, self.prepared, row)?;
            }
            StepKind::Config(change) => {
                let stage = self.stages.get_mut(&index).expect("FROM comes first");
                settings::apply(change, &mut stage.config, &mut stage.cmd_set);
                let history = settings::config_history(change);
                stage.config.history.extend(history);
                row.state = StepState::Meta;
            }
            StepKind::Layer(layer) => {
                let outcome = self.layer(step, layer, row, events);
                if let Err(error) = outcome {
                    row.state = StepState::Fail;
                    row.failure = Some(self.builder.failure(&error));
                }
                if row.state == StepState::Fail {
                    return Ok(());
                }
            }
        }
        row.image = Some(self.stages[&index].put_image(self.builder.store)?.id);
        Ok(())
    }

    fn layer(
        &mut self,
        step: &Step,
        layer: &LayerStep,
        row: &mut StepReport,
        events: Events<'_>,
    ) -> Result<(), BuildError> {
        let started = Instant::now();
        let index = step.stage.unwrap_or_default();
        let taken = self.taken(layer)?;
        let stage = &self.stages[&index];
        let may_reuse = self.input.may_reuse(row.stage_name.as_deref());
        let judged = stage
            .chain
            .judge(step, layer, &taken.files, may_reuse, &self.world);
        self.builder.judged_row(&judged, row)?;
        let record = if let Some(record) = &judged.record {
            record.clone()
        } else if self.input.expect_cached {
            row.state = StepState::Fail;
            row.failure = Some(self.builder.not_reused(step.number));
            return Ok(());
        } else {
            let (number, text) = (step.number, step.text.clone());
            events(BuildEvent::Started { number, text });
            let made = self.make(step, layer, &taken, row, events)?;
            let Some(made) = made else { return Ok(()) };
            row.layer = Some(layer_report(&made));
            let record = CacheRecord {
                key: judged.key.expect("a build knows every key"),
                layer: made.diff_id,
                text: step.text.clone(),
                created: self.builder.now(),
                millis: millis(started),
                origin: None,
            };
            let below = stage.chain.below().expect("a build knows every key");
            let ingredients = Ingredients::of(layer, &below, &taken.files);
            self.builder.cache.remember(&record, &ingredients)?;
            record
        };
        row.millis = Some(millis(started));
        let stage = self.stages.get_mut(&index);
        let stage = stage.expect("the stage was looked at above");
        stage.advance(step, layer, &record);
        Ok(())
    }

    /// Finds out what a COPY takes, and what the mounts of a RUN show.
    fn taken(&mut self, layer: &LayerStep) -> Result<Taken, BuildError> {
        let LayerStep::Copy(copy) = layer else {
            let layers_of = |stage: usize| self.stages[&stage].layers.clone();
            let store = self.builder.store;
            let (shown, files) = shown::find(store, layer, &layers_of, &mut self.world)?;
            return Ok(Taken {
                files,
                shown,
                ..Taken::default()
            });
        };
        let layers = match &copy.from {
            CopyFrom::Context | CopyFrom::Folder(_) => {
                let selections = self.world.select(copy)?;
                let mut files = self.world.ingredients(copy, &selections)?;
                let downloads = self.world.look(copy)?;
                files.extend(downloads.iter().map(fetched));
                let commits = self.world.commits(copy)?;
                files.extend(commits.iter().map(committed));
                return Ok(Taken {
                    selections,
                    files,
                    downloads,
                    commits,
                    ..Taken::default()
                });
            }
            CopyFrom::Stage(stage) => self.stages[stage].layers.clone(),
            CopyFrom::Image(_) => self.world.image_layers(copy)?,
        };
        let stack = self.builder.store.stack(&layers)?;
        let files = layer_ingredients(&stack, &self.world.layer_trees(&stack, copy)?)?;
        Ok(Taken {
            files,
            layers: Some(layers),
            ..Taken::default()
        })
    }

    /// Makes the step's layer; none if it ran and failed, which `row` then tells.
    fn make(
        &self,
        step: &Step,
        layer: &LayerStep,
        taken: &Taken,
        row: &mut StepReport,
        events: Events<'_>,
    ) -> Result<Option<Layer>, BuildError> {
        let stage = &self.stages[&step.stage.unwrap_or_default()];
        let below = if layer.is_linked() {
            &[][..]
        } else {
            &stage.layers
        };
        let below = self.builder.store.stack(below)?;
        match layer {
            LayerStep::Workdir(dir) => {
                let times = self.builder.times();
                workdir(self.builder.store, &below, dir, times).map(Some)
            }
            LayerStep::Copy(copy) => {
                let unchanged = unchanged(step, layer, stage, &taken.files, &self.world);
                let place = (&below, step.lines.0);
                self.copy(copy, taken, place, unchanged).map(Some)
            }
            LayerStep::Run(run) => {
                let place = Workplace {
                    store: self.builder.store,
                    below: &below,
                    ids: self.builder.ids,
                    times: self.builder.times(),
                    supply: Supply {
                        files: &taken.shown,
                        supplies: self.world.supplies(),
                    },
                };
                self.builder.run(step, run, &place, row, events)
            }
        }
    }

    fn copy(
        &self,
        copy: &CopyStep,
        taken: &Taken,
        (below, line): (&Stack, usize),
        unchanged: copy::Unchanged,
    ) -> Result<Layer, BuildError> {
        let store = self.builder.store;
        let stack = |ids: &Vec<_>| store.stack(ids);
        let from = taken.layers.as_ref().map(stack).transpose()?;
        let mut trees: Vec<Tree> = match &from {
            Some(stack) => self.world.layer_trees(stack, copy)?,
            None => copy::from_context(&taken.selections),
        };
        for download in &taken.downloads {
            let (download, path) = self.world.fetch(download)?;
            trees.push(copy::from_download(&download, path));
        }
        let mut folders = Vec::new();
        for commit in &taken.commits {
            let folder = store.scratch()?;
            trees.extend(self.world.check_out(commit, copy, folder.path())?);
            folders.push(folder);
        }
        if let Some(add) = &copy.add {
            unpack(store, add, &mut trees)?;
            let note = self.builder.device_note(line, &trees);
            self.notes.borrow_mut().extend(note);
        }
        let reader = Reader {
            layers: from.as_ref(),
            unchanged,
        };
        copy::copy(store, below, copy, trees, &reader, self.builder.times())
    }
}

impl Builder<'_> {
    fn run(
        &self,
        step: &Step,
        run: &RunStep,
        place: &Workplace<'_>,
        row: &mut StepReport,
        events: Events<'_>,
    ) -> Result<Option<Layer>, BuildError> {
        if let Some(reason) = &self.no_namespaces {
            return Err(BuildError::NoNamespaces(reason.clone()));
        }
        let number = step.number;
        let mut output = |stderr, bytes: &[u8]| {
            let bytes = bytes.to_vec();
            events(BuildEvent::Output {
                number,
                stderr,
                bytes,
            });
        };
        match run::run(place, run, &mut output)? {
            Ran::Layer(layer) => Ok(Some(*layer)),
            Ran::Failed { exit, output } => {
                row.state = StepState::Fail;
                row.failure = Some(self.run_failure(run, place.below, exit, output));
                Ok(None)
            }
        }
    }

    fn times(&self) -> Times {
        Times {
            now: self.now(),
            latest: self.epoch,
        }
    }

    fn now(&self) -> i64 {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_secs());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        self.epoch.map_or(now, |latest| now.min(latest))
    }
}
