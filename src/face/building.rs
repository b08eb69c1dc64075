//! Build, plan, why, stack, compare.

use indicatif::ProgressDrawTarget;
use serde::Serialize;

use super::build_call::STDIN;
use super::exporting::{Output, nameless_push, nameless_push_help};
use super::{Answer, Face};
use crate::build::{Advice, BuildEvent, BuildReport, StepReport, advice, all_advice};
use crate::command;
use crate::parser;
use crate::render::{self, BuildLog, Compared, Keep, Line, LiveBuild, Screen, StepOutputs};
use crate::session::{BuildCall, SessionError, Trouble};

/// Redraws a second at the most (lesson-format.md, 10.12).
const REDRAWS: u8 = 4;

/// `plan --json`: the report, and what would make the build faster.
#[derive(Serialize)]
struct Foreseen<'a> {
    #[serde(flatten)]
    report: &'a BuildReport,
    advice: Vec<Advice<'a>>,
}

/// `why --json`: the step, and what would have let it be reused.
#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    step: &'a StepReport,
    advice: Option<Advice<'a>>,
}

/// How a build is shown while it runs.
enum Progress {
    Quiet,
    /// Only what steps write; their rows follow.
    Output(StepOutputs),
    Lines(Box<BuildLog>),
    Live(Box<LiveBuild>),
}

