//! RUN: one process in a container on the layers below; what it changes becomes a layer.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};

use super::copy::Times;
use super::error::BuildError;
use super::mounts::{StepMounts, Supply};
use super::room::Room;
use super::stop::Stop;
use crate::layers::{Layer, Stack, Store, UpperOptions, users};
use crate::plan::{Limit, NetworkMode, RunStep, Sandbox};
use crate::runtime::{
    Capabilities, Exit, IdMode, Mount, MountSource, Network, Process, Spec, Stdio, Ulimit, User,
    launch, spec::DEFAULT_PATH,
};

/// Lines of output that are kept for a failure's report.
const KEPT_LINES: usize = 20;

/// What came of a RUN.
pub enum Ran {
    /// It exited with 0.
    Layer(Box<Layer>),
    /// It did not.
    Failed {
        /// How it ended.
        exit: Exit,
        /// The last lines it wrote.
        output: Vec<String>,
    },
}

/// What a RUN works on.
pub struct Workplace<'a> {
    /// Where images and layers are.
    pub store: &'a Store,
    /// The layers of the stage so far.
    pub below: &'a Stack,
    /// Which ids exist here.
    pub ids: IdMode,
    /// The time of the step.
    pub times: Times,
    /// What its mounts show.
    pub supply: Supply<'a>,
    /// Ends it when another stage has failed.
    pub stop: &'a Stop,
}

/// Runs the step. `output` gets what it writes, and whether to standard error.
pub fn run(
    place: &Workplace<'_>,
    step: &RunStep,
    output: &mut dyn FnMut(bool, &[u8]),
) -> Result<Ran, BuildError> {
    let (below, times) = (place.below, place.times);
    let user = users::resolve(below, &step.user)?;
    let mut room = Room::new(place.store, below)?;
    let mut mounts = StepMounts::prepare(place, step)?;
    let mut spec = Spec::new(room.rootfs(), step.argv.clone(), place.ids);
    spec.process = Process {
        argv: step.argv.clone(),
        env: mounts.environment(environment(step, &user.home)),
        cwd: step.workdir.clone(),
        user: User {
            uid: user.uid,
            gid: user.gid,
            groups: user.groups.clone(),
        },
        terminal: false,
        terminal_size: None,
    };
    surround(&mut spec, &step.sandbox);
    "buildkitsandbox".clone_into(&mut spec.hostname);
    let script = step.script.as_ref();
    let script = script.map(|script| script_mount(room.path(), &step.argv[0], script));
    let script = script.transpose()?;
    let all = |mounts: &StepMounts| mounts.mounts.iter().chain(&script).cloned().collect();
    spec.mounts = all(&mounts);
    let (exit, lines) = match execute(&spec, place.stop, output) {
        Err(BuildError::Launch(error)) if error.is_overlay() => {
            spec.rootfs = room.copy_instead()?;
            // Its locks are asked for again.
            drop(mounts);
            mounts = StepMounts::prepare(place, step)?;
            spec.mounts = all(&mounts);
            execute(&spec, place.stop, output)?
        }
        done => done?,
    };
    if exit != Exit::Code(0) {
        return Ok(Ran::Failed {
            exit,
            output: lines.iter().map(|line| mounts.hide(line)).collect(),
        });
    }
    let options = UpperOptions {
        below,
        owner: (user.uid, user.gid),
        clamp: times.latest,
    };
    Ok(Ran::Layer(Box::new(room.commit(&options, &mounts.points)?)))
}

/// Sets the network, the powers and the limits.
fn surround(spec: &mut Spec, sandbox: &Sandbox) {
    spec.network = match sandbox.network {
        NetworkMode::Default | NetworkMode::None => Network::Loopback,
        NetworkMode::Host => Network::Host,
    };
    if sandbox.insecure {
        spec.capabilities = Capabilities::ALL;
        spec.seccomp = false;
        spec.unmasked = true;
    }
    let host = |(name, address): &(String, String)| (address.clone(), name.clone());
    spec.hosts = sandbox.hosts.iter().map(host).collect();
    spec.shm_size = sandbox.shm_size;
    let limit = |limit: &Limit| Ulimit {
        name: limit.name.clone(),
        soft: limit.soft,
        hard: limit.hard,
    };
    spec.resources.ulimits = sandbox.limits.iter().map(limit).collect();
}

fn system(doing: &'static str) -> impl FnOnce(io::Error) -> BuildError {
    move |source| BuildError::System { doing, source }
}

