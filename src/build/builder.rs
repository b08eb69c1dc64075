//! A build from its Dockerfile to its image, and the forecast of it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::base::PracticeSettings;
use super::cache::BuildCache;
use super::carry::Work;
use super::error::{BuildError, ImageError};
use super::notes::{notes, remarks};
use super::permission;
use super::report::{BuildEvent, BuildReport, StepState};
use super::shared_cache::Imports;
use super::stage::{Stage, base_info};
use super::stages;
use super::supplies::Supplies;
use super::world::BuildWorld;
use crate::language::Language;
use crate::layers::{Image, Store};
use crate::parser::{self, Dockerfile, StageName};
use crate::plan::context::Rights;
use crate::plan::ignore::Ignore;
use crate::plan::{
    self, Base, CopyFrom, Judged, Plan, PlanFailure, PlanOptions, Step, StepId, StepKind,
    asked_files, forecast,
};
use crate::reference::ImageReference;
use crate::runtime::{IdMode, NoNamespaces};
use crate::source::{Source, Span};

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
    /// Whether the context is gone after the build: nothing about its files is remembered.
    pub temporary: bool,
    /// `--expect-cached`: nothing may have to run.
    pub expect_cached: bool,
    /// `--cache-from`.
    pub imports: Option<Arc<Imports>>,
    /// A build on the way to another (`--step`): no image is listed for it, and nothing remembered
    /// but what its steps made.
    pub in_passing: bool,
}

impl BuildInput {
    /// Tells whether the steps of a stage may be reused.
    pub(super) fn may_reuse(&self, stage: Option<&str>) -> bool {
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
    /// Which base images are pulled.
    pub pulls: Pulls,
    /// The language of failures.
    pub language: Language,
}

/// Which base images a build pulls.
#[derive(Debug, Clone)]
pub enum Pulls {
    /// None: what is not in the store is not there.
    Nothing,
    /// Those that are missing in the store.
    Missing(crate::registry::Settings),
    /// All that a registry may have newer (`--pull`).
    Always(crate::registry::Settings),
}

/// Everything that is worked out before the first step.
pub(super) struct Prepared {
    pub plan: Plan,
    pub bases: HashMap<String, Image>,
    warnings: Vec<parser::Warning>,
}

/// Who is told what happens.
pub(super) type Events<'e> = &'e mut dyn FnMut(BuildEvent);

impl Builder<'_> {
    /// Builds. A step that fails is told in the report; an error means that nothing was begun.
    pub fn build(&self, input: &BuildInput, events: Events<'_>) -> Result<BuildReport, BuildError> {
        let started = Instant::now();
        let _hold = self.store.hold()?;
        let prepared = self.prepare(input, events)?;
        let work = Work::new(self, &prepared, input)?;
        let mut report = self.report(input);
        let (steps, noted) = stages::build(&work, events)?;
        report.steps = steps;
        if report.failed().is_none() {
            let stage = work.board.stage(prepared.plan.target);
            let image = stage.labelled(&input.labels).put_image(self.store)?;
            for tag in &input.tags {
                self.store.tag(tag, &image)?;
            }
            if input.tags.is_empty() && !input.in_passing {
                self.store.list(&image)?;
            }
            report.image = Some(image.id);
            report.tags = input.tags.iter().map(ImageReference::with_tag).collect();
        }
        report.notes = remarks(&prepared.warnings, self.language);
        let about_runs = notes(&prepared.plan, &report, self.ids, self.language);
        report.notes.extend(about_runs);
        report.notes.extend(noted);
        report.context = work.world.looked_at();
        report.millis = millis(started);
        work.world.store_digests()?;
        // What may not run is no build that the next one is compared with.
        if !(input.in_passing || input.expect_cached && report.failed().is_some()) {
            self.cache.remember_build(&input.history, &report)?;
        }
        Ok(report)
    }

