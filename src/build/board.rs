//! What the stages of a build know of each other while they are built at the same time: which are
//! finished, which steps are made, what is being made, and how many may work at once.
//!
//! A stage waits only for what stands before it in the file (its base, what it copies from, the
//! twin of a step) or for a step that is at work, and it waits without a place to work: so no two
//! wait for each other.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::error::BuildError;
use super::stage::Stage;
use super::stop::Stop;
use crate::digest::CacheKey;
use crate::plan::StepId;

/// Steps at work at once on a machine with one processor: one of them often waits for the disk or
/// the network.
const FEWEST: usize = 2;

/// See the module.
pub(super) struct Board {
    state: Mutex<State>,
    changed: Condvar,
    /// Ends all stages.
    pub stop: Stop,
}

struct State {
    /// By index, the stages that are finished.
    stages: HashMap<usize, Stage>,
    steps: HashSet<StepId>,
    making: HashSet<CacheKey>,
    made: HashSet<CacheKey>,
    /// Places to work that nobody has; none before it was asked how many there are.
    free: Option<usize>,
}

/// What has to be finished before a step can be looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Stages, by index.
    pub stages: Vec<usize>,
    /// The twin that stands before it.
    pub twin: Option<StepId>,
}

/// A place to work; others wait for it until it is dropped.
pub(super) struct Place<'b> {
    board: &'b Board,
    /// Whether it was there at once: what was looked at before may be out of date otherwise.
    pub at_once: bool,
}

/// What comes of asking to make a step.
pub(super) enum Claim<'b> {
    /// Nobody else makes it.
    Granted(Making<'b>),
    /// Somebody else has made it since: it is to be looked for again.
    Made,
}

/// The making of a step; those who ask for the same wait until it is dropped.
pub(super) struct Making<'b> {
    board: &'b Board,
    key: CacheKey,
}

impl Board {
    pub fn new() -> io::Result<Self> {
        let state = State {
            stages: HashMap::new(),
            steps: HashSet::new(),
            making: HashSet::new(),
            made: HashSet::new(),
            free: None,
        };
        Ok(Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            stop: Stop::new()?,
        })
    }

    /// Ends all stages; false if they were ended before.
    pub fn stop(&self) -> bool {
        let was_first = self.stop.now();
        // Under the lock, so that nobody who is about to wait misses it.
        let _state = self.state();
        self.changed.notify_all();
        was_first
    }

    /// Says that a stage is finished.
    pub fn finish(&self, index: usize, stage: Stage) {
        self.change(|state| state.stages.insert(index, stage));
    }

    /// Says that a step is made or reused.
    pub fn finish_step(&self, step: StepId) {
        self.change(|state| state.steps.insert(step));
    }

    /// Returns a stage that is finished.
    pub fn stage(&self, index: usize) -> Stage {
        self.state().stages[&index].clone()
    }

    /// Tells whether a step can be looked at.
    pub fn has(&self, needs: &Needs) -> bool {
        self.state().has(needs)
    }

    /// Waits until a step can be looked at.
    pub fn wait_for(&self, needs: &Needs) -> Result<(), BuildError> {
        self.wait_until(|state| state.has(needs)).map(drop)
    }

    /// Waits for a place to work.
    pub fn place(&self) -> Result<Place<'_>, BuildError> {
        let mut at_once = true;
        let mut state = self.wait_until(|state| {
            let is_free = *state.free.get_or_insert_with(places) > 0;
            at_once &= is_free;
            is_free
        })?;
        state.free = state.free.map(|free| free - 1);
        Ok(Place {
            board: self,
            at_once,
        })
    }

    /// Asks to make a step that was not found; waits while another stage makes it.
    pub fn claim(&self, key: CacheKey) -> Result<Claim<'_>, BuildError> {
        let mut state = self.wait_until(|state| !state.making.contains(&key))?;
        if state.made.contains(&key) {
            return Ok(Claim::Made);
        }
        state.making.insert(key);
        Ok(Claim::Granted(Making { board: self, key }))
    }

    fn wait_until(
        &self,
        mut is_so: impl FnMut(&mut State) -> bool,
    ) -> Result<MutexGuard<'_, State>, BuildError> {
        let mut state = self.state();
        while !is_so(&mut state) {
            self.stop.check()?;
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        self.stop.check()?;
        Ok(state)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has(&self, needs: &Needs) -> bool {
        let has_twin = needs.twin.is_none_or(|twin| self.steps.contains(&twin));
        has_twin && needs.stages.iter().all(|it| self.stages.contains_key(it))
    }
}

impl Making<'_> {
    /// Says that the step is made and can be found.
    pub fn done(self) {
        self.board.change(|state| state.made.insert(self.key));
    }
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        self.board.change(|state| state.making.remove(&self.key));
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let give_back = |state: &mut State| state.free = state.free.map(|free| free + 1);
        self.board.change(give_back);
    }
}

/// Returns how many steps may be at work at once.
fn places() -> usize {
    std::thread::available_parallelism().map_or(FEWEST, |count| count.get().max(FEWEST))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;
    use crate::digest::Digest;

    fn key() -> CacheKey {
        CacheKey(Digest::of(b"step"))
    }

    #[test]
    fn a_step_that_is_being_made_is_waited_for_and_then_found() {
        let board = Board::new().unwrap();
        let Ok(Claim::Granted(making)) = board.claim(key()) else {
            panic!("nobody else makes it")
        };
        thread::scope(|scope| {
            let other = scope.spawn(|| matches!(board.claim(key()), Ok(Claim::Made)));
            making.done();
            assert!(other.join().unwrap());
        });
    }

    #[test]
    fn a_step_that_could_not_be_made_may_be_tried_by_another_stage() {
        let board = Board::new().unwrap();
        drop(board.claim(key()));
        assert!(matches!(board.claim(key()), Ok(Claim::Granted(_))));
    }

    #[test]
    fn there_are_as_many_places_as_processors() {
        let board = Board::new().unwrap();
        let mut taken: Vec<Place<'_>> = (0..places()).map(|_| board.place().unwrap()).collect();
        assert!(taken.iter().all(|place| place.at_once));
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let board = &board;
            scope.spawn(move || sender.send(board.place().unwrap().at_once).unwrap());
            // It cannot have one before this.
            assert!(receiver.try_recv().is_err());
            taken.pop();
            receiver.recv().unwrap();
        });
    }

    #[test]
    fn whoever_waits_is_stopped_when_another_stage_fails() {
        let board = Board::new().unwrap();
        let needs = Needs {
            stages: vec![3],
            twin: None,
        };
        assert!(!board.has(&needs));
        thread::scope(|scope| {
            let waits = scope.spawn(|| board.wait_for(&needs));
            assert!(board.stop());
            assert!(matches!(waits.join().unwrap(), Err(BuildError::Stopped)));
        });
        assert!(matches!(board.place(), Err(BuildError::Stopped)));
    }

    #[test]
    fn a_twin_is_waited_for_as_a_stage_is() {
        let board = Board::new().unwrap();
        let needs = Needs {
            stages: Vec::new(),
            twin: Some((4, None)),
        };
        thread::scope(|scope| {
            let waits = scope.spawn(|| board.wait_for(&needs));
            board.finish_step((4, None));
            waits.join().unwrap().unwrap();
        });
        assert!(board.has(&needs));
    }
}
