//! The stages of a build, at the same time where they can be.
//!
//! First the stages are gone through in the order of the file, and whatever can be reused is, until
//! a step of a stage has to be made. From there on that stage has a thread of its own, which waits
//! for other stages only at the steps that need them. So what is reused is told in the order of the
//! file, and a build that has nothing to do starts no thread; nor does one with a single stage.
//!
//! ```text
//! the worker's own thread     what is reused ── tells what the others say, until all are done
//!    ├─ a stage's thread      waits for stages ── waits for a place ── makes a layer ── ...
//!    └─ a stage's thread      ...                 (as many as processors)
//! ```
//!
//! Threads, because that is safe here: a container is started by clone(2) and execveat(2) with
//! nothing but system calls between (`runtime::sys::spawn`), never by fork(2), and it ends with the
//! thread that started it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope, ScopedJoinHandle};

use super::board::Board;
use super::builder::Events;
use super::carry::{Begun, Looked, StageBuild, Work};
use super::error::BuildError;
use super::report::{BuildEvent, StepReport, StepState};
use crate::plan::{Step, StepKind};

/// What a stage says while it is built.
enum Told {
    /// Something happens.
    Event(BuildEvent),
    /// A step is done, one way or the other; its place in the file comes first. One that was stopped
    /// waits.
    Row(usize, Box<StepReport>),
}

type Tell<'t> = &'t mut dyn FnMut(Told);

/// What is left of a stage whose next step cannot be done at once.
struct Rest<'w> {
    work: &'w Work<'w>,
    build: StageBuild<'w>,
    /// The steps, and the place of the first of them in the file.
    steps: &'w [Step],
    first: usize,
    /// What is known of the first one, if it was looked at, and its row.
    looked: Option<(Box<Looked>, StepReport)>,
}

/// The lines beside the steps of a stage.
type Notes = Vec<String>;

/// Carries all steps out. Returns their rows, in the order of the file, and lines beside them.
pub(super) fn build(
    work: &Work<'_>,
    events: Events<'_>,
) -> Result<(Vec<StepReport>, Notes), BuildError> {
    let mut rows: Vec<Option<StepReport>> = vec![None; work.steps().len()];
    let mut hear = |told| match told {
        Told::Event(event) => events(event),
        Told::Row(index, row) => {
            rows[index] = Some((*row).clone());
            if row.state != StepState::Wait {
                events(BuildEvent::Finished(row));
            }
        }
    };
    let built = thread::scope(|scope| {
        let (sender, receiver) = channel();
        let mut crew = Crew {
            work,
            scope,
            sender,
            receiver,
            threads: Vec::new(),
        };
        let begun = crew.go_through(&mut hear);
        if begun.is_err() {
            // Nobody is to wait for what does not come.
            work.board.stop();
        }
        let ended = crew.end(&mut hear);
        begun.and_then(|notes| Ok([notes, ended?].concat()))
    });
    let notes = built?;
    let mut told = rows.into_iter();
    let mut rows = Vec::new();
    for step in work.steps() {
        let row = told.next().flatten();
        let row = row.unwrap_or_else(|| work.row(step));
        // What was not reached, and what was stopped, comes after what failed.
        if row.state == StepState::Wait {
            events(BuildEvent::Finished(Box::new(row.clone())));
        }
        rows.push(row);
    }
    Ok((rows, notes))
}

/// The threads of a build.
struct Crew<'scope, 'env, 'w> {
    work: &'w Work<'w>,
    scope: &'scope Scope<'scope, 'env>,
    sender: Sender<Told>,
    receiver: Receiver<Told>,
    threads: Vec<ScopedJoinHandle<'scope, Result<Notes, BuildError>>>,
}

impl<'scope, 'w: 'scope> Crew<'scope, '_, 'w> {
    /// Goes through the stages. Returns the lines of those that are finished then.
    fn go_through(&mut self, hear: Tell<'_>) -> Result<Notes, BuildError> {
        let work = self.work;
        let mut notes = Notes::new();
        let mut first = 0;
        let is_needed = |step: &Step| !matches!(step.kind, StepKind::NotNeeded);
        for steps in work.steps().chunk_by(|one, next| one.stage == next.stage) {
            let later = first + steps.len();
            let rest = Rest {
                work,
                build: StageBuild::new(work),
                steps,
                first,
                looked: None,
            };
            let is_last = !work.steps()[later..].iter().any(is_needed);
            let alone = work.is_one_by_one() || (is_last && self.threads.is_empty());
            match rest.begin(hear)? {
                Ok(done) => notes.extend(done),
                Err(rest) if alone => notes.extend(rest.go_on(false, hear)?),
                Err(rest) => self.spawn(rest)?,
            }
            if work.board.stop.is_asked() {
                break;
            }
            self.receiver.try_iter().for_each(&mut *hear);
            first = later;
        }
        Ok(notes)
    }

