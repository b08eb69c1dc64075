//! `build --step`: a pause before each instruction; and `--on-fail shell`.
//!
//! A step is carried out by a build of the file as far as that step: what was made before is in the
//! cache. Such builds leave no trace among images and in the history; the build of the whole file
//! at the end does, and tells of each step what it came to when its turn was.

use std::collections::BTreeMap;

use super::{Answer, Face};
use crate::build::{BuildEvent, BuildReport, StepReport, StepState};
use crate::command;
use crate::digest::ImageId;
use crate::plan::StepNumber;
use crate::render::{BuildLog, Keep, Line, Style};
use crate::session::{BuildCall, RunCall, SessionError, Trouble};
use crate::source::Source;

/// The shell that is opened in an image.
const SHELL: &str = "/bin/sh";
/// What a shell is told of a program that Ctrl-C ended.
const STOPPED: i32 = 130;

/// What can be said at a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Say {
    Next,
    Continue,
    Back,
    Shell,
    Why,
    Quit,
}

/// A build on its way from pause to pause.
struct Steps<'c> {
    request: &'c BuildCall,
    source: Source,
    /// What is made of each step that was carried out here.
    rows: BTreeMap<StepNumber, Vec<StepReport>>,
}

impl Face<'_> {
    /// Refuses what needs somebody at a terminal where there is none.
    pub(super) fn check_terminal(&self, call: &command::Build) -> Result<(), SessionError> {
        if (call.step || call.on_fail.is_some()) && !self.around.terminal {
            let option = if call.step { "--step" } else { "--on-fail" };
            let trouble = Trouble::new(needs_terminal(self.language(), option));
            let help = trouble.with_help(needs_terminal_help(self.language()));
            return Err(help.with_exit(125).into());
        }
        Ok(())
    }

    /// Builds with a pause before each instruction.
    pub(super) fn build_by_steps(&mut self, request: &BuildCall, call: &command::Build) -> Answer {
        let mut steps = Steps {
            request,
            source: self.session.source(request)?,
            rows: BTreeMap::new(),
        };
        let mut forecast = self.session.forecast(request)?;
        let needed = forecast.steps.iter();
        let needed = needed.filter(|row| row.state != StepState::Skip);
        let mut numbers: Vec<StepNumber> = needed.map(|row| row.number).collect();
        numbers.dedup();
        let mut at = 0;
        while let Some(&number) = numbers.get(at) {
            match self.pause(&forecast, number)? {
                // An ARG before the first FROM belongs to no stage: there is nothing to build.
                Say::Next if forecast.step(number).is_some_and(|row| row.stage.is_none()) => {
                    at += 1;
                }
                Say::Next => {
                    let report = self.pass(&mut steps, number)?;
                    if report.failed().is_some() {
                        self.say_failure(&report, request);
                        if call.on_fail.is_some() {
                            self.shell_before(&report, number)?;
                        }
                    } else {
                        at += 1;
                    }
                    forecast = self.session.forecast(request)?;
                }
                Say::Continue => break,
                Say::Back => at = at.saturating_sub(1),
                Say::Shell => {
                    let report = steps.so_far(&forecast);
                    self.shell_before(&report, number)?;
                }
                Say::Why => {
                    self.explain(&forecast, number, false)?;
                }
                Say::Quit => {
                    let sentence = stopped(self.language(), number);
                    return Err(Trouble::new(sentence).with_exit(STOPPED).into());
                }
            }
        }
        let quiet = at == numbers.len();
        let mut report = self.watched_build(request, quiet, self.around.live, Keep::Nothing)?;
        if steps.put_into(&mut report) {
            self.session.remember_report(request, &report)?;
        }
        self.tell(report, request, call)
    }

    /// Shows which step is next, and asks what to do.
    fn pause(&mut self, forecast: &BuildReport, number: StepNumber) -> Result<Say, SessionError> {
        let language = self.language();
        let row = forecast.step(number);
        let row = row.expect("the numbers are those of the forecast");
        let place = next_step(language, number, forecast.count(), row.lines.0);
        let word = row.state.word().trim_end();
        let line = Line::styled(Style::Strong, place).with(Style::Plain, format!("  {word}"));
        self.show(&self.screen.wrap(&line, 2));
        self.show(&self.screen.wrap(&Line::plain(format!("  {}", row.text)), 4));
        loop {
            self.write(&format!("{} ", choices(language)));
            let _ = self.out.flush();
            let Some(typed) = self.typed_line()? else {
                self.line("");
                return Ok(Say::Quit);
            };
            if let Some(say) = Say::read(&typed) {
                return Ok(say);
            }
        }
    }

    /// Reads a line from the terminal; none at its end. Byte by byte: what follows the line may be
    /// for a shell.
    fn typed_line(&self) -> Result<Option<String>, SessionError> {
        let stdin = self.around.stdin;
        let stdin = stdin.expect("a terminal was asked for before");
        let mut line = Vec::new();
        let mut byte = [0];
        loop {
            match rustix::io::read(stdin, &mut byte) {
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => {
                    return Err(Trouble::system("read standard input", &error.into()).into());
                }
                Ok(0) if line.is_empty() => return Ok(None),
                Ok(0) => break,
                Ok(_) if byte == *b"\n" => break,
                Ok(_) => line.push(byte[0]),
            }
        }
        Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()))
    }

    /// Builds the file as far as a step, and shows only that one.
    fn pass(
        &mut self,
        steps: &mut Steps<'_>,
        number: StepNumber,
    ) -> Result<BuildReport, SessionError> {
        let source = &steps.source;
        let count = crate::parser::syntax(source).map_or(0, |file| file.instructions.len());
        let call = steps.as_far_as(number);
        let (out, screen) = (&mut *self.out, self.screen);
        let mut log = BuildLog::new(count, screen);
        let mut events = |event: BuildEvent| {
            let of = match &event {
                BuildEvent::Started { number, .. }
                | BuildEvent::Output { number, .. }
                | BuildEvent::Progress { number, .. } => *number,
                BuildEvent::Finished(row) => row.number,
                BuildEvent::Transfer { .. } => number,
            };
            if of == number {
                let _ = out.write_all(screen.paint(&log.event(&event)).as_bytes());
                let _ = out.flush();
            }
        };
        let report = self.session.build(&call, &mut events)?;
        let rows = report.steps.iter().filter(|row| row.number == number);
        let rows: Vec<StepReport> = rows.cloned().collect();
        // Gone through again, a step is what it was the first time.
        let ran = |row: &StepReport| row.state == StepState::Miss;
        if rows.iter().any(ran) || !steps.rows.contains_key(&number) {
            steps.rows.insert(number, rows);
        }
        Ok(report)
    }

    /// Opens a shell in the image as it was before a step.
    pub(super) fn shell_before(
        &mut self,
        report: &BuildReport,
        number: StepNumber,
    ) -> Result<(), SessionError> {
        let language = self.language();
        let Some(image) = image_before(report, number) else {
            self.line(&nothing_yet(language, number));
            return Ok(());
        };
        let opens = Line::plain(shell_opens(language, number));
        self.show(&self.screen.wrap(&opens, 2));
        let call = RunCall {
            image: image.to_string(),
            command: vec![SHELL.to_owned()],
            interactive: true,
            tty: true,
            remove: true,
            // The image's own entrypoint stands aside.
            entrypoint: Some(String::new()),
            term: (self.around.variable)("TERM"),
            ..RunCall::default()
        };
        // One that cannot be had ends neither the pause nor the build.
        if let Err(error) = self.run_asked(&call) {
            self.complain(&error);
        }
        Ok(())
    }
}