    /// Says what a build would do. Nothing is executed but the making of a built-in base.
    pub fn forecast(&self, input: &BuildInput) -> Result<BuildReport, BuildError> {
        let prepared = self.prepare(input, &mut |_| {})?;
        let mut world = self.world(input)?;
        let start = |step: &Step| prepared.start(step).chain;
        let stages = &prepared.plan.stages;
        let name = |step: &Step| stages[step.stage?].name.as_deref();
        let cache = |step: &Step| input.may_reuse(name(step));
        let judged = forecast(&prepared.plan, &cache, &start, &mut world)?;
        let judged: HashMap<StepId, Judged> = judged.into_iter().collect();
        let mut report = self.report(input);
        for step in &prepared.plan.steps {
            let mut row = self.row(&prepared.plan, step);
            match (&step.kind, judged.get(&step.id())) {
                (StepKind::From(base), _) => self.base_row(base, &prepared, &mut row)?,
                (StepKind::Config(_), _) => row.state = StepState::Meta,
                (_, Some(judged)) => self.judged_row(judged, &mut row)?,
                _ => {}
            }
            report.steps.push(row);
        }
        report.context = world.looked_at();
        report.notes = remarks(&prepared.warnings, self.language);
        world.store_digests()?;
        Ok(report)
    }

    pub(super) fn world(&self, input: &BuildInput) -> Result<BuildWorld<'_>, BuildError> {
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
        .with_supplies(&input.supplies)
        .with_imports(input.imports.as_ref())
        .temporary(input.temporary))
    }

    /// Parses and plans, and refuses what cannot be carried out before anything is.
    fn prepare(&self, input: &BuildInput, events: Events<'_>) -> Result<Prepared, BuildError> {
        let file = parser::parse(&input.source).map_err(BuildError::Parse)?;
        let mut bases: HashMap<String, Image> = HashMap::new();
        let mut find = |reference: &ImageReference| {
            let image = self.base(reference, events)?;
            let info = base_info(&image);
            bases.insert(reference.to_string(), image);
            Ok(info)
        };
        let plan =
            plan::plan(&file, &input.options, &mut find).map_err(|failure| match failure {
                PlanFailure::Dockerfile(error) => BuildError::Plan(error),
                PlanFailure::Base { span, error } => {
                    let written = &input.source.text()[span.start..span.end];
                    no_image(&file, span, written, error)
                }
            })?;
        filter_names_stages(input, &plan)?;
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
                            let found = self.base(reference, events);
                            found.map_err(|error| {
                                no_image(&file, step.span, reference.name(), error)
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
}

/// Refuses a `--no-cache-filter` that would filter nothing.
/// Says that an image cannot be had; perhaps an earlier stage was meant.
fn no_image(file: &Dockerfile, span: Span, written: &str, error: ImageError) -> BuildError {
    let earlier = file.stages.windows(2);
    let earlier = earlier.filter(|pair| pair[1].span.start <= span.start);
    let names = earlier.filter_map(|pair| pair[0].name.as_ref().map(StageName::as_str));
    BuildError::Image {
        span,
        near: parser::nearest(written, names),
        error: Box::new(error),
    }
}

fn filter_names_stages(input: &BuildInput, plan: &Plan) -> Result<(), BuildError> {
    let names = || plan.stages.iter().filter_map(|stage| stage.name.as_deref());
    let is_stage = |name: &str| names().any(|stage| stage.eq_ignore_ascii_case(name));
    match input.no_cache_filter.iter().find(|name| !is_stage(name)) {
        None => Ok(()),
        Some(name) => Err(BuildError::NoFilteredStage {
            name: name.clone(),
            near: parser::nearest(name, names()),
        }),
    }
}

impl Prepared {
    /// Begins a stage on an image or on nothing.
    pub fn start(&self, step: &Step) -> Stage {
        let image = match &step.kind {
            StepKind::From(Base::Image(reference)) => self.bases.get(&reference.to_string()),
            _ => None,
        };
        match image {
            Some(image) => Stage::on_image(image, step.number),
            None => Stage::on_nothing(step.number),
        }
    }
}

/// Returns how long ago something was, in milliseconds.
pub(super) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