/// Writes a heredoc that begins with `#!` to a file, and shows it where the step expects it.
fn script_mount(
    scratch: &std::path::Path,
    target: &str,
    script: &str,
) -> Result<Mount, BuildError> {
    use std::os::unix::fs::PermissionsExt;
    let file = scratch.join("script");
    fs::write(&file, script).map_err(system("write the step's script"))?;
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&file, mode).map_err(system("write the step's script"))?;
    Ok(Mount {
        source: MountSource::Bind(file),
        target: target.to_owned(),
        read_only: true,
    })
}

/// The image's environment, then build arguments and proxies over it, and what every process
/// wants to find: PATH and HOME.
fn environment(step: &RunStep, home: &str) -> Vec<(String, String)> {
    let mut env = step.env.clone();
    let proxies = step.proxies.iter();
    let proxies = proxies.map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in step.args.iter().chain(proxies) {
        env.set(name, value);
    }
    for (name, value) in [("PATH", DEFAULT_PATH), ("HOME", home)] {
        if env.get(name).is_none() {
            env.set(name, value);
        }
    }
    env.pairs()
}

/// Runs it to its end, or to that of the build: then it is killed as `running` is dropped.
fn execute(
    spec: &Spec,
    stop: &Stop,
    output: &mut dyn FnMut(bool, &[u8]),
) -> Result<(Exit, Vec<String>), BuildError> {
    let pipe = || io::pipe().map_err(system("make a pipe"));
    let ((stdout, stdout_end), (stderr, stderr_end)) = (pipe()?, pipe()?);
    let stdio = Stdio {
        stdin: None,
        stdout: Some(OwnedFd::from(stdout_end)),
        stderr: Some(OwnedFd::from(stderr_end)),
    };
    let mut running = launch(spec, stdio)?;
    let mut tail = Tail::default();
    forward(stdout, stderr, stop, &mut |stderr, bytes| {
        tail.add(bytes);
        output(stderr, bytes);
    })
    .map_err(system("read the step's output"))?;
    stop.check()?;
    let exit = running.wait().map_err(system("wait for the step"))?;
    Ok((exit, tail.lines()))
}

/// Passes on what comes from both pipes, in the order it comes, until both are closed or the build
/// is to end.
fn forward(
    stdout: PipeReader,
    stderr: PipeReader,
    stop: &Stop,
    output: &mut dyn FnMut(bool, &[u8]),
) -> io::Result<()> {
    let mut pipes = vec![(false, stdout), (true, stderr)];
    let mut buffer = vec![0; 64 * 1024];
    while !pipes.is_empty() {
        let fds = pipes.iter().map(|(_, pipe)| pipe.as_fd());
        let mut ready: Vec<PollFd<'_>> = fds
            .chain([stop.as_fd()])
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        match poll(&mut ready, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(errno) => return Err(errno.into()),
        }
        let readable: Vec<bool> = ready.iter().map(|fd| !fd.revents().is_empty()).collect();
        if readable.last() == Some(&true) {
            return Ok(());
        }
        let mut closed = Vec::new();
        for (index, (stderr, pipe)) in pipes.iter_mut().enumerate().filter(|(i, _)| readable[*i]) {
            match pipe.read(&mut buffer)? {
                0 => closed.push(index),
                count => output(*stderr, &buffer[..count]),
            }
        }
        for index in closed.into_iter().rev() {
            pipes.remove(index);
        }
    }
    Ok(())
}

/// The last lines of an output.
#[derive(Default)]
struct Tail {
    lines: VecDeque<String>,
    open: Vec<u8>,
}

impl Tail {
    fn add(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.open.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        let line = String::from_utf8_lossy(&self.open).trim_end().to_owned();
        self.open.clear();
        self.lines.push_back(line);
        if self.lines.len() > KEPT_LINES {
            self.lines.pop_front();
        }
    }

    fn lines(mut self) -> Vec<String> {
        if !self.open.is_empty() {
            self.close();
        }
        self.lines.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_kept_however_they_are_cut() {
        let mut tail = Tail::default();
        for number in 0..50 {
            tail.add("li".to_string().as_bytes());
            tail.add(format!("ne {number}\n").as_bytes());
        }
        tail.add(b"no end");
        let lines = tail.lines();
        assert_eq!(lines.len(), KEPT_LINES);
        assert_eq!(lines[KEPT_LINES - 2..], ["line 49", "no end"]);
    }
}
