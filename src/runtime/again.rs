//! What a supervisor does when its container has ended and is to be started again (`--restart`).

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::launch::Running;
use super::relay::Relay;
use super::restarting::{BackOff, Rest};
use super::state::{Restarting, Status};
use super::stdio::Ends;
use super::supervisor::{Container, files};
use super::wire::{Failure, Start};

/// What a supervisor knows of the starts before.
#[derive(Debug)]
pub(super) struct Starts {
    /// How often it was started again.
    pub again: u32,
    /// When it was started last.
    began: Instant,
    back_off: BackOff,
}

impl Default for Starts {
    fn default() -> Self {
        Self {
            again: 0,
            began: Instant::now(),
            back_off: BackOff::default(),
        }
    }
}

impl Starts {
    fn rest(&mut self) -> Duration {
        self.back_off.next(self.began.elapsed())
    }
}

impl Container {
    /// Whether its end is not the last. What `update` said since it was started counts.
    pub(super) fn runs_again(&mut self, code: i32, relay: &Relay<Running>) -> bool {
        if let Ok(config) = self.folder.config() {
            self.config.restart = config.restart;
            self.config.spec.resources = config.spec.resources;
            // The start before took these over.
            self.config.networks = config.networks;
            self.config.spec.dns = config.spec.dns;
            self.config.spec.own_address = None;
        }
        let wants = self.config.restart.again(code, self.starts.again);
        wants && !relay.is_stopped() && !relay.is_kept()
    }

    /// Rests, and starts the container again; none if that came to nothing or somebody stopped it
    /// meanwhile. Whoever has something to say is heard all the time.
    pub(super) fn start_again(
        &mut self,
        mut ended: Relay<Running>,
        code: i32,
        start: &Start,
    ) -> Option<Relay<Running>> {
        // The next start takes an address and ports anew.
        self.leave_network();
        self.sweep_network();
        self.note_rest(code);
        let (listener, guests) = ended.hand_over(code);
        drop(ended);
        let rest = Rest::new(self.starts.rest());
        let resting = rest.and_then(|rest| Relay::new(rest, Ends::default()));
        let mut resting = match resting {
            Ok(resting) => resting,
            Err(error) => {
                self.record_failure(&files(&error), false, false);
                return None;
            }
        };
        self.hear(&mut resting);
        if let Some(listener) = listener {
            // If it cannot, nobody is heard until the next start.
            let _ = resting.listen(listener);
        }
        for guest in guests {
            resting.add(guest);
        }
        let rested = resting.run();
        resting.settle();
        if rested.is_err() || resting.is_stopped() {
            self.end(&mut resting, code);
            return None;
        }
        match self.launch_again(start) {
            Ok((running, ends)) => {
                let (listener, guests) = resting.hand_over(code);
                match self.relay(running, ends, &quiet(start), listener) {
                    Ok(mut relay) => {
                        for guest in guests {
                            relay.add(guest);
                        }
                        return Some(relay);
                    }
                    Err(error) => self.record_failure(&files(&error), false, false),
                }
            }
            Err(failure) => {
                self.record_failure(&failure, false, false);
                resting.say_exit(code);
            }
        }
        None
    }

    fn launch_again(&mut self, start: &Start) -> Result<(Running, Ends), Failure> {
        self.starts.again += 1;
        self.starts.began = Instant::now();
        let (running, ends, _) = self.launch(&quiet(start), None)?;
        Ok((running, ends))
    }

    fn note_rest(&mut self, code: i32) {
        let state = Status::Restarting(Restarting {
            supervisor: std::process::id(),
            code,
            finished: Timestamp::now(),
        });
        self.config.record.state = state.clone();
        // On a full disk `ps` says that it runs, which it is about to.
        let _ = self.folder.change_record(|record| record.state = state);
    }
}

/// A start that nobody watches.
fn quiet(start: &Start) -> Start {
    Start {
        size: start.size,
        ..Start::default()
    }
}
