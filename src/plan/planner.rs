//! From a Dockerfile to a [`Plan`]: everything expanded, every step knowing all that decides it.

use std::time::Duration;

use super::error::{PlanError, PlanErrorKind};
use super::globals::Globals;
use super::inherited::Inherited;
use super::meter::Meter;
use super::mount::{self, RunMount, RunMountSource};
use super::named::NamedContexts;
use super::platform::Platform;
use super::sandbox::{Entitlement, NetworkMode, Sandbox};
use super::scope::{PROXY_ARGS, Pairs, Scope, join_path};
use super::settings::{ports, signal};
use super::stage_graph::{StageGraph, copy_from};
use super::step::{
    Base, ConfigChange, HealthCheck, LayerStep, Plan, PlannedStage, RunStep, Step, StepKind,
    WorkdirStep,
};
use super::transfer;
use super::triggers::Trigger;
use crate::digest::ImageId;
use crate::parser::instruction::{
    Argument, Command, FromInstruction, Healthcheck, HealthcheckOptions, Pair, RunInstruction,
    Script, Word,
};
use crate::parser::{Dockerfile, Instruction, Located, Stage};
use crate::reference::ImageReference;

/// What planning is told beside the Dockerfile.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// The stage to build; the last one if none.
    pub target: Option<String>,
    /// `--build-arg`, in order.
    pub build_args: Pairs,
    /// What surrounds every RUN.
    pub sandbox: Sandbox,
    /// `--allow`.
    pub allowed: Vec<Entitlement>,
    /// `--build-context`.
    pub contexts: NamedContexts,
}

/// What planning has to know of a base image.
#[derive(Debug, Clone)]
pub struct BaseInfo {
    /// The image.
    pub id: ImageId,
    /// Its environment.
    pub env: Pairs,
    /// Its folder; empty for `/`.
    pub workdir: String,
    /// Its user.
    pub user: String,
    /// Its shell, if it sets one.
    pub shell: Option<Vec<String>>,
    /// The instructions it has for its children, as text.
    pub triggers: Vec<String>,
}

/// Why there is no plan.
#[derive(Debug)]
pub enum PlanFailure<E> {
    /// The Dockerfile is wrong.
    Dockerfile(PlanError),
    /// A base image cannot be had.
    Base {
        /// The word that names it.
        span: crate::source::Span,
        /// Why.
        error: E,
    },
}

impl<E> From<PlanError> for PlanFailure<E> {
    fn from(error: PlanError) -> Self {
        Self::Dockerfile(error)
    }
}

/// Linux opens no path of this many bytes (`PATH_MAX`, limits.h).
const LONGEST_PATH: usize = 4096;

/// The shell of shell forms where neither SHELL nor the base says another.
pub const DEFAULT_SHELL: [&str; 2] = ["/bin/sh", "-c"];

/// Plans a Dockerfile. `base` finds out about an image that FROM names.
pub fn plan<E>(
    file: &Dockerfile,
    options: &PlanOptions,
    base: &mut dyn FnMut(&ImageReference) -> Result<BaseInfo, E>,
) -> Result<Plan, PlanFailure<E>> {
    let mut planner = Planner::new(file, options);
    let mut steps = Vec::new();
    for (index, instruction) in file.globals().iter().enumerate() {
        let kind = planner.global(instruction)?;
        steps.push(step(index + 1, None, instruction, kind));
    }
    let mut graph = StageGraph::new(file, options, &planner.globals)?;
    let inherited = Inherited::find(file, &mut graph, base)?;
    for stage in &file.stages {
        let (needed, replaced) = (graph.needed[stage.index], graph.replaced[stage.index]);
        for (offset, instruction) in file.stage_instructions(stage).iter().enumerate() {
            let is_from = offset == 0;
            let kind = match &instruction.value {
                _ if !needed || (replaced && !is_from) => StepKind::NotNeeded,
                Instruction::From(from) => {
                    planner.platform(from)?;
                    let (base, info) = (&graph.bases[stage.index], inherited.info(stage.index));
                    planner.scopes.resize(stage.index + 1, Scope::default());
                    planner.scopes[stage.index] = planner.start(base, info);
                    StepKind::From(base.clone())
                }
                value => planner.kind(stage.index, value)?,
            };
            let number = stage.first + offset + 1;
            steps.push(step(number, Some(stage.index), instruction, kind));
            if is_from {
                let from = steps.last().expect("it was just put there").clone();
                if let (true, Some(folder)) = (needed, &graph.folders[stage.index]) {
                    steps.push(folder.step(&from));
                }
                let triggers = inherited.triggers(stage.index);
                steps.extend(planner.trigger_steps(&from, stage, triggers)?);
            }
        }
    }
    let planned = |stage: &Stage| PlannedStage {
        name: stage.name.as_ref().map(ToString::to_string),
        base: graph.bases[stage.index].clone(),
        needed: graph.needed[stage.index],
    };
    let plan = Plan {
        stages: file.stages.iter().map(planned).collect(),
        target: graph.target,
        steps,
    };
    Ok(plan.with_named(&options.contexts))
}