impl Face<'_> {
    pub(super) fn build(&mut self, call: &command::Build) -> Answer {
        let mut outputs = self.outputs(&call.output)?;
        if call.push {
            outputs.push(Output::Registry);
        }
        let pushes = outputs.contains(&Output::Registry);
        if pushes && call.tag.is_empty() {
            let language = self.language();
            let trouble = Trouble::new(nameless_push(language)).with_exit(125);
            return Err(trouble.with_help(nameless_push_help(language)).into());
        }
        let caches = self.cache_targets(&call.cache_to)?;
        self.check_terminal(call)?;
        let mut request = self.build_call(&call.path, &call.options, &call.tag)?;
        request.expect_cached = call.expect_cached;
        request.pull = call.pull;
        let given = self.given_context(&mut request, &call.path)?;
        if !call.quiet && !call.json {
            self.say_commit(given.as_ref(), &call.path);
        }
        if call.check {
            return self.check_build(&request, call);
        }
        if self.is_forbidden(&request)? {
            return Ok(1);
        }
        let is_beside = outputs.iter().any(Output::is_stdout);
        let code = if is_beside {
            self.build_beside(&request, call)?
        } else if call.step {
            self.build_by_steps(&request, call)?
        } else {
            self.build_as(&request, call)?
        };
        let failed = self.last.build.clone().filter(|_| code != 0 && !call.step);
        let failed = failed.filter(|_| call.on_fail.is_some());
        if let Some((report, step)) = failed.and_then(|it| Some((it.clone(), it.failed()?.number)))
        {
            self.shell_before(&report, step)?;
        }
        if let Some(report) = self.last.build.clone().filter(|_| code == 0) {
            self.export(&report, &outputs)?;
            self.export_caches(&report, &caches)?;
            for name in report.tags.iter().filter(|_| pushes) {
                let name = self.image_name(name)?;
                self.push_one(&name, call.quiet || call.json || is_beside)?;
            }
        }
        self.write_id(call)?;
        self.write_metadata(call)?;
        Ok(code)
    }

    /// Builds while standard output is wanted for something else.
    fn build_beside(&mut self, request: &BuildCall, call: &command::Build) -> Answer {
        let report = self.watched_build(request, true, false, Keep::Nothing)?;
        let code = i32::from(report.failed().is_some());
        self.say_failure(&report, request);
        if !call.quiet {
            self.say_notes(&report);
        }
        self.last.build = Some(report);
        Ok(code)
    }

    /// Says why a build stopped: a step that should have been reused also why it was not.
    pub(super) fn say_failure(&mut self, report: &BuildReport, request: &BuildCall) {
        let Some(text) = render::failure(report, &self.screen) else {
            return;
        };
        self.mutter(&self.screen.paint(&text));
        let failed = report.failed().filter(|_| request.expect_cached);
        if let Some(step) = failed.filter(|step| !step.reasons.is_empty()) {
            let why = render::why(report, step.number, &self.screen);
            self.mutter(&self.screen.paint(&why));
        }
    }

    /// Writes what docker writes of an image where it is asked for.
    fn write_metadata(&mut self, call: &command::Build) -> Result<(), SessionError> {
        let report = self.last.build.as_ref();
        let built = report.and_then(|report| Some((report.image?, report.tags.join(","))));
        let (Some(file), Some((id, names))) = (&call.metadata_file, built) else {
            return Ok(());
        };
        let image = self.session.find_image(&id.to_string())?;
        let mut metadata = serde_json::json!({
            "containerimage.config.digest": id,
            "containerimage.digest": image.manifest,
        });
        if !names.is_empty() {
            metadata["image.name"] = names.into();
        }
        let written = std::fs::write(self.path(file), render::json(&metadata));
        let shown = file.display().to_string();
        let wrong = |error: std::io::Error| {
            let sentence = no_metadata_file(self.language(), &shown, &error.to_string());
            Trouble::new(sentence).with_exit(125)
        };
        Ok(written.map_err(wrong)?)
    }

    /// Builds what is asked for, and shows it as the options say.
    pub fn build_as(&mut self, request: &BuildCall, call: &command::Build) -> Answer {
        let quiet = call.quiet || call.json;
        let live = match call.progress {
            command::Progress::Auto => self.around.live,
            command::Progress::Plain => false,
            command::Progress::Tty => true,
        };
        let report = self.watched_build(request, quiet, live, Keep::Nothing)?;
        self.tell(report, request, call)
    }

    /// Tells what came of a build, as the options say.
    pub(super) fn tell(
        &mut self,
        report: BuildReport,
        request: &BuildCall,
        call: &command::Build,
    ) -> Answer {
        let quiet = call.quiet || call.json;
        let code = i32::from(report.failed().is_some());
        let pictured = !self.screen.is_plain() && call.progress != command::Progress::Plain;
        if call.json {
            self.write(&render::json(&report));
        } else if call.quiet && code == 0 {
            self.line(&report.image.map(|id| id.to_string()).unwrap_or_default());
        } else if !call.quiet && pictured {
            self.show(&render::build_result(&report, &self.screen));
        }
        if !call.json {
            self.say_failure(&report, request);
        }
        if code == 0 && !quiet {
            self.say_built(&report);
        }
        if !quiet {
            self.say_notes(&report);
        }
        self.last.error = report
            .failed()
            .and_then(|it| it.failure.clone())
            .map(|it| it.message);
        self.last.build = Some(report);
        Ok(code)
    }

    /// Writes the image's id where it is asked for. After a failure there is none to be read.
    fn write_id(&self, call: &command::Build) -> Result<(), SessionError> {
        let Some(file) = &call.iidfile else {
            return Ok(());
        };
        let image = self.last.build.as_ref().and_then(|report| report.image);
        let path = self.path(file);
        let written = match image {
            Some(image) => std::fs::write(path, image.to_string()),
            None => match std::fs::remove_file(path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                removed => removed,
            },
        };
        let shown = file.display().to_string();
        let wrong = |error: std::io::Error| {
            let sentence = no_id_file(self.language(), &shown, &error.to_string());
            Trouble::new(sentence).with_exit(125)
        };
        Ok(written.map_err(wrong)?)
    }

    fn say_notes(&mut self, report: &BuildReport) {
        for note in &report.notes {
            let line = Line::plain(format!("note: {note}"));
            let text = self.screen.wrap(&line, 2);
            self.mutter(&self.screen.paint(&text));
        }
    }

    fn say_built(&mut self, report: &BuildReport) {
        let Some(image) = report.image else { return };
        let (id, names) = (image.short(), report.tags.join(", "));
        let language = self.language();
        let text = if names.is_empty() {
            built(language, &id)
        } else {
            built_as(language, &id, &names)
        };
        self.line(&text);
    }

    /// Builds, showing how it goes.
    pub fn watched_build(
        &mut self,
        call: &BuildCall,
        quiet: bool,
        live: bool,
        keep: Keep,
    ) -> Result<BuildReport, SessionError> {
        let mut progress = if quiet {
            Progress::Quiet
        } else if live && !self.screen.is_plain() {
            let target = ProgressDrawTarget::stderr_with_hz(REDRAWS);
            Progress::Live(Box::new(LiveBuild::new(self.screen, keep, target)))
        } else if keep == Keep::Output {
            Progress::Output(StepOutputs::default())
        } else {
            Progress::Lines(Box::new(BuildLog::new(steps_of(call), self.screen)))
        };
        let (out, screen) = (&mut *self.out, self.screen);
        let mut events = |event: BuildEvent| match &mut progress {
            Progress::Quiet => {}
            Progress::Live(live) => live.event(&event),
            // A reader that is gone does not stop the build.
            Progress::Output(lines) => {
                let _ = out.write_all(written(lines, &event).as_bytes());
                let _ = out.flush();
            }
            Progress::Lines(log) => {
                let _ = out.write_all(lines(log, &event, screen).as_bytes());
                let _ = out.flush();
            }
        };
        self.session.build(call, &mut events)
    }

    pub(super) fn plan(&mut self, call: &command::Plan) -> Answer {
        // The names change nothing, but a build would refuse a wrong one.
        self.cache_targets(&call.unneeded.cache_to)?;
        let mut request = self.build_call(&call.path, &call.options, &call.unneeded.tag)?;
        let _given = self.given_context(&mut request, &call.path)?;
        let report = self.session.forecast(&request)?;
        if call.json {
            let advice = all_advice(&report);
            self.write(&render::json(&Foreseen {
                report: &report,
                advice,
            }));
        } else {
            self.show(&render::forecast(&report, &self.screen));
            self.show(&render::best_advice(&report, &self.screen));
            self.say_notes(&report);
        }
        self.last.build = Some(report);
        Ok(0)
    }

    /// Says what a `build` would do.
    pub fn foresee(&mut self, call: &command::Build) -> Result<BuildReport, SessionError> {
        let mut request = self.build_call(&call.path, &call.options, &call.tag)?;
        let mut _given = None;
        // Standard input can be read once, and the build is to have it.
        if call.path.as_os_str() != STDIN {
            _given = self.given_context(&mut request, &call.path)?;
        }
        self.session.forecast(&request)
    }

    pub(super) fn why(&mut self, call: &command::Why) -> Answer {
        let report = match &call.image {
            Some(image) => self.session.build_of(image)?,
            None => self.session.last_build(&self.around.folder)?,
        };
        self.explain(&report, call.step, call.json)
    }

    /// Says why a step of a build was reused or ran.
    pub fn explain(&mut self, report: &BuildReport, step: usize, json: bool) -> Answer {
        let Some(found) = report.step(step) else {
            let count = report.count();
            return Err(Trouble::new(no_step(self.language(), step, count)).into());
        };
        if json {
            self.write(&render::json(&Explained {
                step: found,
                advice: advice(report, step),
            }));
        } else {
            self.show(&render::why(report, step, &self.screen));
        }
        Ok(0)
    }

    pub(super) fn stack(&mut self, call: &command::Stack) -> Answer {
        if let (Some(left), Some(right)) = (&call.image, &call.other) {
            let found = self.session.shared_layers(left, right)?;
            if call.json {
                self.write(&render::json(&found));
            } else {
                self.show(&render::shared_layers([left, right], &found, &self.screen));
            }
            return Ok(0);
        }
        let report = match &call.image {
            Some(image) => self.session.build_of(image)?,
            None => self.session.last_build(&self.around.folder)?,
        };
        if call.json {
            self.write(&render::json(&report));
        } else {
            self.show(&render::layer_stack(&report, &[], &self.screen));
        }
        Ok(0)
    }

    pub(super) fn compare(&mut self, call: &command::Compare) -> Answer {
        let (left, right) = (
            self.session.build_of(&call.left)?,
            self.session.build_of(&call.right)?,
        );
        if call.json {
            self.write(&render::json(&[&left, &right]));
            return Ok(0);
        }
        let sides = [(&call.left, &left), (&call.right, &right)];
        let [left, right] = sides.map(|(name, report)| Compared { name, report });
        self.show(&render::compare(left, right, &self.screen));
        Ok(0)
    }
}

