//! The loop over the steps of a plan: reuse the recorded layer, or make it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::base::{Images, PracticeSettings};
use super::cache::BuildCache;
use super::copy::{self, Reader, Times, Tree, Unchanged};
use super::error::{BuildError, ImageError};
use super::mounts::Supply;
use super::notes::{notes, remarks};
use super::permission;
use super::report::{BuildEvent, BuildReport, LayerReport, StepFailure, StepReport, StepState};
use super::run::{self, Ran, Workplace};
use super::settings;
use super::shown;
use super::supplies::Supplies;
use super::times;
use super::workdir::workdir;
use super::world::{BuildWorld, layer_ingredients};
use crate::digest::{CacheKey, DiffId, Digest};
use crate::language::Language;
use crate::layers::{Image, ImageConfig, Layer, Store};
use crate::parser;
use crate::plan::context::{Rights, Selection};
use crate::plan::ignore::Ignore;
use crate::plan::{
    self, Base, BaseInfo, CacheRecord, Chain, ConfigChange, CopyFrom, FileIngredient, Ingredients,
    Judged, LayerStep, MissReason, Plan, PlanFailure, PlanOptions, Step, StepKind, Verdict,
    asked_files, forecast,
};
use crate::reference::ImageReference;
use crate::runtime::{IdMode, NoNamespaces};
use crate::source::Source;

/// What is to be built.
#[derive(Debug, Clone)]
pub struct BuildInput {
    /// The Dockerfile.
    pub source: Source,
    /// The folder COPY takes files from.
    pub context: Option<PathBuf>,
    /// The name and text of the ignore file.
    pub ignore: Option<(String, String)>,
    /// The folder whose builds this one is compared with, absolute.
    pub history: PathBuf,
    /// `--target` and `--build-arg`.
    pub options: PlanOptions,
    /// The names for the image.
    pub tags: Vec<ImageReference>,
    /// `--no-cache`.
    pub no_cache: bool,
    /// `--no-cache-filter`: stages whose steps are run again.
    pub no_cache_filter: Vec<String>,
    /// `--label`: added to the image at the end.
    pub labels: Vec<(String, String)>,
    /// `--secret` and `--ssh`.
    pub supplies: Supplies,
}

impl BuildInput {
    /// Tells whether the steps of a stage may be reused.
    fn may_reuse(&self, stage: Option<&str>) -> bool {
        let is_named = |name: &String| stage.is_some_and(|stage| name.eq_ignore_ascii_case(stage));
        !self.no_cache && !self.no_cache_filter.iter().any(is_named)
    }
}

/// What a build needs beside its input.
pub struct Builder<'a> {
    /// Where images and layers are.
    pub store: &'a Store,
    /// What earlier builds left.
    pub cache: &'a BuildCache,
    /// Which ids exist here.
    pub ids: IdMode,
    /// What decides which files of a context may be read.
    pub rights: Rights,
    /// How practice bases are made.
    pub practice: PracticeSettings,
    /// `SOURCE_DATE_EPOCH`.
    pub epoch: Option<i64>,
    /// Why nothing can be run, where that is so.
    pub no_namespaces: Option<NoNamespaces>,
    /// The language of failures.
    pub language: Language,
}

/// A stage while it is built.
#[derive(Clone)]
struct Stage {
    chain: Chain,
    layers: Vec<DiffId>,
    config: ImageConfig,
    cmd_set: bool,
    /// What came with the base image: the entries of its history, and its time.
    inherited: (usize, Option<String>),
}

/// Everything that is worked out before the first step.
struct Prepared {
    plan: Plan,
    bases: HashMap<String, Image>,
    warnings: Vec<parser::Warning>,
}

type Events<'e> = &'e mut dyn FnMut(BuildEvent);