fn step(
    number: usize,
    stage: Option<usize>,
    instruction: &Located<Instruction>,
    kind: StepKind,
) -> Step {
    let Located {
        span,
        lines,
        original,
        ..
    } = instruction;
    Step {
        number,
        trigger: None,
        stage,
        span: *span,
        lines: *lines,
        text: one_line(original),
        kind,
    }
}

/// Shows an instruction on one line: runs of white space that continuations left become one space.
fn one_line(original: &str) -> String {
    let text = original.trim();
    if text.contains('\t') || text.contains("   ") {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    }
}

pub(super) struct Planner<'a> {
    pub file: &'a Dockerfile,
    pub options: &'a PlanOptions,
    pub globals: Globals,
    meter: Meter,
    /// By stage, for needed ones.
    pub scopes: Vec<Scope>,
}

impl<'a> Planner<'a> {
    pub fn new(file: &'a Dockerfile, options: &'a PlanOptions) -> Self {
        let meter = Meter::default();
        Self {
            file,
            options,
            globals: Globals::new(meter.clone()),
            meter,
            scopes: Vec::new(),
        }
    }

    pub fn global(&mut self, instruction: &Located<Instruction>) -> Result<StepKind, PlanError> {
        let Instruction::Arg(arguments) = &instruction.value else {
            let kind = PlanErrorKind::BeforeFrom {
                instruction: instruction.value.name(),
            };
            return Err(PlanError::new(kind, instruction.keyword.span));
        };
        let mut declared = Vec::new();
        for argument in arguments {
            let expand = |word: &Word| {
                self.globals
                    .expand(&word.text, self.file.escape)
                    .map_err(|e| PlanError::new(PlanErrorKind::Word(e), word.span))
            };
            let name = expand(&argument.name)?.text;
            let default = argument
                .default
                .as_ref()
                .map(expand)
                .transpose()?
                .map(|e| e.text);
            let value = value_of(&self.options.build_args, &name).or(default);
            if let Some(value) = &value {
                self.globals.set(&name, value);
            }
            declared.push((name, value));
        }
        Ok(StepKind::Config(ConfigChange::Arg(declared)))
    }

    /// Reads the platform of a FROM, if it asks for one.
    pub fn platform(&self, from: &FromInstruction) -> Result<Option<Platform>, PlanError> {
        let Some(word) = &from.platform else {
            return Ok(None);
        };
        let error = |kind| PlanError::new(kind, word.span);
        let value = self
            .globals
            .expand(&word.text, self.file.escape)
            .map_err(|e| error(PlanErrorKind::Word(e)))?
            .text;
        if value.is_empty() {
            let written = word.text.clone();
            return Err(error(PlanErrorKind::BlankPlatform { written }));
        }
        let host = Platform::parse(&crate::plan::platform(), None);
        let platform = Platform::parse(&value, host.as_ref());
        let wrong = || error(PlanErrorKind::BadPlatform { value });
        platform.map(Some).ok_or_else(wrong)
    }

    /// Plans what the base of a stage left for it.
    pub fn trigger_steps(
        &mut self,
        from: &Step,
        stage: &Stage,
        triggers: &[Trigger],
    ) -> Result<Vec<Step>, PlanError> {
        let mut steps = Vec::new();
        for (index, trigger) in triggers.iter().enumerate() {
            let kind = self.kind(stage.index, &trigger.instruction);
            steps.push(Step {
                trigger: Some(index + 1),
                text: one_line(&format!("ONBUILD {}", trigger.text)),
                kind: kind.map_err(|error| trigger.explain(error, stage.base.span))?,
                ..from.clone()
            });
        }
        Ok(steps)
    }

    /// Returns what a stage sees at its beginning. `info` is known of an image; of one that is not
    /// at hand, nothing is.
    pub fn start(&self, base: &Base, info: Option<&BaseInfo>) -> Scope {
        let mut scope = Scope {
            workdir: "/".to_owned(),
            shell: DEFAULT_SHELL.map(str::to_owned).into(),
            escape: self.file.escape,
            meter: self.meter.clone(),
            ..Scope::default()
        };
        if let Base::Stage(index) = base {
            return self.scopes[*index].clone();
        }
        if let Some(info) = info {
            scope.env = info.env.iter().cloned().collect();
            scope.user.clone_from(&info.user);
            scope.workdir = join_path("/", &info.workdir);
            scope.own_shell = info.shell.is_some();
            scope.shell = info.shell.clone().unwrap_or(scope.shell);
        }
        scope
    }

