//! Build, plan, why, stack, compare.

use indicatif::ProgressDrawTarget;

use super::run_options::{allowed, labels, sandbox};
use super::{Answer, Face};
use crate::build::{BuildEvent, BuildReport};
use crate::command;
use crate::parser;
use crate::reference::ImageReference;
use crate::render::{self, BuildLog, Compared, Keep, Line, LiveBuild, OutputLines, Screen};
use crate::session::{BuildCall, SessionError, Trouble, read_text};

/// Redraws a second at the most (lesson-format.md, 10.12).
const REDRAWS: u8 = 4;

/// The file that is standard input, and what messages call it.
const STDIN: &str = "-";

/// How a build is shown while it runs.
enum Progress {
    Quiet,
    /// Only what steps write; their rows follow.
    Output(OutputLines),
    Lines(Box<BuildLog>),
    Live(Box<LiveBuild>),
}

impl Face<'_> {
    /// Returns what `build` and `plan` are asked for.
    pub fn build_call(
        &self,
        path: &std::path::Path,
        options: &command::BuildOptions,
        tags: &[String],
    ) -> Result<BuildCall, SessionError> {
        let reference = |tag: &String| {
            tag.parse::<ImageReference>().map_err(|error| {
                let reason = error.message(self.language());
                Trouble::new(bad_tag(self.language(), tag, &reason))
                    .with_help(error.help(self.language()))
                    .with_exit(125)
            })
        };
        let is_stdin = options
            .file
            .as_deref()
            .is_some_and(|file| file.as_os_str() == STDIN);
        let text = if is_stdin {
            Some(self.typed_dockerfile()?)
        } else {
            None
        };
        Ok(BuildCall {
            context: self.path(path),
            context_name: Some(path.display().to_string()),
            file: options.file.as_ref().map(|file| self.path(file)),
            file_name: options.file.as_ref().map(|file| file.display().to_string()),
            text,
            tags: tags.iter().map(reference).collect::<Result<_, _>>()?,
            build_args: self.pairs(&options.build_arg),
            target: options.target.clone(),
            no_cache: options.no_cache,
            no_cache_filter: options.no_cache_filter.clone(),
            labels: labels(&options.label),
            sandbox: sandbox(&options.given, self.language())?,
            allowed: allowed(&options.given, self.language())?,
            supplies: self.supplies(&options.given)?,
        })
    }

    /// Reads a Dockerfile from standard input, which can be read once only.
    fn typed_dockerfile(&self) -> Result<String, SessionError> {
        let bytes = self.bytes_of(STDIN, std::path::Path::new(STDIN))?;
        Ok(read_text(STDIN, bytes, self.language())?.text().to_owned())
    }

    pub(super) fn build(&mut self, call: &command::Build) -> Answer {
        let request = self.build_call(&call.path, &call.options, &call.tag)?;
        if call.check {
            return self.check_build(&request, call);
        }
        if self.is_forbidden(&request)? {
            return Ok(1);
        }
        let code = self.build_as(&request, call)?;
        self.write_id(call)?;
        Ok(code)
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
        let code = i32::from(report.failed().is_some());
        let pictured = !self.screen.is_plain() && call.progress != command::Progress::Plain;
        if call.json {
            self.write(&render::json(&report));
        } else if call.quiet && code == 0 {
            self.line(&report.image.map(|id| id.to_string()).unwrap_or_default());
        } else if !call.quiet && pictured {
            self.show(&render::build_result(&report, &self.screen));
        }
        if let Some(text) = render::failure(&report, &self.screen).filter(|_| !call.json) {
            self.mutter(&self.screen.paint(&text));
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
            Progress::Output(OutputLines::default())
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
        let request = self.build_call(&call.path, &call.options, &call.unneeded.tag)?;
        let report = self.session.forecast(&request)?;
        if call.json {
            self.write(&render::json(&report));
        } else {
            self.show(&render::forecast(&report, &self.screen));
            self.say_notes(&report);
        }
        self.last.build = Some(report);
        Ok(0)
    }

    /// Says what a `build` would do.
    pub fn foresee(&mut self, call: &command::Build) -> Result<BuildReport, SessionError> {
        let request = self.build_call(&call.path, &call.options, &call.tag)?;
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
            self.write(&render::json(found));
        } else {
            self.show(&render::why(report, step, &self.screen));
        }
        Ok(0)
    }

    pub(super) fn stack(&mut self, call: &command::Stack) -> Answer {
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

/// Returns what a step wrote, indented so that it can be told from what strata says.
fn written(lines: &mut OutputLines, event: &BuildEvent) -> String {
    let whole = match event {
        BuildEvent::Output { bytes, .. } => lines.push(bytes),
        BuildEvent::Finished(_) => lines.finish().into_iter().collect(),
        _ => Vec::new(),
    };
    whole.iter().map(|line| format!("  {line}\n")).collect()
}

/// Counts the instructions, for "step 2 of 6"; a file that cannot be read is told elsewhere.
fn steps_of(call: &BuildCall) -> usize {
    let file = call.file.clone();
    let path = file.unwrap_or_else(|| call.context.join("Dockerfile"));
    let bytes = match &call.text {
        Some(text) => text.clone().into_bytes(),
        None => std::fs::read(path).unwrap_or_default(),
    };
    let source = parser::decode("", bytes);
    let file = source.ok().and_then(|source| parser::syntax(&source).ok());
    file.map_or(0, |file| file.instructions.len())
}

crate::messages! {
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
    bad_tag(tag: &str, reason: &str) {
        en: "invalid argument \"{tag}\" for \"-t, --tag\" flag: {reason}",
        ko: "\"-t, --tag\"의 값을 쓸 수 없습니다(invalid argument): \"{tag}\": {reason}",
    }
    no_step(step: usize, count: usize) {
        en: "there is no step {step}: the build has {count}",
        ko: "{step}단계가 없습니다. 이 빌드는 {count}단계입니다",
    }
}
