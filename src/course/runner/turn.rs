//! A line that is carried out, and what follows: questions before it, checks after it.

use super::{Asked, Mode, Runner, RunnerError, Say};
use crate::course::acts::{Editing, REFUSED};
use crate::course::console::Console;
use crate::course::sentences;
use crate::course::undo::Moment;
use crate::lesson::{
    Act, ConsoleLine, FactResult, Guess, LineKind, Outcome, Prediction, Question, StepMark,
    normalised_command, question,
};

impl Runner {
    /// Carries out a line, or asks first what it will bring.
    pub(super) fn typed(
        &mut self,
        line: &str,
        console: &mut dyn Console,
    ) -> Result<Vec<Say>, RunnerError> {
        if let Some(question) = self.open_question()
            && question
                .by
                .as_deref()
                .is_some_and(|by| normalised_command(by) == normalised_command(line))
        {
            return Ok(self.ask(question, Prediction::default(), line, console));
        }
        self.carry_out(line, console)
    }

    /// Returns the step's question while it has no answer.
    pub(super) fn open_question(&self) -> Option<Question> {
        let answered = self.stage.record().prediction.is_some();
        question(&self.step().check).filter(|_| !answered)
    }

    fn ask(
        &mut self,
        question: Question,
        prediction: Prediction,
        line: &str,
        console: &mut dyn Console,
    ) -> Vec<Say> {
        let asked = Asked {
            next: prediction.guesses.len(),
            forecast: console.forecast(line),
            line: line.to_owned(),
            question: question.clone(),
            prediction: prediction.clone(),
        };
        self.mode = Mode::Asking {
            question,
            prediction,
            line: line.to_owned(),
        };
        vec![Say::Ask(Box::new(asked))]
    }

    /// Takes an answer; after the last one the line that waited is carried out.
    pub(super) fn answered(
        &mut self,
        answer: &str,
        question: Question,
        mut prediction: Prediction,
        line: &str,
        console: &mut dyn Console,
    ) -> Result<Vec<Say>, RunnerError> {
        let Some(guess): Option<Guess> = question.guess(answer) else {
            let mut says = vec![Say::NotAnAnswer];
            says.extend(self.ask(question, prediction, line, console));
            return Ok(says);
        };
        prediction.guesses.push(guess);
        if prediction.guesses.len() < question.items.len() {
            return Ok(self.ask(question, prediction, line, console));
        }
        self.mode = Mode::Prompt;
        self.stage.record_mut().prediction = Some(prediction);
        if question.by.is_none() {
            let score = self.stage.score_choice(console);
            let mut says: Vec<Say> = score
                .map(|score| Say::Score { score, build: None })
                .into_iter()
                .collect();
            says.extend(self.check(console)?);
            return Ok(says);
        }
        self.carry_out(line, console)
    }

    fn carry_out(
        &mut self,
        line: &str,
        console: &mut dyn Console,
    ) -> Result<Vec<Say>, RunnerError> {
        let before = Moment::now(line, &self.stage, console)?;
        let (lesson, step) = (self.lesson().id.clone(), self.step().id.clone());
        let passed = self.mode == Mode::Passed;
        if !passed {
            self.progress.progress.step_mut(&lesson, &step).tries += 1;
        }
        let outcome = self.stage.carry_out(line, Editing::Learner, console);
        self.journal.add(before, &self.stage, console)?;
        let mut says = Vec::new();
        says.extend(told(line, &outcome));
        says.extend(refusal(line, outcome.error.as_deref()));
        if let Some(score) = self.stage.score_after(line, console) {
            let build = outcome.build.map(Box::new);
            says.push(Say::Score { score, build });
        }
        if !passed {
            says.extend(self.judge(line, console)?);
        }
        Ok(says)
    }

    /// Judges the step after a line: passes it, or says what is missing if the line was of the
    /// kind that ends the step.
    pub(super) fn judge(
        &mut self,
        line: &str,
        console: &mut dyn Console,
    ) -> Result<Vec<Say>, RunnerError> {
        if self.step().check.is_empty() {
            return Ok(Vec::new());
        }
        let facts = self.stage.facts(console);
        if facts.iter().all(|fact| fact.ok) {
            return self.pass_with(facts, console);
        }
        let mistake = self.stage.mistake(&facts, console);
        if self.is_on_the_way(line) && mistake.is_none() {
            return Ok(self.remarks(&facts, console));
        }
        let made = mistake.and_then(|wrong| wrong.lines.last());
        if !self.decides(line) && !made.is_some_and(|made| same_kind(made, line)) {
            return Ok(Vec::new());
        }
        Ok(self.not_yet(facts, console))
    }

    /// The verb `check`: every fact, passed or not.
    pub(super) fn check(&mut self, console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        if let Some(question) = self.open_question()
            && question.by.is_none()
        {
            return Ok(self.ask(question, Prediction::default(), "", console));
        }
        if self.step().check.is_empty() {
            return self.pass(console);
        }
        let facts = self.stage.facts(console);
        if facts.iter().all(|fact| fact.ok) {
            return self.pass_with(facts, console);
        }
        Ok(self.not_yet(facts, console))
    }