impl Steps<'_> {
    /// Returns the build of the file up to a step.
    fn as_far_as(&self, number: StepNumber) -> BuildCall {
        let file = crate::parser::syntax(&self.source);
        let instructions = file.map(|file| file.instructions).unwrap_or_default();
        let end = instructions.get(number - 1).map(|it| it.lines.1);
        let lines = self.source.text().split_inclusive('\n');
        let text: String = lines.take(end.unwrap_or(usize::MAX)).collect();
        BuildCall {
            read: Some(text.into_bytes()),
            target: None,
            tags: Vec::new(),
            in_passing: true,
            ..self.request.clone()
        }
    }

    /// Returns a report with the images of the steps that were carried out.
    fn so_far(&self, forecast: &BuildReport) -> BuildReport {
        let mut report = forecast.clone();
        self.put_into(&mut report);
        report
    }

    /// Puts what steps came to in the place of what is known of them otherwise; tells whether there
    /// was anything.
    fn put_into(&self, report: &mut BuildReport) -> bool {
        let mut put = false;
        for row in &mut report.steps {
            let rows = self.rows.get(&row.number);
            let mut rows = rows.into_iter().flatten();
            let known = rows.find(|known| (known.trigger, &known.text) == (row.trigger, &row.text));
            if let Some(known) = known.filter(|known| known.state != StepState::Fail) {
                *row = known.clone();
                put = true;
            }
        }
        put
    }
}