fn lines(log: &mut BuildLog, event: &BuildEvent, screen: Screen) -> String {
    screen.paint(&log.event(event))
}

/// Returns what steps wrote, indented so that it can be told from what strata says.
fn written(outputs: &mut StepOutputs, event: &BuildEvent) -> String {
    let said = outputs.event(event).into_iter();
    said.map(|said| format!("  {}{}\n", said.label(), said.line))
        .collect()
}

/// Counts the instructions, for "step 2 of 6"; a file that cannot be read is told elsewhere.
fn steps_of(call: &BuildCall) -> usize {
    let file = call.file.clone();
    let path = file.unwrap_or_else(|| call.context.join("Dockerfile"));
    let bytes = match (&call.text, &call.read) {
        (Some(text), _) => text.clone().into_bytes(),
        (None, Some(read)) => read.clone(),
        (None, None) => std::fs::read(path).unwrap_or_default(),
    };
    let source = parser::decode("", bytes);
    let file = source.ok().and_then(|source| parser::syntax(&source).ok());
    file.map_or(0, |file| file.instructions.len())
}

crate::messages! {
    no_metadata_file(path: &str, why: &str) {
        en: "cannot write the metadata to {path}: {why}",
        ko: "메타데이터를 {path} 파일에 쓸 수 없습니다: {why}",
    }
    no_id_file(path: &str, why: &str) {
        en: "cannot write the image's id to {path}: {why}",
        ko: "이미지 ID를 {path} 파일에 쓸 수 없습니다: {why}",
    }
    built(id: &str) {
        en: "built {id}",
        ko: "{id} 이미지를 만들었습니다",
    }
    built_as(id: &str, names: &str) {
        en: "built {id}, named {names}",
        ko: "{id} 이미지를 만들었습니다. 이름: {names}",
    }
    no_step(step: usize, count: usize) {
        en: "there is no step {step}: the build has {count}",
        ko: "{step}단계가 없습니다. 이 빌드는 {count}단계입니다",
    }
}