    fn not_yet(&mut self, facts: Vec<FactResult>, console: &mut dyn Console) -> Vec<Say> {
        let mut texts = self.remarks(&facts, console);
        if self.stage.built_before_a_change() {
            texts.push(Say::note(sentences::changed_since_build));
        }
        if let Some(wrong) = self.stage.mistake(&facts, console) {
            texts.extend(self.step().whens.get(wrong.says()).cloned().map(Say::Text));
        }
        // The real result was no answer to the question as it was meant: it may be asked again.
        if self.stage.record().score.is_some() {
            let record = self.stage.record_mut();
            record.prediction = None;
            record.score = None;
        }
        let mut says = vec![Say::Facts(facts)];
        says.extend(texts);
        let of = self.step().hints.len();
        says.push(Say::TryAgain {
            hint: (of > 0).then(|| (self.hints % of.max(1) + 1, of)),
            solution: !self.step().solution.is_empty(),
        });
        says
    }

    fn pass_with(
        &mut self,
        facts: Vec<FactResult>,
        console: &mut dyn Console,
    ) -> Result<Vec<Say>, RunnerError> {
        let mut says = self.remarks(&facts, console);
        says.push(Say::Facts(facts));
        says.extend(self.pass(console)?);
        Ok(says)
    }

    /// Notes the step as passed.
    pub(super) fn pass(&mut self, _console: &mut dyn Console) -> Result<Vec<Say>, RunnerError> {
        self.stage.end()?;
        self.mode = Mode::Passed;
        let score = self
            .stage
            .record()
            .score
            .as_ref()
            .map(crate::lesson::Score::short);
        let (lesson, step) = (self.lesson().id.clone(), self.step().id.clone());
        let hash = self.step().check_hash.clone();
        let known = self.progress.progress.step_mut(&lesson, &step);
        known.state = StepMark::Passed;
        known.predicted = score;
        known.check = Some(hash);
        self.save()?;
        let number = self.step_index() + 1;
        let mut commands = self.stage.record().commands.iter();
        let record_has_build = commands.any(|outcome| outcome.build.is_some());
        Ok(vec![Say::Passed {
            after: self.step().after.clone(),
            number,
            last: number == self.lesson().steps.len(),
            why: record_has_build,
        }])
    }

    fn remarks(&self, facts: &[FactResult], console: &mut dyn Console) -> Vec<Say> {
        let notices = self.stage.remarks(facts, console);
        let texts = notices
            .iter()
            .filter_map(|notice| self.step().whens.get(&notice.says));
        texts.cloned().map(Say::Text).collect()
    }

    /// Tells whether a line is one of the solution with others to follow: what is still missing
    /// then is no mistake.
    fn is_on_the_way(&self, line: &str) -> bool {
        let typed = self.step().solution.iter().filter_map(|line| match line {
            ConsoleLine::Type(line) => Some(normalised_command(line)),
            ConsoleLine::Write { .. } => None,
        });
        let typed: Vec<_> = typed.collect();
        let line = normalised_command(line);
        typed.contains(&line) && typed.last() != Some(&line)
    }

    /// Tells whether a line is of the same kind as the one that ends the step's solution.
    fn decides(&self, line: &str) -> bool {
        let last = self
            .step()
            .solution
            .iter()
            .rev()
            .find_map(|line| match line {
                ConsoleLine::Type(line) => Some(line),
                ConsoleLine::Write { .. } => None,
            });
        last.is_none_or(|last| same_kind(last, line))
    }
}

/// Tells whether two lines are the same verb, both instructions, or both acts. What is fed to a
/// command does not make it another.
fn same_kind(one: &str, other: &str) -> bool {
    match (kind(one), kind(other)) {
        (Some(LineKind::Verb { verb: one, .. }), Some(LineKind::Verb { verb: other, .. })) => {
            one == other
        }
        (Some(LineKind::Instruction { .. }), Some(LineKind::Instruction { .. }))
        | (Some(LineKind::Act(_)), Some(LineKind::Act(_))) => true,
        _ => false,
    }
}

fn kind(line: &str) -> Option<LineKind> {
    match LineKind::parse(line).ok()? {
        LineKind::Act(Act::Echo { command, .. }) => kind(&command),
        other => Some(other),
    }
}

/// Returns what an act has to tell; commands tell it themselves.
fn told(line: &str, outcome: &Outcome) -> Vec<Say> {
    match LineKind::parse(line) {
        Ok(LineKind::Act(Act::Curl { url })) if outcome.exit == REFUSED => {
            let sentence = |language| sentences::nobody_listens(language, &url);
            vec![Say::note(sentence)]
        }
        Ok(LineKind::Act(Act::Host { .. } | Act::Curl { .. })) => {
            let lines = outcome.stdout.lines();
            lines.map(|it| Say::note(|_| it.to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

/// Says what kept an act from being carried out; the session tells of its own refusals itself.
pub(super) fn refusal(line: &str, error: Option<&str>) -> Option<Say> {
    let is_act = match LineKind::parse(line) {
        Ok(LineKind::Act(act)) => !matches!(act, Act::Echo { .. }),
        _ => false,
    };
    let error = error.filter(|error| is_act && !error.is_empty())?;
    Some(Say::note(|language| sentences::trouble(language, error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_is_fed_does_not_make_it_another() {
        assert!(same_kind("echo hi | docker run -i a", "run a"));
        assert!(same_kind("COPY . .", "RUN x"));
        assert!(!same_kind("docker exec -it a sh", "docker run -it a sh"));
        assert!(!same_kind("edit a", "echo hi | docker run -i a"));
    }
}