    pub fn kind(&mut self, stage: usize, instruction: &Instruction) -> Result<StepKind, PlanError> {
        let scope = &self.scopes[stage];
        let change = match instruction {
            Instruction::Run(run) => return self.run_step(stage, run),
            Instruction::Copy(copy) => return transfer::copy_step(self.file, stage, copy, scope),
            Instruction::Add(add) => return transfer::add_step(add, scope),
            Instruction::Workdir(path) => return self.workdir_step(stage, path),
            Instruction::Arg(arguments) => return self.arg_step(stage, arguments),
            Instruction::Env(pairs) => ConfigChange::Env(expand_pairs("ENV", pairs, scope)?),
            Instruction::Label(pairs) => ConfigChange::Labels(expand_pairs("LABEL", pairs, scope)?),
            Instruction::User(user) => ConfigChange::User(expand(user, scope)?),
            Instruction::Cmd(command) => {
                let (argv, shell) = command_words(command, scope);
                ConfigChange::Cmd { argv, shell }
            }
            Instruction::Entrypoint(command) => {
                let (argv, shell) = command_words(command, scope);
                ConfigChange::Entrypoint { argv, shell }
            }
            Instruction::Expose(words) => ConfigChange::Expose(ports(words, scope)?),
            Instruction::Volume(words) => ConfigChange::Volumes(
                words
                    .iter()
                    .map(|word| volume(word, scope))
                    .collect::<Result<_, _>>()?,
            ),
            Instruction::Shell(words) => ConfigChange::Shell(texts(words)),
            Instruction::StopSignal(word) => {
                ConfigChange::StopSignal(signal(&expand(word, scope)?, word.span)?)
            }
            Instruction::Maintainer(name) => ConfigChange::Author(name.text.clone()),
            Instruction::From(_) => unreachable!("a stage has one FROM, its first instruction"),
            Instruction::Healthcheck(check) => ConfigChange::Healthcheck(health_check(check)),
            Instruction::Onbuild(onbuild) => ConfigChange::Onbuild(onbuild.text.clone()),
        };
        let scope = &mut self.scopes[stage];
        match &change {
            ConfigChange::Env(pairs) => scope.set_env(pairs),
            ConfigChange::User(user) => scope.user.clone_from(user),
            ConfigChange::Shell(words) => {
                scope.shell.clone_from(words);
                scope.own_shell = true;
            }
            _ => {}
        }
        Ok(StepKind::Config(change))
    }

    fn arg_step(&mut self, stage: usize, arguments: &[Argument]) -> Result<StepKind, PlanError> {
        let mut declared = Vec::new();
        for argument in arguments {
            let scope = &self.scopes[stage];
            let name = expand(&argument.name, scope)?;
            let default = argument
                .default
                .as_ref()
                .map(|word| expand(word, scope))
                .transpose()?;
            let value = value_of(&self.options.build_args, &name)
                .or(default)
                .or_else(|| self.globals.get(&name).map(str::to_owned));
            self.scopes[stage].set_arg(&name, value.as_deref());
            declared.push((name, value));
        }
        Ok(StepKind::Config(ConfigChange::Arg(declared)))
    }

    fn workdir_step(&mut self, stage: usize, path: &Word) -> Result<StepKind, PlanError> {
        let scope = &mut self.scopes[stage];
        let folder = join_path(&scope.workdir, &expand(path, scope)?);
        if folder.len() > LONGEST_PATH {
            // What is relative to it is no mistake of its own.
            "/".clone_into(&mut scope.workdir);
            return Err(PlanError::new(PlanErrorKind::LongPath, path.span));
        }
        scope.workdir = folder;
        scope.own_workdir = true;
        let (path, user) = (scope.workdir.clone(), scope.user.clone());
        if path == "/" {
            return Ok(StepKind::Config(ConfigChange::Workdir(path)));
        }
        Ok(StepKind::Layer(LayerStep::Workdir(WorkdirStep {
            path,
            user,
        })))
    }

    fn run_step(&self, stage: usize, run: &RunInstruction) -> Result<StepKind, PlanError> {
        let scope = &self.scopes[stage];
        let mounts = self.run_mounts(stage, run)?;
        run.devices.iter().try_for_each(mount::device)?;
        if !run.devices.is_empty() {
            return Ok(StepKind::Unsupported("RUN --device".to_owned()));
        }
        let (argv, script) = match (&run.command, run.script()) {
            (Command::Exec(words), _) => (texts(words), None),
            (Command::Shell(_), Some(Script::File { name, content })) => {
                (vec![format!("/dev/pipes/{name}")], Some(content))
            }
            (Command::Shell(_), Some(Script::Text(text))) => (with_shell(scope, &text), None),
            (Command::Shell(word), None) => (with_shell(scope, &word.text), None),
        };
        let proxy = |name: &&str| {
            Some((
                (**name).to_owned(),
                value_of(&self.options.build_args, name)?,
            ))
        };
        Ok(StepKind::Layer(LayerStep::Run(RunStep {
            argv,
            env: scope.env.clone(),
            args: scope.args.clone(),
            proxies: PROXY_ARGS.iter().filter_map(proxy).collect(),
            workdir: scope.workdir.clone(),
            user: scope.user.clone(),
            script,
            mounts,
            sandbox: self.sandbox(run),
        })))
    }

