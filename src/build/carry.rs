//! Carrying one step out: reuse the layer that is recorded for its key, or make it.

use std::cell::RefCell;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::board::{Board, Claim, Needs};
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
    self, Asked, Base, CacheRecord, CopyFrom, CopyStep, Ingredients, Judged, LayerStep, RunStep,
    Step, StepKind, Twins, asked_files,
};
use crate::reference::ImageReference;

/// All that the stages of a build have in common.
pub(super) struct Work<'b> {
    builder: &'b Builder<'b>,
    prepared: &'b Prepared,
    input: &'b BuildInput,
    twins: Twins,
    /// What the steps ask about.
    pub world: BuildWorld<'b>,
    /// What the stages know of each other.
    pub board: Board,
}

impl<'b> Work<'b> {
    /// Begins a build.
    pub fn new(
        builder: &'b Builder<'b>,
        prepared: &'b Prepared,
        input: &'b BuildInput,
    ) -> Result<Self, BuildError> {
        let image = |name: &ImageReference| Some(prepared.bases.get(&name.to_string())?.id);
        let twins = if input.no_cache {
            // Everybody makes everything.
            Twins::new()
        } else {
            plan::twins(&prepared.plan, &image)
        };
        let board = Board::new().map_err(|source| BuildError::System {
            doing: "make a pipe",
            source,
        })?;
        Ok(Self {
            builder,
            prepared,
            input,
            twins,
            world: builder.world(input)?,
            board,
        })
    }

    /// Returns the steps, in the order of the file.
    pub fn steps(&self) -> &'b [Step] {
        &self.prepared.plan.steps
    }

    /// Tells whether steps are carried out one after the other, whatever could be done at once: so
    /// that it is always the first MISS of the file that is told.
    pub fn is_one_by_one(&self) -> bool {
        self.input.expect_cached
    }

    /// Returns a step's row before anything is known of it.
    pub fn row(&self, step: &Step) -> StepReport {
        self.builder.row(&self.prepared.plan, step)
    }

    /// Returns the row of a step that was stopped; of one that was at work it says for how long.
    pub fn stopped(&self, step: &Step, so_far: &StepReport) -> StepReport {
        StepReport {
            millis: so_far.millis,
            ..self.row(step)
        }
    }

    /// Returns what has to be finished before a step can be looked at.
    pub fn needs(&self, step: &Step) -> Needs {
        let stages = match &step.kind {
            StepKind::From(Base::Stage(below)) => vec![*below],
            StepKind::Layer(layer) => {
                let asked = asked_files(layer).into_iter();
                let stage = |asked: Asked<'_>| match asked.copy.from {
                    CopyFrom::Stage(stage) => Some(stage),
                    _ => None,
                };
                asked.filter_map(stage).collect()
            }
            _ => Vec::new(),
        };
        let twin = self.twins.get(&step.id()).copied();
        Needs { stages, twin }
    }
}

/// One stage on its way.
pub(super) struct StageBuild<'w> {
    work: &'w Work<'w>,
    /// Its index and what it has come to; none before FROM.
    stage: Option<(usize, Stage)>,
    /// What is worth a line beside the steps.
    notes: RefCell<Vec<String>>,
}

/// What came of looking at a step.
pub(super) enum Begun {
    /// It is done: nothing had to be made.
    Done,
    /// It has to be made.
    ToMake(Box<Looked>),
    /// It cannot be, as its row tells.
    Failed,
}

/// What was found out about a step that has to be made.
pub(super) struct Looked {
    since: Instant,
    taken: Taken,
    judged: Judged,
}

impl<'w> StageBuild<'w> {
    /// Begins a stage.
    pub fn new(work: &'w Work<'w>) -> Self {
        Self {
            work,
            stage: None,
            notes: RefCell::default(),
        }
    }

    /// Returns the stage's index and what it has come to, and the lines beside its steps.
    pub fn finish(self) -> (Option<(usize, Stage)>, Vec<String>) {
        (self.stage, self.notes.into_inner())
    }

