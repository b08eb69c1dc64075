//! Signals: the names people write, and catching those that arrive while a container has our
//! attention.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

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

/// Signals that are caught while this lives. Afterwards they do again what they did before: what
/// an older handler of this process does, or what they do by default.
pub(super) struct Caught {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
}

impl Caught {
    /// Catches these signals, except for those that this process was told to ignore (`nohup`).
    pub fn new(signals: &[Signal]) -> io::Result<Self> {
        let now = Dispositions::read()?;
        let mut numbers: Vec<i32> = signals.iter().map(|&signal| signal as i32).collect();
        numbers.retain(|&number| !now.ignored(number));
        let (read, write) = UnixStream::pair()?;
        read.set_nonblocking(true)?;
        Unhandled::suspend(&numbers, &now)?;
        let delivery = SignalDelivery::with_pipe(read, write, SignalOnly, &numbers)
            .inspect_err(|_| Unhandled::resume())?;
        Ok(Self { delivery })
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
        Unhandled::resume();
    }
}

/// What a process does with signals, from `/proc/self/status` (proc(5)).
struct Dispositions {
    ignored: u64,
    caught: u64,
}

impl Dispositions {
    fn read() -> io::Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let mask = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        };
        Ok(Self {
            ignored: mask("SigIgn:").unwrap_or(0),
            caught: mask("SigCgt:").unwrap_or(0),
        })
    }

    fn ignored(&self, number: i32) -> bool {
        self.ignored & 1 << (number - 1) != 0
    }

    fn caught(&self, number: i32) -> bool {
        self.caught & 1 << (number - 1) != 0
    }
}

/// signal-hook never again leaves a signal to the kernel, so one that nobody else handled is given
/// its default action by us whenever we are not catching it.
struct Unhandled {
    /// Set while nobody catches.
    idle: Arc<AtomicBool>,
    catchers: usize,
    emulated: Vec<i32>,
}

static UNHANDLED: LazyLock<Mutex<Unhandled>> = LazyLock::new(|| {
    Mutex::new(Unhandled {
        idle: Arc::new(AtomicBool::new(true)),
        catchers: 0,
        emulated: Vec::new(),
    })
});

impl Unhandled {
    fn suspend(signals: &[i32], now: &Dispositions) -> io::Result<()> {
        let mut this = UNHANDLED.lock().unwrap_or_else(PoisonError::into_inner);
        for &number in signals {
            if !now.caught(number) && !this.emulated.contains(&number) {
                let idle = Arc::clone(&this.idle);
                signal_hook::flag::register_conditional_default(number, idle)?;
                this.emulated.push(number);
            }
        }
        this.catchers += 1;
        this.idle.store(false, Ordering::SeqCst);
        Ok(())
    }

    fn resume() {
        let mut this = UNHANDLED.lock().unwrap_or_else(PoisonError::into_inner);
        this.catchers -= 1;
        this.idle.store(this.catchers == 0, Ordering::SeqCst);
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
    fn a_handler_of_the_process_is_kept_and_not_overruled() {
        let flag = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(Signal::SIGUSR1 as i32, Arc::clone(&flag)).unwrap();
        drop(Caught::new(&[Signal::SIGUSR1]).unwrap());
        // Its default action would end this process.
        signal_hook::low_level::raise(Signal::SIGUSR1 as i32).unwrap();
        assert!(flag.load(Ordering::SeqCst));
    }

    #[test]
    fn a_caught_signal_is_taken_once() {
        let mut caught = Caught::new(&[Signal::SIGUSR2]).unwrap();
        signal_hook::low_level::raise(Signal::SIGUSR2 as i32).unwrap();
        assert_eq!(caught.take(), [Signal::SIGUSR2 as i32]);
        assert_eq!(caught.take(), Vec::<i32>::new());
    }
}