impl Say {
    /// Reads a word or its first letter; Enter goes on.
    fn read(typed: &str) -> Option<Self> {
        Some(match typed.to_ascii_lowercase().as_str() {
            "" | "n" | "next" => Self::Next,
            "c" | "continue" => Self::Continue,
            "b" | "back" => Self::Back,
            "s" | "shell" => Self::Shell,
            "w" | "why" => Self::Why,
            "q" | "quit" | "exit" => Self::Quit,
            _ => return None,
        })
    }
}

/// Returns the image as it was before a step: that of the step before it in its stage.
pub(super) fn image_before(report: &BuildReport, number: StepNumber) -> Option<ImageId> {
    let stage = report.step(number)?.stage;
    let rows = report.steps.iter();
    let mut before = rows.filter(|row| row.stage == stage && row.number < number);
    before.next_back()?.image
}

crate::messages! {
    needs_terminal(option: &str) {
        en: "{option} asks questions, and there is nobody at a terminal",
        ko: "{option} 옵션은 물어보면서 진행하는데, 터미널이 아닙니다",
    }
    needs_terminal_help() {
        en: "call it in a terminal, without a pipe; `plan` and `why` explain a build without asking",
        ko: "파이프 없이 터미널에서 실행하세요. `plan`과 `why`는 묻지 않고 빌드를 설명합니다",
    }
    next_step(step: usize, of: usize, line: usize) {
        en: "Step {step} of {of}, line {line}",
        ko: "{of}단계 중 {step}단계, {line}번 줄",
    }
    choices() {
        en: "[Enter] next  [c] continue  [b] back  [s] shell  [w] why  [q] quit  >",
        ko: "[Enter] 다음  [c] 끝까지  [b] 뒤로  [s] 셸  [w] 이유  [q] 그만  >",
    }
    stopped(step: usize) {
        en: "stopped before step {step}; what was made stays in the cache",
        ko: "{step}단계 앞에서 멈췄습니다. 만든 것은 캐시에 남습니다",
    }
    nothing_yet(step: usize) {
        en: "There is no image before step {step} to look into.",
        ko: "{step}단계 앞에는 들여다볼 이미지가 없습니다.",
    }
    shell_opens(step: usize) {
        en: "A shell in the image as it is before step {step}. `exit` comes back; changes are thrown away.",
        ko: "{step}단계 앞의 이미지에서 연 셸입니다. `exit`로 돌아오고, 바꾼 것은 버려집니다.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn words_and_first_letters_are_answers() {
        for (typed, say) in [
            ("", Some(Say::Next)),
            ("N", Some(Say::Next)),
            ("back", Some(Say::Back)),
            ("s", Some(Say::Shell)),
            ("quit", Some(Say::Quit)),
            ("x", None),
        ] {
            assert_eq!(Say::read(typed), say, "{typed}");
        }
    }

    #[test]
    fn every_key_that_is_offered_is_understood() {
        for language in Language::ALL {
            let offered = choices(language);
            let keys = offered.split('[').skip(1);
            let keys: Vec<&str> = keys.filter_map(|it| it.split(']').next()).collect();
            assert_eq!(keys, ["Enter", "c", "b", "s", "w", "q"]);
            assert!(keys[1..].iter().all(|key| Say::read(key).is_some()));
        }
    }
}