    /// Carries a step out as far as that goes without making a layer, and fills in its row.
    pub fn begin(&mut self, step: &Step, row: &mut StepReport) -> Result<Begun, BuildError> {
        let Some(index) = step.stage else {
            row.state = StepState::Meta;
            return Ok(Begun::Done);
        };
        match &step.kind {
            StepKind::NotNeeded | StepKind::Unsupported(_) => return Ok(Begun::Done),
            StepKind::From(base) => {
                let stage = match base {
                    Base::Stage(below) => Stage::on_stage(&self.work.board.stage(*below)),
                    _ => self.work.prepared.start(step),
                };
                self.stage = Some((index, stage));
                self.work.builder.base_row(base, self.work.prepared, row)?;
            }
            StepKind::Config(change) => {
                let stage = self.stage_mut();
                settings::apply(change, &mut stage.config, &mut stage.cmd_set);
                let history = settings::config_history(change);
                stage.config.history.extend(history);
                row.state = StepState::Meta;
            }
            StepKind::Layer(layer) => match self.look(step, layer, row) {
                Ok(looked) => match &looked.judged.record {
                    Some(record) => {
                        self.work.builder.cache.mark_used(record.key);
                        self.advance(step, layer, record, looked.since, row);
                    }
                    None if self.work.input.expect_cached => {
                        row.state = StepState::Fail;
                        row.failure = Some(self.work.builder.not_reused(step.number));
                        return Ok(Begun::Failed);
                    }
                    None => return Ok(Begun::ToMake(Box::new(looked))),
                },
                Err(error) => return self.failed(&error, row),
            },
        }
        self.end(row)
    }

    /// Makes what a step has to make, and fills in its row.
    pub fn make(
        &mut self,
        step: &Step,
        looked: Looked,
        row: &mut StepReport,
        events: Events<'_>,
    ) -> Result<Begun, BuildError> {
        let StepKind::Layer(layer) = &step.kind else {
            return Ok(Begun::Done);
        };
        match self.layer(step, layer, looked, row, events) {
            Err(error) => self.failed(&error, row),
            Ok(()) if row.state == StepState::Fail => Ok(Begun::Failed),
            Ok(()) => self.end(row),
        }
    }

    fn end(&self, row: &mut StepReport) -> Result<Begun, BuildError> {
        row.image = Some(self.stage().put_image(self.work.builder.store)?.id);
        Ok(Begun::Done)
    }

    /// Writes a failure into a step's row. That of another stage is none of its own.
    fn failed(&self, error: &BuildError, row: &mut StepReport) -> Result<Begun, BuildError> {
        if let BuildError::Stopped = error {
            return Err(BuildError::Stopped);
        }
        row.state = StepState::Fail;
        row.failure = Some(self.work.builder.failure(error));
        Ok(Begun::Failed)
    }

    fn stage(&self) -> &Stage {
        &self.stage.as_ref().expect("FROM comes first").1
    }

    fn stage_mut(&mut self) -> &mut Stage {
        &mut self.stage.as_mut().expect("FROM comes first").1
    }

    /// Asks the cache about a step.
    fn look(
        &self,
        step: &Step,
        layer: &LayerStep,
        row: &mut StepReport,
    ) -> Result<Looked, BuildError> {
        let since = Instant::now();
        let taken = self.taken(layer)?;
        let judged = self.judge(step, layer, &taken, row)?;
        Ok(Looked {
            since,
            taken,
            judged,
        })
    }

    fn judge(
        &self,
        step: &Step,
        layer: &LayerStep,
        taken: &Taken,
        row: &mut StepReport,
    ) -> Result<Judged, BuildError> {
        let (chain, world) = (&self.stage().chain, &self.work.world);
        let may_reuse = self.may_reuse(row);
        let judged = chain.judge(step, layer, &taken.files, may_reuse, world);
        self.work.builder.judged_row(&judged, row)?;
        Ok(judged)
    }

    fn may_reuse(&self, row: &StepReport) -> bool {
        self.work.input.may_reuse(row.stage_name.as_deref())
    }

    fn layer(
        &mut self,
        step: &Step,
        layer: &LayerStep,
        looked: Looked,
        row: &mut StepReport,
        events: Events<'_>,
    ) -> Result<(), BuildError> {
        let (number, text) = (step.number, step.text.clone());
        let Looked {
            since,
            taken,
            judged,
        } = looked;
        let key = judged.key.expect("a build knows every key");
        let claim = self.may_reuse(row).then(|| self.work.board.claim(key));
        let making = match claim.transpose()? {
            Some(Claim::Granted(making)) => Some(making),
            Some(Claim::Made) => {
                // Another stage came to the same step by other words.
                let again = self.judge(step, layer, &taken, row)?;
                if let Some(record) = &again.record {
                    self.advance(step, layer, record, since, row);
                    return Ok(());
                }
                None
            }
            None => None,
        };
        events(BuildEvent::Started { number, text });
        let made = self.carry_out(step, layer, &taken, row, events);
        if let Err(BuildError::Stopped) = made {
            row.millis = Some(millis(since));
        }
        let made = made?;
        let Some(made) = made else { return Ok(()) };
        row.layer = Some(layer_report(&made));
        let record = CacheRecord {
            key,
            layer: made.diff_id,
            text: step.text.clone(),
            created: self.work.builder.now(),
            millis: millis(since),
            origin: None,
        };
        let below = self.stage().chain.below();
        let below = below.expect("a build knows every key");
        let ingredients = Ingredients::of(layer, &below, &taken.files);
        self.work.builder.cache.remember(&record, &ingredients)?;
        if let Some(making) = making {
            making.done();
        }
        self.advance(step, layer, &record, since, row);
        Ok(())
    }

