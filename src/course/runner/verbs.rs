//! The words of the lesson itself. They are single words and none of them is docker's.

use super::{Mode, Runner, RunnerError, Say, Scope, language_named};
use crate::build::{StepReport, StepState};
use crate::course::acts::Editing;
use crate::course::console::{Console, Input};
use crate::course::help::is_explained;
use crate::course::list::list;
use crate::course::sentences;
use crate::course::told_of_change;
use crate::lesson::{ConsoleLine, find_step};

impl Runner {
    /// Carries a lesson's verb out; none where the line is something else.
    pub(super) fn verb(
        &mut self,
        line: &str,
        console: &mut dyn Console,
    ) -> Result<Option<Vec<Say>>, RunnerError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        if self.play.is_some() && needs_the_lesson(&words) {
            return Ok(Some(vec![Say::note(sentences::back_first)]));
        }
        let says = match words.as_slice() {
            [] => self.enter_key(console)?,
            ["check"] => self.check(console)?,
            ["hint" | "h"] => self.hint(),
            ["solution" | "s"] => self.solution()?,
            ["y"] => match self.step_to_explain() {
                Some(step) => {
                    // The session shows it; to the step it is no command that was typed.
                    console.execute(&format!("why {step}"), Input::Own);
                    Vec::new()
                }
                None => vec![Say::note(sentences::nothing_built)],
            },
            ["undo" | "u"] if self.play.is_none() => self.undo(console)?,
            ["redo"] if self.play.is_none() => self.redo(console)?,
            ["next" | "n"] => self.next(console)?,
            ["skip"] => self.skip(console)?,
            ["reset", rest @ ..] => match reset_words(rest) {
                Some((scope, yes)) => self.reset(scope, yes, console)?,
                None => return Ok(None),
            },
            ["list" | "l", rest @ ..] => self.list(&rest.join(" ")),
            ["learn", name] => self.learn(name, console)?,
            ["forget"] => self.forget(console)?,
            ["lang", name] => match language_named(name) {
                Some(language) => vec![Say::Language(language), Say::Page],
                None => vec![Say::note(|language| {
                    sentences::no_such_language(language, name)
                })],
            },
            ["w"] => self.write_given()?,
            ["play" | "p"] => self.begin_play(console)?,
            ["back"] => self.end_play(console)?,
            ["watch"] | ["watch", "on"] => {
                self.watch = Some(self.stage.snapshot()?);
                vec![Say::note(sentences::watch_on)]
            }
            ["watch", "off"] => {
                self.watch = None;
                vec![Say::note(sentences::watch_off)]
            }
            ["?" | "help"] => vec![Say::Help],
            ["?" | "help", word] if is_explained(word) => vec![Say::HelpOn((*word).to_owned())],
            ["page"] => vec![Say::Page],
            ["exit" | "quit" | "bye" | "q"] => self.leave(console)?,
            _ => return Ok(None),
        };
        Ok(Some(says))
    }

    /// An empty line: on, where the step is done; else what is missing.
    fn enter_key(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        match self.mode {
            Mode::Passed => self.go_on(console),
            Mode::Finished => self.next_lesson(console),
            _ => self.check(console),
        }
    }

    /// Goes on; a step without anything to check is passed by that.
    fn next(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        match self.mode {
            Mode::Passed => self.go_on(console),
            Mode::Finished => self.next_lesson(console),
            _ if self.step().check.is_empty() => {
                let mut says = self.pass(console)?;
                says.extend(self.go_on(console)?);
                Ok(says)
            }
            _ => Ok(vec![Say::note(sentences::not_done)]),
        }
    }

    fn next_lesson(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        let next = self.lesson + 1;
        if next < self.course.lessons.len() {
            return self.open_lesson(next, console);
        }
        Ok(self.list(""))
    }

    fn learn(&mut self, name: &str, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        match self.course.position(name) {
            Some(lesson) => self.open_lesson(lesson, console),
            None => Ok(vec![Say::note(|language| {
                sentences::no_such_lesson(language, name)
            })]),
        }
    }

    /// Forgets a lesson that was opened by mistake, shows the list and closes it.
    fn forget(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        let lesson = self.lesson().id.clone();
        self.progress.progress.forget(&lesson);
        self.progress.save()?;
        self.stage.clean_up(console);
        self.forget_marks();
        let mut says = vec![Say::note(|language| {
            sentences::forgotten(language, &lesson)
        })];
        says.extend(self.list(""));
        says.push(Say::Closed);
        Ok(says)
    }

    /// Shows the next hint; after the last one, the first again.
    fn hint(&mut self) -> Vec<Say> {
        let hints = &self.step().hints;
        let of = hints.len();
        if of == 0 {
            return vec![Say::note(sentences::no_hints)];
        }
        let number = self.hints % of;
        let text = hints[number].text.clone();
        self.hints += 1;
        vec![Say::Hint {
            number: number + 1,
            of,
            text,
        }]
    }

    /// Writes the solution's files, keeping what was there, and puts its lines on the prompt.
    fn solution(&mut self) -> Result<Vec<Say>, RunnerError> {
        let lines = self.step().solution.clone();
        if lines.is_empty() {
            return Ok(vec![Say::note(sentences::no_solution)]);
        }
        let mut says = Vec::new();
        let mut typed = Vec::new();
        for line in lines {
            match line {
                ConsoleLine::Write { path, text } => says.push(self.write(&path, &text)?),
                ConsoleLine::Type(line) => typed.push(line),
            }
        }
        let (lesson, step) = (self.lesson().id.clone(), self.step().id.clone());
        self.progress.progress.step_mut(&lesson, &step).solution = true;
        self.save()?;
        says.push(Say::Solution(typed));
        Ok(says)
    }

    /// Writes the files that this step offers.
    fn write_given(&mut self) -> Result<Vec<Say>, RunnerError> {
        let blocks = self.step().file_blocks();
        let given: Vec<(String, String)> = blocks
            .filter(|(_, _, give)| *give)
            .map(|(path, text, _)| (path.to_owned(), text.to_owned()))
            .collect();
        if given.is_empty() {
            return Ok(vec![Say::note(sentences::nothing_to_write)]);
        }
        given
            .iter()
            .map(|(path, text)| self.write(path, text))
            .collect()
    }

    fn write(&self, path: &str, text: &str) -> Result<Say, RunnerError> {
        let folder = match &self.play {
            Some(play) => play.folder(),
            None => self.stage.folder(),
        };
        let kept = folder
            .write_keeping(path, text.as_bytes())
            .map_err(crate::course::StageError::from)?;
        Ok(match kept {
            Some(kept) => Say::note(|language| sentences::wrote_keeping(language, path, &kept)),
            None => Say::note(|language| sentences::wrote(language, path)),
        })
    }

    fn undo(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        let Some(undone) = self.journal.undo(&mut self.stage, console)? else {
            return self.session_word("undo", console);
        };
        self.mode = Mode::Prompt;
        let mut says = Vec::new();
        if !undone.is_told {
            says.push(Say::note(|language| {
                sentences::undid(language, &undone.line)
            }));
        }
        says.extend(undone.left.into_iter().map(Say::Note));
        Ok(says)
    }

    fn redo(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        match self.journal.redo(&mut self.stage, console)? {
            None => self.session_word("redo", console),
            Some(line) => {
                let mut says = vec![Say::note(|language| sentences::redid(language, &line))];
                says.extend(self.judge(&line, console)?);
                Ok(says)
            }
        }
    }

    /// Leaves `undo` and `redo` to the session where this step has nothing of its own to take
    /// back: the draft may be older than the step. The session says what came of it.
    fn session_word(
        &mut self,
        word: &str,
        console: &mut dyn Console,
    ) -> Result<Vec<Say>, RunnerError> {
        let before = console.draft();
        self.stage.carry_out(word, Editing::Learner, console);
        if console.draft() == before {
            return Ok(Vec::new());
        }
        self.judge(word, console)
    }

    /// Lists the lessons whose title or id has a text.
    fn list(&self, text: &str) -> Vec<Say> {
        let current = Some(self.lesson().id.as_str());
        let lines = list(&self.course, self.progress(), current, text);
        if lines.is_empty() {
            return vec![Say::note(|language| sentences::none_found(language, text))];
        }
        vec![Say::List(lines)]
    }

    /// Returns the step of this lesson step's last build that wants explaining: one that was
    /// predicted wrong, else the last that ran, else the last.
    pub(super) fn step_to_explain(&self) -> Option<usize> {
        let record = self.stage.record();
        let build = record
            .commands
            .iter()
            .rev()
            .find_map(|it| it.build.as_ref())?;
        let wrong = record.score.iter().flat_map(|score| &score.items);
        let mut wrong = wrong.filter(|item| !item.right());
        let predicted = wrong.find_map(|item| find_step(build, None, Some(&item.item)));
        let ran = |step: &&StepReport| step.state == StepState::Miss;
        let ran = || build.steps.iter().rev().find(ran);
        let step = predicted.or_else(ran).or(build.steps.last())?;
        Some(step.number)
    }

    /// Leaves, also from free play.
    pub fn leave(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        if self.play.is_some() {
            self.end_play(console)?;
        }
        let here = (self.lesson, self.step_index());
        let (lesson, step) = self.progress().going_on(&self.course).unwrap_or(here);
        Ok(vec![Say::Leave {
            lesson: self.course.lessons[lesson].id.clone(),
            step: step + 1,
        }])
    }

    /// Looks at the work folder for changes made outside; says what they mean for the next
    /// build. A face calls it when nothing else happens.
    pub fn notice_files(&mut self, console: &mut dyn Console) -> Vec<Say> {
        let Some(seen) = self.watch.take() else {
            return Vec::new();
        };
        // A file that is just being written may not be readable: the next look will see it.
        let Ok(now) = self.stage.snapshot() else {
            self.watch = Some(seen);
            return Vec::new();
        };
        let forecast = if seen.changed(&now).is_empty() {
            None
        } else {
            let line = self.build_line().map(str::to_owned);
            line.and_then(|line| console.forecast(&line))
        };
        let told = told_of_change(&seen, &now, forecast.as_ref());
        self.watch = Some(now);
        told.map(Say::Note).into_iter().collect()
    }

    /// Returns the last line that built something: what a changed file matters to. While a
    /// prediction waits there is none, as the answer would be given away.
    pub fn build_line(&self) -> Option<&str> {
        let line = self.stage.last_build_line();
        line.filter(|_| !self.awaits_prediction())
    }

    /// Tells whether the step asks for a prediction that has not been made.
    pub fn awaits_prediction(&self) -> bool {
        self.open_question().is_some_and(|it| it.by.is_some())
    }

    /// Begins to tell of changed files.
    pub fn begin_watching(&mut self) {
        // A folder that can't be read now may be later; then `watch on` begins.
        self.watch = self.stage.snapshot().ok();
    }

    /// Tells whether changes of files are told of.
    pub fn is_watching(&self) -> bool {
        self.watch.is_some() && self.play.is_none()
    }

    /// Takes the work folder as it is: what changed up to now was told of, or is the doing of
    /// strata itself.
    pub fn look_again(&mut self) {
        if let (Some(watch), Ok(now)) = (&mut self.watch, self.stage.snapshot()) {
            *watch = now;
        }
    }
}

/// Tells whether a verb is about the lesson itself, from which free play is away.
fn needs_the_lesson(words: &[&str]) -> bool {
    match words {
        [] => true,
        [verb, ..] => [
            "check", "next", "n", "skip", "reset", "learn", "forget", "watch", "y",
        ]
        .contains(verb),
    }
}

/// Reads what follows `reset`.
fn reset_words(words: &[&str]) -> Option<(Scope, bool)> {
    let yes = words.contains(&"--yes") || words.contains(&"-y");
    let rest: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !word.starts_with('-'))
        .collect();
    let scope = match rest.as_slice() {
        [] | ["step"] => Scope::Step,
        ["lesson"] => Scope::Lesson,
        ["course"] => Scope::Course,
        _ => return None,
    };
    Some((scope, yes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reset_names_its_scope() {
        assert_eq!(reset_words(&[]), Some((Scope::Step, false)));
        assert_eq!(
            reset_words(&["lesson", "--yes"]),
            Some((Scope::Lesson, true))
        );
        assert_eq!(reset_words(&["everything"]), None);
    }
}
