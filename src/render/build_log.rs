//! A build as it happens, one fact a line: for pipes, screen readers and `--progress=plain`.

use super::output::{SaidLine, StepOutputs};
use super::screen::Screen;
use super::sentence::{self, Tense};
use super::text::{Line, Style, Text};
use super::transfers;
use crate::build::BuildEvent;

/// Turns events into lines. Nothing that was returned is ever taken back.
#[derive(Debug)]
pub struct BuildLog {
    screen: Screen,
    /// How many instructions the file has.
    steps: usize,
    output: StepOutputs,
}

impl BuildLog {
    /// Starts the log of a build of so many instructions.
    pub fn new(steps: usize, screen: Screen) -> Self {
        Self {
            screen,
            steps,
            output: StepOutputs::default(),
        }
    }

    /// Returns the lines an event adds.
    pub fn event(&mut self, event: &BuildEvent) -> Text {
        let said = self.output.event(event);
        let mut text = self.quote(said);
        let language = self.screen.language;
        match event {
            BuildEvent::Started { number, text: it } => {
                text.append(self.say(&sentence::started(*number, self.steps, it, language)));
            }
            BuildEvent::Finished(step) => {
                let said = sentence::step(step, self.steps, Tense::Done, language);
                text.append(self.say(&said));
            }
            BuildEvent::Transfer { image, transfer } if !transfer.state.is_progress() => {
                text.append(self.say(&format!("{image}: {}", transfers::line(transfer))));
            }
            BuildEvent::Output { .. }
            | BuildEvent::Progress { .. }
            | BuildEvent::Transfer { .. } => {}
        }
        text
    }

    fn say(&self, sentence: &str) -> Text {
        self.screen.wrap(&Line::plain(sentence), 2)
    }

    /// Indents what steps wrote, so that it can be told from what strata says.
    fn quote(&self, lines: Vec<SaidLine>) -> Text {
        let lines = lines
            .into_iter()
            .map(|said| Line::plain(format!("  {}", said.label())).with(Style::Plain, said.line));
        lines
            .flat_map(|line| self.screen.wrap(&line, 2).into_lines())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::render::{Chrome, sample};

    fn log(language: Language) -> String {
        let report = sample::rebuilt();
        let finished = |number: usize| {
            let step = report.step(number).expect("the sample has the step");
            BuildEvent::Finished(Box::new(step.clone()))
        };
        let output = |bytes: &[u8]| BuildEvent::Output {
            number: 4,
            stderr: false,
            bytes: bytes.to_vec(),
        };
        let started = BuildEvent::Started {
            number: 4,
            text: "RUN npm install".to_owned(),
        };
        let events = [
            finished(2),
            started,
            output(b"added 3 pack"),
            output(b"ages\nok"),
            finished(4),
        ];
        let mut log = BuildLog::new(6, Screen::new(usize::MAX, language, Chrome::Plain));
        events
            .iter()
            .map(|event| log.event(event).to_string())
            .collect()
    }

    #[test]
    fn a_log_quotes_what_steps_write() {
        insta::assert_snapshot!(log(Language::En), @r"
        Step 2 of 6, WORKDIR /app: reused.
        Step 4 of 6, RUN npm install: running.
          added 3 packages
          ok
        Step 4 of 6, RUN npm install: ran again, step 3 changed. 1.05 megabytes.
        ");
        insta::assert_snapshot!(log(Language::Ko), @r"
        6단계 중 2단계, WORKDIR /app: 재사용했습니다.
        6단계 중 4단계, RUN npm install: 실행 중입니다.
          added 3 packages
          ok
        6단계 중 4단계, RUN npm install: 다시 실행했습니다. 3단계가 바뀌었습니다. 1.05메가바이트.
        ");
    }
}