    /// Puts a layer that was made or found on top.
    fn advance(
        &mut self,
        step: &Step,
        layer: &LayerStep,
        record: &CacheRecord,
        since: Instant,
        row: &mut StepReport,
    ) {
        row.millis = Some(millis(since));
        self.stage_mut().advance(step, layer, record);
        self.work.board.finish_step(step.id());
    }

    /// Finds out what a COPY takes, and what the mounts of a RUN show.
    fn taken(&self, layer: &LayerStep) -> Result<Taken, BuildError> {
        let (store, world) = (self.work.builder.store, &self.work.world);
        let layers_of = |stage: usize| self.work.board.stage(stage).layers;
        let LayerStep::Copy(copy) = layer else {
            let (shown, files) = shown::find(store, layer, &layers_of, world)?;
            return Ok(Taken {
                files,
                shown,
                ..Taken::default()
            });
        };
        let layers = match &copy.from {
            CopyFrom::Context | CopyFrom::Folder(_) => {
                let selections = world.select(copy)?;
                let mut files = world.ingredients(copy, &selections)?;
                let downloads = world.look(copy)?;
                files.extend(downloads.iter().map(fetched));
                let commits = world.commits(copy)?;
                files.extend(commits.iter().map(committed));
                return Ok(Taken {
                    selections,
                    files,
                    downloads,
                    commits,
                    ..Taken::default()
                });
            }
            CopyFrom::Stage(stage) => layers_of(*stage),
            CopyFrom::Image(_) => world.image_layers(copy)?,
        };
        let stack = store.stack(&layers)?;
        let files = layer_ingredients(&stack, &world.layer_trees(&stack, copy)?)?;
        Ok(Taken {
            files,
            layers: Some(layers),
            ..Taken::default()
        })
    }

    /// Makes the step's layer; none if it ran and failed, which `row` then tells.
    fn carry_out(
        &self,
        step: &Step,
        layer: &LayerStep,
        taken: &Taken,
        row: &mut StepReport,
        events: Events<'_>,
    ) -> Result<Option<Layer>, BuildError> {
        let (stage, builder, world) = (self.stage(), self.work.builder, &self.work.world);
        let below = if layer.is_linked() {
            &[][..]
        } else {
            &stage.layers
        };
        let below = builder.store.stack(below)?;
        match layer {
            LayerStep::Workdir(dir) => {
                workdir(builder.store, &below, dir, builder.times()).map(Some)
            }
            LayerStep::Copy(copy) => {
                let unchanged = unchanged(step, layer, stage, &taken.files, world);
                let place = (&below, step.lines.0);
                self.copy(copy, taken, place, unchanged).map(Some)
            }
            LayerStep::Run(run) => {
                let place = Workplace {
                    store: builder.store,
                    below: &below,
                    ids: builder.ids,
                    times: builder.times(),
                    supply: Supply {
                        files: &taken.shown,
                        supplies: world.supplies(),
                    },
                    stop: &self.work.board.stop,
                };
                builder.run(step, run, &place, row, events)
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
        let (builder, world) = (self.work.builder, &self.work.world);
        let store = builder.store;
        let stack = |ids: &Vec<_>| store.stack(ids);
        let from = taken.layers.as_ref().map(stack).transpose()?;
        let mut trees: Vec<Tree> = match &from {
            Some(stack) => world.layer_trees(stack, copy)?,
            None => copy::from_context(&taken.selections),
        };
        for download in &taken.downloads {
            let (download, path) = world.fetch(download)?;
            trees.push(copy::from_download(&download, path));
        }
        let mut folders = Vec::new();
        for commit in &taken.commits {
            let folder = store.scratch()?;
            trees.extend(world.check_out(commit, copy, folder.path())?);
            folders.push(folder);
        }
        if let Some(add) = &copy.add {
            unpack(store, add, &mut trees)?;
            let note = builder.device_note(line, &trees);
            self.notes.borrow_mut().extend(note);
        }
        let reader = Reader {
            layers: from.as_ref(),
            unchanged,
            stop: &self.work.board.stop,
        };
        copy::copy(store, below, copy, trees, &reader, builder.times())
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