    fn spawn(&mut self, rest: Rest<'w>) -> Result<(), BuildError> {
        let sender = self.sender.clone();
        let go_on = move || {
            // Who receives is there until all threads are done.
            let mut tell = |told| sender.send(told).unwrap_or_default();
            rest.go_on(true, &mut tell)
        };
        let thread = thread::Builder::new().spawn_scoped(self.scope, go_on);
        let thread = thread.map_err(|source| BuildError::System {
            doing: "start a thread",
            source,
        })?;
        self.threads.push(thread);
        Ok(())
    }

    /// Passes on what the threads say until all are done.
    fn end(self, hear: Tell<'_>) -> Result<Notes, BuildError> {
        drop(self.sender);
        self.receiver.into_iter().for_each(hear);
        let mut notes = Notes::new();
        let mut wrong = None;
        for thread in self.threads {
            match thread.join() {
                Ok(Ok(own)) => notes.extend(own),
                // Why it was stopped is told by who did.
                Ok(Err(BuildError::Stopped)) => {}
                Ok(Err(error)) => wrong = wrong.or(Some(error)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        wrong.map_or(Ok(notes), Err)
    }
}

/// Ends all stages when one of them is left by an error or a panic.
struct Leaving<'b>(Option<&'b Board>);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.take().map(Board::stop);
    }
}

impl Rest<'_> {
    /// Reuses what can be reused, up to the first step that has to be made or waits for another
    /// stage: then the rest is returned as the inner error.
    fn begin(mut self, tell: Tell<'_>) -> Result<Result<Notes, Self>, BuildError> {
        while let Some(step) = self.steps.first() {
            if !self.work.board.has(&self.work.needs(step)) {
                return Ok(Err(self));
            }
            let mut row = self.work.row(step);
            match self.build.begin(step, &mut row)? {
                Begun::Done => self.done(row, tell),
                Begun::ToMake(looked) => {
                    self.looked = Some((looked, row));
                    return Ok(Err(self));
                }
                Begun::Failed => return Ok(Ok(self.failed(row, tell))),
            }
        }
        Ok(Ok(self.finish()))
    }

    /// Goes on to the end of the stage.
    fn go_on(mut self, beside_others: bool, tell: Tell<'_>) -> Result<Notes, BuildError> {
        let mut leaving = Leaving(Some(&self.work.board));
        while let Some(step) = self.steps.first() {
            let looked = self.looked.take();
            let (looked, mut row) =
                looked.map_or_else(|| (None, self.work.row(step)), |(it, row)| (Some(it), row));
            match self.carry_out(step, looked, &mut row, beside_others, tell) {
                Ok(Begun::Failed) => return Ok(self.failed(row, tell)),
                Ok(_) => self.done(row, tell),
                Err(error) => {
                    if let BuildError::Stopped = error {
                        tell(Told::Row(
                            self.first,
                            Box::new(self.work.stopped(step, &row)),
                        ));
                    }
                    return Err(error);
                }
            }
        }
        leaving.0 = None;
        Ok(self.finish())
    }

    fn carry_out(
        &mut self,
        step: &Step,
        looked: Option<Box<Looked>>,
        row: &mut StepReport,
        beside_others: bool,
        tell: Tell<'_>,
    ) -> Result<Begun, BuildError> {
        let board = &self.work.board;
        board.wait_for(&self.work.needs(step))?;
        let works = beside_others && matches!(step.kind, StepKind::Layer(_));
        let place = works.then(|| board.place()).transpose()?;
        let is_fresh = place.as_ref().is_none_or(|place| place.at_once);
        let begun = match looked.filter(|_| is_fresh) {
            Some(looked) => Begun::ToMake(looked),
            None => self.build.begin(step, row)?,
        };
        let mut events = |event| tell(Told::Event(event));
        match begun {
            Begun::ToMake(looked) => self.build.make(step, *looked, row, &mut events),
            begun => Ok(begun),
        }
    }

    fn done(&mut self, row: StepReport, tell: Tell<'_>) {
        tell(Told::Row(self.first, Box::new(row)));
        self.first += 1;
        self.steps = &self.steps[1..];
    }

    /// Ends all stages. Of several that fail at the same time, the first one is told.
    fn failed(self, row: StepReport, tell: Tell<'_>) -> Notes {
        if self.work.board.stop() {
            tell(Told::Row(self.first, Box::new(row)));
        }
        self.build.finish().1
    }

    fn finish(self) -> Notes {
        let (stage, notes) = self.build.finish();
        if let Some((index, stage)) = stage {
            self.work.board.finish(index, stage);
        }
        notes
    }
}
