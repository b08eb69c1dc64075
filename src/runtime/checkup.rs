//! Who looks how healthy a container is: a process beside its supervisor, which it ends with. Each
//! check is a process of its own that runs the program in the container as `exec` does, so that one
//! that takes too long can be ended.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags};
use rustix::process::Signal;

use super::attach::{Manner, Outcome, Streams};
use super::container_error::ContainerError;
use super::containers::{ContainerFolder, Containers};
use super::exec::ExecOptions;
use super::health::{Condition, Finding, Health, HealthCheck};
use super::names::ContainerId;
use super::peer::poll_all;
use super::start::Attach;

/// The hidden verbs: who looks, and one look.
pub(super) const VERB: &str = "__health";
pub(super) const ONCE: &str = "__check";

/// docker keeps so many bytes of what a check wrote.
const MOST: usize = 4096;

/// The exit code of a look that did not happen, as the container rests or has ended.
const NO_LOOK: u8 = 125;

/// Who looks; ended when dropped.
#[derive(Debug)]
pub(super) struct Checkup(std::process::Child);

impl Checkup {
    /// Begins to look after a container that has just been started.
    pub fn begin(containers: &Containers, id: &ContainerId) -> io::Result<Self> {
        let child = strata(VERB, containers, id).stdout(Stdio::null()).spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Checkup {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn strata(verb: &str, containers: &Containers, id: &ContainerId) -> Command {
    let mut command = Command::new(super::executable());
    command
        .arg0("strata")
        .arg(verb)
        .arg(containers.root())
        .arg(id.as_str())
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn container(arguments: &[OsString]) -> Option<(Containers, ContainerId)> {
    let [root, id] = arguments else { return None };
    let id = id.to_str().and_then(ContainerId::parse)?;
    Some((Containers::new(OsStr::new(root).as_ref()), id))
}

/// Ends with whoever started this process.
fn die_with_parent() -> io::Result<()> {
    Ok(rustix::process::set_parent_process_death_signal(Some(
        Signal::KILL,
    ))?)
}

/// Plays `__health ROOT ID`.
pub(super) fn main(arguments: &[OsString]) -> ExitCode {
    let Some((containers, id)) = container(arguments) else {
        return ExitCode::from(NO_LOOK);
    };
    let folder = containers.folder(&id);
    let check = folder.config().ok().and_then(|config| config.health);
    if let Some(check) = check.filter(|_| die_with_parent().is_ok()) {
        look_after(&containers, &id, &folder, &check);
    }
    ExitCode::SUCCESS
}

/// Looks again and again, until the container is gone or this process is ended.
fn look_after(
    containers: &Containers,
    id: &ContainerId,
    folder: &ContainerFolder,
    check: &HealthCheck,
) {
    let begun = Instant::now();
    let mut health = Health::default();
    loop {
        std::thread::sleep(health.pause(check, begun.elapsed()));
        match look(containers, id, check) {
            // It rests, or a check could not be begun: that says nothing of its health.
            Ok(None) => {}
            Ok(Some(finding)) => health.add(finding, check, begun.elapsed()),
            Err(_) => return,
        }
        if folder.note_health(&health).is_err() && !folder.exists() {
            return;
        }
    }
}

/// Looks once; none if there was nothing to be looked at.
fn look(
    containers: &Containers,
    id: &ContainerId,
    check: &HealthCheck,
) -> io::Result<Option<Finding>> {
    let start = Timestamp::now();
    let begun = Instant::now();
    let mut child = strata(ONCE, containers, id)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut pipe = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut output = Vec::new();
    let in_time = read(&mut pipe, &mut output, begun + check.timeout);
    let (exit_code, output) = if in_time? {
        let status = child.wait()?;
        if status.code() == Some(NO_LOOK.into()) && output.is_empty() {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&output).into_owned();
        (status.code().unwrap_or(-1), text)
    } else {
        // The program in the container ends with it.
        let _ = child.kill();
        child.wait()?;
        (-1, too_long(check.timeout))
    };
    Ok(Some(Finding {
        start,
        end: Timestamp::now(),
        exit_code,
        output,
    }))
}

/// docker's sentence.
fn too_long(timeout: Duration) -> String {
    format!("Health check exceeded timeout ({timeout:?})")
}

/// Reads to the end and keeps the beginning; false when the deadline came first.
fn read(
    pipe: &mut std::process::ChildStdout,
    output: &mut Vec<u8>,
    deadline: Instant,
) -> io::Result<bool> {
    let mut buffer = [0; MOST];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut fds = [PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)];
        poll_all(&mut fds, Some(left))?;
        if fds[0].revents().is_empty() {
            if left.is_zero() {
                return Ok(false);
            }
            continue;
        }
        match pipe.read(&mut buffer)? {
            0 => return Ok(true),
            count => {
                let room = MOST - output.len();
                output.extend_from_slice(&buffer[..count.min(room)]);
            }
        }
    }
}

/// Plays `__check ROOT ID`: one look, whose output and exit code are the program's.
pub(super) fn once(arguments: &[OsString]) -> ExitCode {
    let Some((containers, id)) = container(arguments) else {
        return ExitCode::from(NO_LOOK);
    };
    if die_with_parent().is_err() {
        return ExitCode::from(NO_LOOK);
    }
    match check_once(&containers, &id) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        // A program that is not there is a failure; a container that is not there is none.
        Err(ContainerError::Launch(error)) => {
            // docker shows it as the check's output.
            let _ = io::Write::write_all(&mut io::stdout(), error.to_string().as_bytes());
            ExitCode::FAILURE
        }
        Err(_) => ExitCode::from(NO_LOOK),
    }
}

fn check_once(containers: &Containers, id: &ContainerId) -> Result<i32, ContainerError> {
    let config = containers.folder(id).config()?;
    let argv = config.health.map(|check| check.argv).unwrap_or_default();
    let (mut out, mut err) = (io::stdout(), io::stdout());
    let outcome = containers.exec(
        id,
        ExecOptions {
            argv,
            env: Vec::new(),
            user: None,
            cwd: None,
            terminal: false,
            attach: Some(Attach {
                streams: Streams {
                    stdin: None,
                    stdout: &mut out,
                    stderr: &mut err,
                },
                owns: true,
                own_stdio: false,
                manner: Manner::default(),
            }),
        },
    )?;
    Ok(match outcome {
        Outcome::Exited(code) => code,
        Outcome::Started | Outcome::Detached => 0,
    })
}

impl ContainerFolder {
    /// Returns how healthy it is, of one that is checked and runs.
    pub fn health(&self) -> Option<Health> {
        let bytes = std::fs::read(self.path().join(NOTE)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Notes how healthy it is: all of it in a file of its own, the word in the row of `ps`.
    pub(super) fn note_health(&self, health: &Health) -> Result<(), ContainerError> {
        self.write(NOTE, health)?;
        self.note_condition(Some(health.status))
    }

    /// Begins anew at a start.
    pub(super) fn begin_health(&self) -> Result<(), ContainerError> {
        self.note_health(&Health::default())
    }

    fn note_condition(&self, condition: Option<Condition>) -> Result<(), ContainerError> {
        if self.record_as_written()?.health == condition {
            return Ok(());
        }
        self.change_record(|record| {
            if record.state.is_running() {
                record.health = condition;
            }
        })?;
        Ok(())
    }
}

/// The file that holds docker's `State.Health`.
const NOTE: &str = "health.json";
