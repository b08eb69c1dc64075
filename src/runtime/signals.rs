//! Signals: the names people write, and catching those that arrive while a container has our
//! attention.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::Signal;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

use super::container_error::ContainerError;

/// The highest signal number of Linux (`SIGRTMAX`).
const LAST: i32 = 64;

/// The first real-time signal as libc counts (signal(7)).
const FIRST_REAL_TIME: i32 = 34;

/// Returns the number of a signal: `SIGTERM`, `term`, `15`, `SIGRTMIN+3`.
pub fn signal_number(text: &str) -> Result<i32, ContainerError> {
    number_of(text).ok_or_else(|| ContainerError::InvalidSignal {
        signal: text.to_owned(),
    })
}

fn number_of(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse() {
        return (1..=LAST).contains(&number).then_some(number);
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let number = if let Some(rest) = name.strip_prefix("RTMIN") {
        FIRST_REAL_TIME + offset(rest, '+')?
    } else if let Some(rest) = name.strip_prefix("RTMAX") {
        LAST - offset(rest, '-')?
    } else {
        Signal::from_str(&format!("SIG{name}")).ok()? as i32
    };
    (1..=LAST).contains(&number).then_some(number)
}

fn offset(text: &str, sign: char) -> Option<i32> {
    match text.strip_prefix(sign) {
        Some(digits) => digits.parse::<u8>().ok().map(i32::from),
        None => text.is_empty().then_some(0),
    }
}

/// Whether this process answers signals itself, whoever else hears them.
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Says that this process answers SIGINT, SIGTERM and the like itself, as a prompt does that
/// outlives its containers. Otherwise they end it by default after a container was attached.
pub fn answer_signals() {
    ANSWERED.store(true, Ordering::SeqCst);
}

/// Signals that are caught while this lives. Afterwards they do what they do by default, unless
/// the process answers them itself.
pub(super) struct Caught {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
    over: Arc<AtomicBool>,
}

impl Caught {
    /// Catches these signals.
    pub fn new(signals: &[Signal]) -> io::Result<Self> {
        let numbers: Vec<i32> = signals.iter().map(|&signal| signal as i32).collect();
        let (read, write) = UnixStream::pair()?;
        read.set_nonblocking(true)?;
        let over = Arc::new(AtomicBool::new(false));
        for &number in &numbers {
            // Once caught, a signal is never again left to the kernel by signal-hook.
            signal_hook::flag::register_conditional_default(number, Arc::clone(&over))?;
        }
        let delivery = SignalDelivery::with_pipe(read, write, SignalOnly::default(), &numbers)?;
        Ok(Self { delivery, over })
    }

    /// Takes the signals that came since the last look.
    pub fn take(&mut self) -> Vec<i32> {
        let mut read = self.delivery.get_read();
        let mut bytes = [0; 64];
        while matches!(read.read(&mut bytes), Ok(1..)) {}
        self.delivery.pending().collect()
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        let by_default = !ANSWERED.load(Ordering::SeqCst);
        self.over.store(by_default, Ordering::SeqCst);
    }
}

impl AsFd for Caught {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names_numbers_and_counted_ones() {
        let cases = [
            ("SIGTERM", 15),
            ("term", 15),
            ("Sigkill", 9),
            ("9", 9),
            ("64", 64),
            ("RTMIN", 34),
            ("SIGRTMIN+3", 37),
            ("SIGRTMAX-14", 50),
        ];
        for (text, number) in cases {
            assert_eq!(number_of(text), Some(number), "{text}");
        }
        for text in [
            "",
            "0",
            "65",
            "-1",
            "FOO",
            "SIG",
            "SIGRTMIN+99",
            "RTMIN+x",
            "RTMINé",
        ] {
            assert_eq!(number_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_caught_signal_is_taken_once() {
        let mut caught = Caught::new(&[Signal::SIGUSR2]).unwrap();
        signal_hook::low_level::raise(Signal::SIGUSR2 as i32).unwrap();
        assert_eq!(caught.take(), [Signal::SIGUSR2 as i32]);
        assert_eq!(caught.take(), Vec::<i32>::new());
    }
}