    /// Returns what surrounds a RUN: what the build says, unless the RUN says otherwise.
    fn sandbox(&self, run: &RunInstruction) -> Sandbox {
        let given = |word: &Option<Word>| word.as_ref().map(|word| word.text.to_lowercase());
        let network = given(&run.network);
        let network = network.and_then(|name| NetworkMode::from_name(&name));
        let build = self.options.sandbox.clone();
        Sandbox {
            network: network.unwrap_or(build.network),
            insecure: given(&run.security).as_deref() == Some("insecure"),
            ..build
        }
    }

    fn run_mounts(&self, stage: usize, run: &RunInstruction) -> Result<Vec<RunMount>, PlanError> {
        let mut mounts = Vec::new();
        let mut ssh_before = 0;
        for word in &run.mounts {
            let mount = mount::mount(word, &self.scopes[stage])?;
            let from = mount.from.as_ref();
            let from = from.map(|from| copy_from(self.file, stage, from));
            let mount = RunMount::new(&mount, from.transpose()?, ssh_before);
            ssh_before += usize::from(matches!(mount.source, RunMountSource::Ssh { .. }));
            mounts.push(mount);
        }
        Ok(mounts)
    }
}

fn with_shell(scope: &Scope, text: &str) -> Vec<String> {
    scope
        .shell
        .iter()
        .cloned()
        .chain([text.to_owned()])
        .collect()
}

/// Returns the words to execute, and whether they were written in the shell form.
fn command_words(command: &Command, scope: &Scope) -> (Vec<String>, bool) {
    match command {
        Command::Exec(words) => (texts(words), false),
        Command::Shell(word) => (with_shell(scope, &word.text), true),
    }
}

/// Returns what is kept of a HEALTHCHECK. Its shell is the container's, whatever SHELL says.
fn health_check(check: &Healthcheck) -> HealthCheck {
    let (test, options) = match check {
        Healthcheck::Disabled => (vec!["NONE".to_owned()], None),
        Healthcheck::Check(options) => {
            let (kind, words) = match &options.command {
                Command::Exec(words) => ("CMD", texts(words)),
                Command::Shell(word) => ("CMD-SHELL", vec![word.text.clone()]),
            };
            let test = std::iter::once(kind.to_owned()).chain(words).collect();
            (test, Some(options))
        }
    };
    let time = |time: fn(&HealthcheckOptions) -> Duration| options.map(time).unwrap_or_default();
    HealthCheck {
        test,
        interval: time(|options| options.interval),
        timeout: time(|options| options.timeout),
        start_period: time(|options| options.start_period),
        start_interval: time(|options| options.start_interval),
        retries: options.map(|options| options.retries).unwrap_or_default(),
    }
}

fn texts(words: &[Word]) -> Vec<String> {
    words.iter().map(|word| word.text.clone()).collect()
}

fn value_of(pairs: &Pairs, name: &str) -> Option<String> {
    pairs
        .iter()
        .rev()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.clone())
}

/// Expands a word of an instruction.
pub(super) fn expand(word: &Word, scope: &Scope) -> Result<String, PlanError> {
    let expanded = scope.expand(&word.text);
    Ok(expanded
        .map_err(|e| PlanError::new(PlanErrorKind::Word(e), word.span))?
        .text)
}

/// Expands a path of VOLUME, which cannot be empty.
fn volume(word: &Word, scope: &Scope) -> Result<String, PlanError> {
    let path = expand(word, scope)?;
    if path.trim().is_empty() {
        return Err(PlanError::new(PlanErrorKind::EmptyVolume, word.span));
    }
    Ok(path)
}

/// Expands pairs, all with the values from before the instruction.
fn expand_pairs(
    instruction: &'static str,
    pairs: &[Pair],
    scope: &Scope,
) -> Result<Pairs, PlanError> {
    let one = |pair: &Pair| {
        let key = expand(&pair.key, scope)?;
        if key.is_empty() {
            return Err(PlanError::new(
                PlanErrorKind::BlankName { instruction },
                pair.key.span,
            ));
        }
        Ok((key, expand(&pair.value, scope)?))
    };
    pairs.iter().map(one).collect()
}