impl Builder<'_> {
    /// Builds. A step that fails is told in the report; an error means that nothing was begun.
    pub fn build(&self, input: &BuildInput, events: Events<'_>) -> Result<BuildReport, BuildError> {
        let started = Instant::now();
        let _hold = self.store.hold()?;
        let prepared = self.prepare(input)?;
        let mut world = self.world(input)?;
        let mut stages: HashMap<usize, Stage> = HashMap::new();
        let mut report = self.report(input);
        for step in &prepared.plan.steps {
            let mut row = self.row(&prepared.plan, step);
            if report.failed().is_none() {
                self.take(
                    step,
                    &prepared,
                    input,
                    &mut stages,
                    &mut world,
                    &mut row,
                    events,
                )?;
            }
            events(BuildEvent::Finished(Box::new(row.clone())));
            report.steps.push(row);
        }
        if report.failed().is_none() {
            let stage = stages[&prepared.plan.target].labelled(&input.labels);
            let image = self.put_image(&stage)?;
            for tag in &input.tags {
                self.store.tag(tag, &image)?;
            }
            if input.tags.is_empty() {
                self.store.list(&image)?;
            }
            report.image = Some(image.id);
            report.tags = input.tags.iter().map(ImageReference::with_tag).collect();
        }
        report.notes = remarks(&prepared.warnings, self.language);
        let about_runs = notes(&prepared.plan, &report, self.ids, self.language);
        report.notes.extend(about_runs);
        report.context = world.looked_at;
        report.millis = millis(started);
        world.store_digests()?;
        self.cache.remember_build(&input.history, &report)?;
        Ok(report)
    }

    /// Says what a build would do. Nothing is executed but the making of a built-in base.
    pub fn forecast(&self, input: &BuildInput) -> Result<BuildReport, BuildError> {
        let prepared = self.prepare(input)?;
        let mut world = self.world(input)?;
        let start = |step: &Step| self.start(step, &prepared).chain;
        let stages = &prepared.plan.stages;
        let name = |step: &Step| stages[step.stage?].name.as_deref();
        let cache = |step: &Step| input.may_reuse(name(step));
        let judged = forecast(&prepared.plan, &cache, &start, &mut world)?;
        let judged: HashMap<usize, Judged> = judged.into_iter().collect();
        let mut report = self.report(input);
        for step in &prepared.plan.steps {
            let mut row = self.row(&prepared.plan, step);
            match (&step.kind, judged.get(&step.number)) {
                (StepKind::From(base), _) => self.base_row(base, &prepared, &mut row)?,
                (StepKind::Config(_), _) => row.state = StepState::Meta,
                (_, Some(judged)) => self.judged_row(judged, &mut row)?,
                _ => {}
            }
            report.steps.push(row);
        }
        report.context = world.looked_at;
        report.notes = remarks(&prepared.warnings, self.language);
        world.store_digests()?;
        Ok(report)
    }

    fn world(&self, input: &BuildInput) -> Result<BuildWorld<'_>, BuildError> {
        let ignore = match &input.ignore {
            Some((_, text)) => Ignore::parse(text)?,
            None => Ignore::default(),
        };
        let (file, context) = (input.source.name(), input.context.clone());
        Ok(BuildWorld::new(
            self.store,
            self.cache,
            file,
            context,
            &input.history,
            ignore,
        )
        .with_rights(self.rights)
        .with_supplies(&input.supplies))
    }

    /// Parses and plans, and refuses what cannot be carried out before anything is.
    fn prepare(&self, input: &BuildInput) -> Result<Prepared, BuildError> {
        let file = parser::parse(&input.source).map_err(BuildError::Parse)?;
        let mut bases: HashMap<String, Image> = HashMap::new();
        let mut find = |reference: &ImageReference| {
            let image = self.image(reference)?;
            let info = base_info(&image);
            bases.insert(reference.to_string(), image);
            Ok(info)
        };
        let plan =
            plan::plan(&file, &input.options, &mut find).map_err(|failure| match failure {
                PlanFailure::Dockerfile(error) => BuildError::Plan(error),
                PlanFailure::Base { span, error } => BuildError::Image {
                    span,
                    error: Box::new(error),
                },
            })?;
        for step in &plan.steps {
            permission::judge(step, &input.options.allowed)?;
            match &step.kind {
                StepKind::Unsupported(what) => {
                    return Err(BuildError::Unsupported {
                        what: what.clone(),
                        span: step.span,
                    });
                }
                StepKind::Layer(layer) => {
                    for asked in asked_files(layer) {
                        if let CopyFrom::Image(reference) = &asked.copy.from {
                            self.image(reference).map_err(|error| BuildError::Image {
                                span: step.span,
                                error: Box::new(error),
                            })?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(Prepared {
            plan,
            bases,
            warnings: file.warnings,
        })
    }

    /// Returns an image, making a built-in base where the name asks for one.
    pub fn image(&self, reference: &ImageReference) -> Result<Image, ImageError> {
        let images = Images::new(self.store, self.cache).with_practice(self.practice.clone());
        images.find(reference, &mut |recipe| {
            self.build_recipe(reference, recipe)
        })
    }

    /// Builds one of the images whose Dockerfiles strata carries with it.
    fn build_recipe(
        &self,
        reference: &ImageReference,
        recipe: &super::practice::BuiltInImage,
    ) -> Result<Image, BuildError> {
        use std::os::unix::fs::PermissionsExt;
        let scratch = self.store.scratch()?;
        let system = |source| BuildError::System {
            doing: "write a built-in image's files",
            source,
        };
        for (path, bytes, mode) in recipe.files {
            let path = scratch.path().join(path);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(system)?;
            }
            std::fs::write(&path, bytes).map_err(system)?;
            let mode = std::fs::Permissions::from_mode(*mode);
            std::fs::set_permissions(&path, mode).map_err(system)?;
        }
        let input = BuildInput {
            source: Source::new(reference.name(), recipe.dockerfile),
            context: Some(scratch.path().to_owned()),
            ignore: None,
            history: Path::new("/built-in").join(reference.name()),
            options: PlanOptions::default(),
            tags: Vec::new(),
            no_cache: false,
            no_cache_filter: Vec::new(),
            labels: Vec::new(),
            supplies: Supplies::default(),
        };
        // Its files have no history of their own: the same recipe makes the same image.
        let builder = Builder {
            epoch: Some(0),
            practice: self.practice.clone(),
            no_namespaces: self.no_namespaces.clone(),
            ..*self
        };
        let report = builder.build(&input, &mut |_| {})?;
        match (report.image, report.failed()) {
            (Some(image), _) => Ok(self.store.image(image)?),
            (None, failed) => Err(BuildError::BuiltIn {
                name: reference.to_string(),
                message: failed
                    .and_then(|step| step.failure.as_ref())
                    .map(|failure| failure.message.clone())
                    .unwrap_or_default(),
            }),
        }
    }

    fn report(&self, input: &BuildInput) -> BuildReport {
        BuildReport {
            file: input.source.name().to_owned(),
            dockerfile: input.source.text().to_owned(),
            steps: Vec::new(),
            image: None,
            tags: Vec::new(),
            context: super::report::ContextReport::default(),
            notes: Vec::new(),
            millis: 0,
        }
    }

    /// Returns a step's row before anything is known of it.
    fn row(&self, plan: &Plan, step: &Step) -> StepReport {
        let stage = step.stage.map(|stage| &plan.stages[stage]);
        let needed = stage.is_none_or(|stage| stage.needed);
        StepReport {
            number: step.number,
            stage: step.stage,
            stage_name: stage.and_then(|stage| stage.name.clone()),
            lines: step.lines,
            text: step.text.clone(),
            state: if needed {
                StepState::Wait
            } else {
                StepState::Skip
            },
            reasons: Vec::new(),
            until: None,
            layer: None,
            key: None,
            millis: None,
            image: None,
            failure: None,
        }
    }

    /// Carries a step out, or reuses what it made before, and fills in its row.
    #[expect(
        clippy::too_many_arguments,
        reason = "the state of the loop, named one by one"
    )]
    fn take(
        &self,
        step: &Step,
        prepared: &Prepared,
        input: &BuildInput,
        stages: &mut HashMap<usize, Stage>,
        world: &mut BuildWorld<'_>,
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
                    Base::Stage(below) => Stage {
                        cmd_set: false,
                        ..stages[below].clone()
                    },
                    _ => self.start(step, prepared),
                };
                stages.insert(index, stage);
                self.base_row(base, prepared, row)?;
            }
            StepKind::Config(change) => {
                let stage = stages.get_mut(&index).expect("FROM comes first");
                settings::apply(change, &mut stage.config, &mut stage.cmd_set);
                let history = settings::config_history(change);
                stage.config.history.push(history);
                row.state = StepState::Meta;
            }
            StepKind::Layer(layer) => {
                let outcome = self.layer(step, layer, input, stages, world, row, events);
                if let Err(error) = outcome {
                    row.state = StepState::Fail;
                    row.failure = Some(self.failure(&error));
                }
                if row.state == StepState::Fail {
                    return Ok(());
                }
            }
        }
        row.image = Some(self.put_image(&stages[&index])?.id);
        Ok(())
    }

    /// Makes an image of a stage as far as it has come.
    fn put_image(&self, stage: &Stage) -> Result<Image, BuildError> {
        let mut config = stage.config.clone();
        let (entries, time) = &stage.inherited;
        times::fill_in(&mut config.history, *entries, time.as_deref());
        Ok(self.store.put_image(&config, &stage.layers)?)
    }

    fn failure(&self, error: &BuildError) -> StepFailure {
        StepFailure {
            exit_code: None,
            message: error.message(self.language),
            help: error.help(self.language),
            output: Vec::new(),
        }
    }

    /// Begins a stage on an image or on nothing.
    fn start(&self, step: &Step, prepared: &Prepared) -> Stage {
        let image = match &step.kind {
            StepKind::From(Base::Image(reference)) => prepared.bases.get(&reference.to_string()),
            _ => None,
        };
        match image {
            Some(image) => Stage {
                chain: Chain::new(CacheKey(image.id.0), step.number, image.layers.clone()),
                layers: image.layers.clone(),
                config: child_config(&image.config),
                cmd_set: false,
                inherited: (image.config.history.len(), image.config.created.clone()),
            },
            None => Stage {
                chain: Chain::new(CacheKey(Digest::of(b"scratch")), step.number, Vec::new()),
                layers: Vec::new(),
                config: scratch_config(),
                cmd_set: false,
                inherited: (0, None),
            },
        }
    }

    fn base_row(
        &self,
        base: &Base,
        prepared: &Prepared,
        row: &mut StepReport,
    ) -> Result<(), BuildError> {
        row.state = StepState::Base;
        let Base::Image(reference) = base else {
            return Ok(());
        };
        let image = &prepared.bases[&reference.to_string()];
        let mut sum = LayerReport {
            diff_ids: image.layers.clone(),
            size: 0,
            files: 0,
            folders: 0,
            deleted: 0,
        };
        for layer in self.store_layers(&image.layers)? {
            sum.size += layer.size;
            sum.files += layer.files;
            sum.folders += layer.folders;
        }
        row.layer = Some(sum);
        row.image = Some(image.id);
        Ok(())
    }

    fn store_layers(&self, ids: &[DiffId]) -> Result<Vec<Layer>, BuildError> {
        let mut layers = Vec::new();
        for id in ids {
            layers.extend(self.store.layer(*id)?);
        }
        Ok(layers)
    }

    fn judged_row(&self, judged: &Judged, row: &mut StepReport) -> Result<(), BuildError> {
        row.key = judged.key;
        match &judged.verdict {
            Verdict::Hit => row.state = StepState::Hit,
            Verdict::Miss(reasons) => {
                row.state = StepState::Miss;
                row.reasons.clone_from(reasons);
                self.name_remade_base(&mut row.reasons);
            }
            Verdict::Unknown { until } => {
                row.state = StepState::Unknown;
                row.until = Some(*until);
            }
        }
        if let Some(record) = &judged.record {
            row.millis = Some(record.millis);
            row.layer = self
                .store
                .layer(record.layer)?
                .map(|layer| layer_report(&layer));
        }
        Ok(())
    }

    /// Adds why a built-in base is another one.
    fn name_remade_base(&self, reasons: &mut [MissReason]) {
        for reason in reasons {
            if let MissReason::BaseChanged { old, new, remade } = reason {
                *remade = Images::new(self.store, self.cache).why_remade(old, new);
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the state of the loop, named one by one"
    )]
    fn layer(
        &self,
        step: &Step,
        layer: &LayerStep,
        input: &BuildInput,
        stages: &mut HashMap<usize, Stage>,
        world: &mut BuildWorld<'_>,
        row: &mut StepReport,
        events: Events<'_>,
    ) -> Result<(), BuildError> {
        let started = Instant::now();
        let index = step.stage.unwrap_or_default();
        let taken = self.taken(layer, stages, world)?;
        let stage = &stages[&index];
        let may_reuse = input.may_reuse(row.stage_name.as_deref());
        let judged = stage
            .chain
            .judge(step, layer, &taken.files, may_reuse, world);
        self.judged_row(&judged, row)?;
        let record = if let Some(record) = &judged.record {
            record.clone()
        } else {
            let (number, text) = (step.number, step.text.clone());
            events(BuildEvent::Started { number, text });
            let made = self.make(step, layer, stage, &taken, world, row, events)?;
            let Some(made) = made else { return Ok(()) };
            row.layer = Some(layer_report(&made));
            let record = CacheRecord {
                key: judged.key.expect("a build knows every key"),
                layer: made.diff_id,
                text: step.text.clone(),
                created: self.now(),
                millis: millis(started),
            };
            let below = stage.chain.key.expect("a build knows every key");
            let ingredients = Ingredients::of(layer, below, &taken.files);
            self.cache.remember(&record, &ingredients)?;
            record
        };
        row.millis = Some(millis(started));
        let stage = stages
            .get_mut(&index)
            .expect("the stage was looked at above");
        stage.advance(step, layer, &record);
        Ok(())
    }

    /// Finds out what a COPY takes, and what the mounts of a RUN show.
    fn taken(
        &self,
        layer: &LayerStep,
        stages: &HashMap<usize, Stage>,
        world: &mut BuildWorld<'_>,
    ) -> Result<Taken, BuildError> {
        let LayerStep::Copy(copy) = layer else {
            let layers_of = |stage: usize| stages[&stage].layers.clone();
            let (shown, files) = shown::find(self.store, layer, &layers_of, world)?;
            return Ok(Taken {
                files,
                shown,
                ..Taken::default()
            });
        };
        let layers = match &copy.from {
            CopyFrom::Context => {
                let selections = world.select(copy)?;
                let files = world.ingredients(&selections)?;
                return Ok(Taken {
                    selections,
                    files,
                    ..Taken::default()
                });
            }
            CopyFrom::Stage(stage) => stages[stage].layers.clone(),
            CopyFrom::Image(_) => world.image_layers(copy)?,
        };
        let stack = self.store.stack(&layers)?;
        let files = layer_ingredients(&stack, &world.layer_trees(&stack, copy)?)?;
        Ok(Taken {
            files,
            layers: Some(layers),
            ..Taken::default()
        })
    }

    /// Makes the step's layer; none if it ran and failed, which `row` then tells.
    #[expect(
        clippy::too_many_arguments,
        reason = "the state of the loop, named one by one"
    )]
    fn make(
        &self,
        step: &Step,
        layer: &LayerStep,
        stage: &Stage,
        taken: &Taken,
        world: &BuildWorld<'_>,
        row: &mut StepReport,
        events: Events<'_>,
    ) -> Result<Option<Layer>, BuildError> {
        let below = self.store.stack(&stage.layers)?;
        let times = Times {
            now: self.now(),
            latest: self.epoch,
        };
        match layer {
            LayerStep::Workdir(dir) => Ok(Some(workdir(self.store, &below, dir, times)?)),
            LayerStep::Copy(copy) => {
                let from = taken
                    .layers
                    .as_ref()
                    .map(|ids| self.store.stack(ids))
                    .transpose()?;
                let trees: Vec<Tree> = match &from {
                    Some(stack) => world.layer_trees(stack, copy)?,
                    None => copy::from_context(&taken.selections),
                };
                let reader = Reader {
                    context: world.context(),
                    layers: from.as_ref(),
                    unchanged: unchanged(step, layer, stage, &taken.files, world),
                };
                Ok(Some(copy::copy(
                    self.store, &below, copy, trees, &reader, times,
                )?))
            }
            LayerStep::Run(run) => {
                if let Some(reason) = &self.no_namespaces {
                    return Err(BuildError::NoNamespaces(reason.clone()));
                }
                let number = step.number;
                let mut output = |stderr, bytes: &[u8]| {
                    events(BuildEvent::Output {
                        number,
                        stderr,
                        bytes: bytes.to_vec(),
                    });
                };
                let place = Workplace {
                    store: self.store,
                    below: &below,
                    ids: self.ids,
                    times,
                    supply: Supply {
                        files: &taken.shown,
                        context: world.context(),
                        supplies: world.supplies(),
                    },
                };
                match run::run(&place, run, &mut output)? {
                    Ran::Layer(layer) => Ok(Some(*layer)),
                    Ran::Failed { exit, output } => {
                        row.state = StepState::Fail;
                        row.failure = Some(StepFailure {
                            exit_code: Some(exit.code()),
                            message: did_not_complete(
                                self.language,
                                &run.argv.join(" "),
                                exit.code(),
                            ),
                            help: exit_help(self.language, exit.code()),
                            output,
                        });
                        Ok(None)
                    }
                }
            }
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

crate::messages! {
    did_not_complete(command: &str, code: i32) {
        en: "process \"{command}\" did not complete successfully: exit code: {code}",
        ko: "프로세스 \"{command}\" 이(가) 실패했습니다(did not complete successfully): exit code: {code}",
    }
    help_127() {
        en: "127 means that the shell did not find a command: check the spelling, or whether the base has it",
        ko: "127은 셸이 명령을 찾지 못했다는 뜻입니다. 철자를 확인하거나 베이스에 그 명령이 있는지 보세요",
    }
    help_126() {
        en: "126 means that the file was found but cannot be executed: `chmod +x` may be missing",
        ko: "126은 파일은 있지만 실행할 수 없다는 뜻입니다. `chmod +x`가 빠졌을 수 있습니다",
    }
    help_137() {
        en: "137 means that it was killed, often because memory ran out",
        ko: "137은 강제로 종료되었다는 뜻이고, 흔히 메모리가 부족할 때 생깁니다",
    }
}

fn exit_help(language: Language, code: i32) -> Option<String> {
    match code {
        126 => Some(help_126(language)),
        127 => Some(help_127(language)),
        137 => Some(help_137(language)),
        _ => None,
    }
}

/// What a COPY takes.
#[derive(Default)]
struct Taken {
    selections: Vec<Selection>,
    files: Vec<FileIngredient>,
    /// The layers it comes from, if not from the context.
    layers: Option<Vec<DiffId>>,
    /// What the mounts of a RUN show.
    shown: Vec<shown::Files>,
}

impl Stage {
    /// Returns the stage as if a LABEL stood at its end.
    fn labelled(&self, labels: &[(String, String)]) -> Self {
        let mut stage = self.clone();
        if !labels.is_empty() {
            let change = ConfigChange::Labels(labels.to_vec());
            settings::apply(&change, &mut stage.config, &mut stage.cmd_set);
            stage.config.history.push(settings::config_history(&change));
        }
        stage
    }

    /// Puts a finished layer on top.
    fn advance(&mut self, step: &Step, layer: &LayerStep, record: &CacheRecord) {
        self.chain
            .advance(step.number, Some(record.key), Some(record.layer));
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

/// Finds files that are in the layer of the last run already, at the places where they go now.
///
/// That is only known where nothing but files differs: the same words on the same base. Even so two
/// sources, or two matches of a pattern, may have gone to one place, and the bytes there are those
/// of the last: one plain source is asked for.
fn unchanged(
    step: &Step,
    layer: &LayerStep,
    stage: &Stage,
    files: &[FileIngredient],
    world: &BuildWorld<'_>,
) -> Unchanged {
    let LayerStep::Copy(copy) = layer else {
        return Unchanged::default();
    };
    let plain = |source: &String| !source.contains(['*', '?', '[', '\\']);
    if copy.sources.len() != 1 || !copy.sources.iter().all(plain) {
        return Unchanged::default();
    }
    let (Some(below), Some((before, made))) = (stage.chain.key, world.last_time(step)) else {
        return Unchanged::default();
    };
    if before.values != Ingredients::of(layer, below, &[]).values {
        return Unchanged::default();
    }
    Unchanged::new(made.diff_id, &before.files, files)
}

fn layer_report(layer: &Layer) -> LayerReport {
    LayerReport {
        diff_ids: vec![layer.diff_id],
        size: layer.size,
        files: layer.files,
        folders: layer.folders,
        deleted: layer.deleted,
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
        has_triggers: !settings.on_build.is_empty(),
    }
}

/// Returns the config that a child of an image begins with.
fn child_config(base: &ImageConfig) -> ImageConfig {
    ImageConfig {
        author: None,
        ..base.clone()
    }
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

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
