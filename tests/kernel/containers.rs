//! Containers that are kept, on a real kernel: from create to rm, with and without a terminal.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use strata::runtime::attach::{Manner, Outcome, Streams};
use strata::runtime::container_error::ContainerError;
use strata::runtime::containers::{ContainerConfig, Containers};
use strata::runtime::exec::ExecOptions;
use strata::runtime::log::Show;
use strata::runtime::manage::Stop;
use strata::runtime::names::ContainerId;
use strata::runtime::remove_tree::remove_tree;
use strata::runtime::start::{Attach, StartOptions};
use strata::runtime::state::{Record, Status};
use strata::runtime::{IdMode, Mode, Spec, User, probe, set_executable};

use crate::common::rootfs::rootfs;

/// A store of its own, removed at the end with every container in it.
struct Store {
    root: tempfile::TempDir,
    containers: Containers,
    mode: Mode,
}

/// What a container said and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    outcome: Outcome,
    out: String,
    err: String,
}

impl Store {
    fn new() -> Self {
        set_executable(env!("CARGO_BIN_EXE_strata"));
        let root = tempfile::tempdir().unwrap();
        let mode = probe().mode;
        if let Mode::Nothing { reason } = &mode {
            panic!("no namespaces here: {reason}");
        }
        Self {
            containers: Containers::new(root.path()),
            root,
            mode,
        }
    }

    fn config(&self, script: &str) -> ContainerConfig {
        let id = ContainerId::generate().unwrap();
        let tree = self
            .containers
            .folder(&id)
            .rootfs(vec![rootfs().to_owned()]);
        let argv = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        let mut spec = Spec::new(tree, argv, self.mode.ids());
        id.short().clone_into(&mut spec.hostname);
        ContainerConfig::new(id, "test", "sha256:test", spec)
    }

    fn create(&self, script: &str) -> ContainerId {
        self.containers.create(self.config(script)).unwrap().id
    }

    fn create_with(&self, script: &str, change: impl FnOnce(&mut ContainerConfig)) -> ContainerId {
        let mut config = self.config(script);
        change(&mut config);
        self.containers.create(config).unwrap().id
    }

    /// Starts in the background, as `run -d`.
    fn detached(&self, script: &str) -> ContainerId {
        let id = self.create(script);
        self.start_detached(&id).unwrap();
        id
    }

    fn start_detached(&self, id: &ContainerId) -> Result<Outcome, ContainerError> {
        let options = StartOptions {
            mode: &self.mode,
            attach: None,
            remove_on_failure: false,
            ahead: None,
        };
        Ok(self.containers.start(id, options)?.outcome)
    }

    /// Starts in the foreground, as `run -i`, with this input.
    fn foreground(
        &self,
        id: &ContainerId,
        stdin: Option<&OwnedFd>,
    ) -> Result<Said, ContainerError> {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let options = StartOptions {
            mode: &self.mode,
            attach: Some(Attach {
                streams: Streams {
                    stdin: stdin.map(AsFd::as_fd),
                    stdout: &mut out,
                    stderr: &mut err,
                },
                owns: true,
                own_stdio: false,
                manner: Manner::default(),
            }),
            remove_on_failure: true,
            ahead: None,
        };
        let outcome = self.containers.start(id, options)?.outcome;
        Ok(Said {
            outcome,
            out: String::from_utf8(out).unwrap(),
            err: String::from_utf8(err).unwrap(),
        })
    }

    fn run(&self, script: &str) -> Said {
        self.foreground(&self.create(script), None).unwrap()
    }

    fn record(&self, id: &ContainerId) -> Record {
        self.containers.folder(id).record().unwrap()
    }

    fn logs(&self, id: &ContainerId) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        self.containers
            .logs(id, Show::default(), false, &mut out, &mut err)
            .unwrap();
        (
            String::from_utf8(out).unwrap(),
            String::from_utf8(err).unwrap(),
        )
    }

    fn log_when(&self, id: &ContainerId, enough: impl Fn(&str) -> bool) -> String {
        let mut log = String::new();
        eventually("the log", || {
            log = self.logs(id).0;
            enough(&log)
        });
        log
    }

    fn init(&self, id: &ContainerId) -> u32 {
        match self.record(id).state {
            Status::Running(running) => running.init,
            other => panic!("not running: {other:?}"),
        }
    }

    fn supervisor(&self, id: &ContainerId) -> u32 {
        match self.record(id).state {
            Status::Running(running) => running.supervisor,
            other => panic!("not running: {other:?}"),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        for record in self.containers.list().unwrap_or_default() {
            let removed = self.containers.remove(&record.id, true);
            // As the test's own user: files of sub-ids stay behind in /tmp.
            if let Ok(Some(tree)) = removed {
                let _ = remove_tree(&tree);
            }
        }
    }
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn lives(pid: u32) -> bool {
    // A zombie whose parent has not looked yet is dead.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap()
            .trim_start()
            .starts_with('Z')
    })
}

fn kill(pid: u32, signal: &str) {
    let status = Command::new("kill")
        .args(["-s", signal, &pid.to_string()])
        .status();
    assert!(status.unwrap().success());
}

fn exited(code: i32) -> Outcome {
    Outcome::Exited(code)
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn the_exit_code_and_both_streams_come_through() {
    let store = Store::new();
    let said = store.run("echo out; echo err >&2; exit 7");
    let expected = Said {
        outcome: exited(7),
        out: "out\n".to_owned(),
        err: "err\n".to_owned(),
    };
    assert_eq!(said, expected);
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_container_that_ended_says_so_and_keeps_its_log() {
    let store = Store::new();
    let id = store.create("echo out; echo err >&2; exit 7");
    store.foreground(&id, None).unwrap();
    assert_eq!(store.record(&id).state.exit_code(), Some(7));
    assert_eq!(store.logs(&id), ("out\n".to_owned(), "err\n".to_owned()));
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_program_that_dies_by_a_signal_gives_128_and_its_number() {
    let store = Store::new();
    let id = store.detached("exec sleep 60");
    store.containers.kill(&id, 9).unwrap();
    assert_eq!(store.containers.wait(&id).unwrap(), 137);
    assert_eq!(store.record(&id).state.exit_code(), Some(137));
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn input_is_half_closed_and_large_output_is_whole() {
    let store = Store::new();
    let id = store.create_with("cat; echo end", |config| config.open_stdin = true);
    let (read, mut write) = std::io::pipe().unwrap();
    let text = "0123456789abcde\n".repeat(60_000);
    let sent = text.clone();
    let writing = thread::spawn(move || write.write_all(sent.as_bytes()).unwrap());
    let said = store.foreground(&id, Some(&read.into())).unwrap();
    writing.join().unwrap();
    assert_eq!(said.outcome, exited(0));
    assert!(
        said.out == text.clone() + "end\n",
        "{} bytes",
        said.out.len()
    );
    assert!(store.logs(&id).0 == text + "end\n", "the log is whole too");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn without_input_a_program_reads_the_end_at_once() {
    let store = Store::new();
    assert_eq!(store.run("cat; echo done").out, "done\n");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn an_unknown_command_gives_127_and_leaves_nothing() {
    let store = Store::new();
    for (command, code) in [("nosuchcmd", 127), ("/etc/passwd", 126)] {
        let id = store.create_with("", |config| {
            config.spec.process.argv = vec![command.to_owned()];
        });
        let error = store.foreground(&id, None).unwrap_err();
        assert_eq!(error.exit_code(), code, "{error}");
        assert!(error.to_string().contains(command), "{error}");
    }
    assert_eq!(store.containers.list().unwrap(), []);
    eventually("no folder is left", || {
        store.containers.leftovers().unwrap().is_empty()
    });
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_detached_start_that_fails_is_an_error_and_on_record() {
    let store = Store::new();
    let id = store.create_with("", |config| {
        config.spec.process.argv = vec!["nosuchcmd".to_owned()];
    });
    assert_eq!(store.start_detached(&id).unwrap_err().exit_code(), 127);
    assert_eq!(store.record(&id).state.exit_code(), Some(127));
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn an_auto_removed_container_is_gone_when_its_end_is_told() {
    let store = Store::new();
    let id = store.create_with("exit 3", |config| {
        config.record.auto_remove = true;
        config.record.name = "once".to_owned();
    });
    assert_eq!(store.foreground(&id, None).unwrap().outcome, exited(3));
    assert!(store.containers.find("once").is_err());
    let folder = store.containers.folder(&id).path().to_owned();
    assert!(!folder.exists());
    eventually("no folder is left", || {
        store.containers.leftovers().unwrap().is_empty()
    });
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn killing_the_supervisor_ends_the_container_and_loses_no_log() {
    let store = Store::new();
    let id = store.detached("echo before; sleep 300 & sleep 300");
    store.log_when(&id, |log| log == "before\n");
    let (supervisor, init) = (store.supervisor(&id), store.init(&id));
    let mounts = mounts_of(store.root.path());
    kill(supervisor, "KILL");
    eventually("the container is dead", || {
        !lives(init) && !lives(supervisor)
    });
    let record = store.record(&id);
    assert!(record.state.is_lost(), "{record:?}");
    assert_eq!(record.state.exit_code(), Some(137));
    assert_eq!(store.containers.wait(&id).unwrap(), 137);
    assert_eq!(store.logs(&id).0, "before\n");
    assert_eq!(
        mounts,
        mounts_of(store.root.path()),
        "nothing was ever mounted out here"
    );
    assert_eq!(store.start_detached(&id).unwrap(), Outcome::Started);
}

fn seconds(seconds: i32) -> Stop {
    Stop {
        timeout: Some(seconds),
        ..Stop::default()
    }
}

fn mounts_of(root: &Path) -> usize {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    mounts.matches(root.to_str().unwrap()).count()
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn stop_kills_a_program_that_ignores_the_signal() {
    let store = Store::new();
    // PID 1 has no handler, and so the kernel drops TERM.
    let id = store.detached("while true; do sleep 1; done");
    let before = Instant::now();
    store.containers.stop(&id, &seconds(1)).unwrap();
    assert!(before.elapsed() >= Duration::from_secs(1));
    assert_eq!(store.record(&id).state.exit_code(), Some(137));
    store.containers.stop(&id, &seconds(1)).unwrap();
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn stop_lets_a_program_finish_that_handles_its_stop_signal() {
    let store = Store::new();
    let script = "trap 'echo bye; exit 4' INT; echo ready; while :; do :; done";
    let id = store.create_with(script, |config| config.stop_signal = "SIGINT".to_owned());
    store.start_detached(&id).unwrap();
    store.log_when(&id, |log| log == "ready\n");
    store.containers.stop(&id, &Stop::default()).unwrap();
    assert_eq!(store.record(&id).state.exit_code(), Some(4));
    assert_eq!(store.logs(&id).0, "ready\nbye\n");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_running_container_is_only_removed_by_force() {
    let store = Store::new();
    let id = store.detached("exec sleep 300");
    let init = store.init(&id);
    let refused = store.containers.remove(&id, false).unwrap_err();
    assert!(
        matches!(refused, ContainerError::RemoveRunning { .. }),
        "{refused}"
    );
    let tree = store.containers.remove(&id, true).unwrap().unwrap();
    assert!(!lives(init));
    assert!(store.containers.list().unwrap().is_empty());
    remove_tree(&tree).unwrap();
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn what_a_container_wrote_is_there_at_its_next_start() {
    let store = Store::new();
    let id = store.create("cat /data 2>/dev/null; echo again >> /data");
    assert_eq!(store.foreground(&id, None).unwrap().out, "");
    assert_eq!(store.foreground(&id, None).unwrap().out, "again\n");
    assert_eq!(store.foreground(&id, None).unwrap().out, "again\nagain\n");
    assert_eq!(store.logs(&id).0, "again\nagain\nagain\n");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_container_is_not_started_twice() {
    let store = Store::new();
    let id = store.create("exec sleep 300");
    let started = thread::scope(|scope| {
        let tries: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| store.start_detached(&id)))
            .collect();
        tries
            .into_iter()
            .map(|one| one.join().unwrap())
            .collect::<Vec<_>>()
    });
    let running = started.iter().filter(|one| one.is_ok()).count();
    let refused = started
        .iter()
        .filter(|one| matches!(one, Err(ContainerError::AlreadyRunning { .. })))
        .count();
    assert_eq!((running, refused), (1, 3), "{started:?}");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn logs_follow_to_the_end() {
    let store = Store::new();
    let id = store.detached("for i in 1 2 3 4 5; do echo $i; sleep 0.1; done; echo oops >&2");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    store
        .containers
        .logs(&id, Show::default(), true, &mut out, &mut err)
        .unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "1\n2\n3\n4\n5\n");
    assert_eq!(String::from_utf8(err).unwrap(), "oops\n");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn attaching_shows_what_comes_from_then_on() {
    let store = Store::new();
    let id = store.create_with("echo early; read word; echo got $word; exit 6", |config| {
        config.open_stdin = true;
    });
    store.start_detached(&id).unwrap();
    store.log_when(&id, |log| log == "early\n");
    let (read, mut write) = std::io::pipe().unwrap();
    write.write_all(b"hello\n").unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let streams = Streams {
        stdin: Some(read.as_fd()),
        stdout: &mut out,
        stderr: &mut err,
    };
    let outcome = store
        .containers
        .attach(&id, streams, Manner::default())
        .unwrap();
    assert_eq!((outcome, out), (exited(6), b"got hello\n".to_vec()));
    let stopped = store.containers.attach(
        &id,
        Streams {
            stdin: None,
            stdout: &mut Vec::new(),
            stderr: &mut Vec::new(),
        },
        Manner::default(),
    );
    assert!(matches!(stopped, Err(ContainerError::AttachStopped)));
}

fn exec_options(script: &str) -> ExecOptions<'static> {
    ExecOptions {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        env: Vec::new(),
        user: None,
        cwd: None,
        terminal: false,
        attach: None,
    }
}

impl Store {
    fn exec(&self, id: &ContainerId, script: &str) -> Said {
        self.exec_with(id, exec_options(script), None).unwrap()
    }

    fn exec_with(
        &self,
        id: &ContainerId,
        options: ExecOptions<'_>,
        stdin: Option<&OwnedFd>,
    ) -> Result<Said, ContainerError> {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let attach = Attach {
            streams: Streams {
                stdin: stdin.map(AsFd::as_fd),
                stdout: &mut out,
                stderr: &mut err,
            },
            owns: true,
            own_stdio: false,
            manner: Manner::default(),
        };
        let options = ExecOptions {
            argv: options.argv,
            env: options.env,
            user: options.user,
            cwd: options.cwd,
            terminal: options.terminal,
            attach: Some(attach),
        };
        let outcome = self.containers.exec(id, options)?;
        Ok(Said {
            outcome,
            out: String::from_utf8(out).unwrap(),
            err: String::from_utf8(err).unwrap(),
        })
    }
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn exec_is_in_every_namespace_of_its_container() {
    let store = Store::new();
    let id = store.detached("exec sleep 300");
    let kinds = "for kind in user mnt pid net uts ipc cgroup; do readlink /proc/PID/ns/$kind; done; readlink /proc/PID/root";
    let own = store.exec(&id, &kinds.replace("PID", "self"));
    let first = store.exec(&id, &kinds.replace("PID", "1"));
    assert_eq!(own.out.lines().count(), 8, "{own:?}");
    assert_eq!(own, first);
    let said = store.exec(&id, "readlink /proc/1/exe; cat /proc/sys/kernel/hostname");
    assert_eq!(said.out, format!("/bin/sleep\n{}\n", id.short()));
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn exec_is_hardened_like_pid_1() {
    let store = Store::new();
    let id = store.detached("exec sleep 300");
    let script = "while read name value; do case $name in Cap*|Seccomp:|NoNewPrivs:|Uid:|Gid:|Groups:|SigBlk:|SigIgn:) echo $name $value;; esac; done < /proc/PID/status";
    let own = store.exec(&id, &script.replace("PID", "self"));
    let first = store.exec(&id, &script.replace("PID", "1"));
    assert!(own.out.contains("Seccomp: 2"), "{own:?}");
    assert_eq!(own.out, first.out);
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn exec_leaves_no_descriptor_of_the_host_open() {
    let store = Store::new();
    let id = store.detached("exec sleep 300");
    // The shell itself opened 3 to read its folder.
    assert_eq!(store.exec(&id, "cd /proc/self/fd; echo *").out, "0 1 2 3\n");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn exec_brings_streams_and_exit_codes_through() {
    let store = Store::new();
    let id = store.create_with("exec sleep 300", |config| {
        config
            .spec
            .process
            .env
            .push(("A".to_owned(), "1".to_owned()));
    });
    store.start_detached(&id).unwrap();
    let (read, mut write) = std::io::pipe().unwrap();
    write.write_all(b"typed\n").unwrap();
    drop(write);
    let mut options = exec_options("cat; echo $A $B; echo err >&2; exit 9");
    options.env = vec![("B".to_owned(), "2".to_owned())];
    let said = store.exec_with(&id, options, Some(&read.into())).unwrap();
    let expected = Said {
        outcome: exited(9),
        out: "typed\n1 2\n".to_owned(),
        err: "err\n".to_owned(),
    };
    assert_eq!(said, expected);
    for (command, code) in [("nosuchcmd", 127), ("/etc/passwd", 126)] {
        let mut options = exec_options("");
        options.argv = vec![command.to_owned()];
        let error = store.exec_with(&id, options, None).unwrap_err();
        assert_eq!(error.exit_code(), code, "{error}");
    }
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn exec_has_its_own_user_and_folder() {
    let store = Store::new();
    let id = store.detached("exec sleep 300");
    let mut options = exec_options("id -u; id -g; echo $PWD");
    options.user = Some(User {
        uid: 1000,
        gid: 1000,
        groups: Vec::new(),
    });
    options.cwd = Some("/tmp".to_owned());
    let said = store.exec_with(&id, options, None).unwrap();
    assert_eq!(said.out, "1000\n1000\n/tmp\n", "{said:?}");
    let mut options = exec_options("true");
    options.cwd = Some("/nope".to_owned());
    let error = store.exec_with(&id, options, None).unwrap_err();
    assert!(error.to_string().contains("/nope"), "{error}");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn exec_on_a_terminal_has_its_size_and_ends_with_its_program() {
    let store = Store::new();
    let id = store.detached("exec sleep 300");
    let typist = Typist::new(22, 99);
    let mut options = exec_options("stty size; tty; exit 3");
    options.terminal = true;
    let terminal = typist.terminal.try_clone().unwrap();
    let said = store.exec_with(&id, options, Some(&terminal)).unwrap();
    assert_eq!(
        (said.outcome, said.out.as_str()),
        (exited(3), "22 99\r\n/dev/pts/0\r\n")
    );
    assert!(!typist.is_raw());
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn exec_needs_a_running_container_and_ends_with_it() {
    let store = Store::new();
    let id = store.create("exec sleep 300");
    let refused = store
        .exec_with(&id, exec_options("true"), None)
        .unwrap_err();
    assert!(
        matches!(refused, ContainerError::NotRunning { .. }),
        "{refused}"
    );
    store.start_detached(&id).unwrap();
    let outcome = thread::scope(|scope| {
        let running = scope.spawn(|| store.exec(&id, "echo here > /started; exec sleep 300"));
        eventually("it runs", || {
            store.exec(&id, "cat /started").out == "here\n"
        });
        store.containers.kill(&id, 9).unwrap();
        running.join().unwrap().outcome
    });
    assert_eq!(outcome, exited(137));
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_detached_exec_runs_on_by_itself() {
    let store = Store::new();
    let id = store.detached("exec sleep 300");
    let outcome = store
        .containers
        .exec(&id, exec_options("sleep 0.1; echo done > /done"))
        .unwrap();
    assert_eq!(outcome, Outcome::Started);
    eventually("it is done", || {
        store.exec(&id, "cat /done").out == "done\n"
    });
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_container_is_whoever_its_spec_says() {
    let store = Store::new();
    let id = store.create_with("id -u; echo mine > /tmp/file; exec sleep 300", |config| {
        config.spec.process.user = User {
            uid: if config.spec.ids == IdMode::Single {
                0
            } else {
                1000
            },
            gid: 0,
            groups: Vec::new(),
        };
    });
    store.start_detached(&id).unwrap();
    store.log_when(&id, |log| log.ends_with('\n'));
    let tree = store.containers.remove(&id, true).unwrap().unwrap();
    // Files of sub-ids are the worker's to remove; the face's own refusal must not be a panic.
    let _ = remove_tree(&tree);
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_detached_container_holds_nothing_that_its_face_had_open() {
    let store = Store::new();
    let id = store.create("exec sleep 300");
    let (mut read, write) = std::io::pipe().unwrap();
    rustix::io::fcntl_setfd(&write, rustix::io::FdFlags::empty()).unwrap();
    store.start_detached(&id).unwrap();
    drop(write);
    let mut rest = Vec::new();
    read.read_to_end(&mut rest).unwrap();
    assert!(store.record(&id).state.is_running());
}

/// A learner's terminal: the test types at the master.
struct Typist {
    master: fs::File,
    terminal: OwnedFd,
}

impl Typist {
    fn new(rows: u16, columns: u16) -> Self {
        let size = nix::pty::Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pair = nix::pty::openpty(Some(&size), None).unwrap();
        Self {
            master: pair.master.into(),
            terminal: pair.slave,
        }
    }

    fn type_in(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).unwrap();
    }

    /// Whether keys come one by one and unechoed.
    fn is_raw(&self) -> bool {
        let modes = rustix::termios::tcgetattr(&self.terminal)
            .unwrap()
            .local_modes;
        !modes.contains(rustix::termios::LocalModes::ICANON)
    }
}

/// Collects what is shown, to be looked at meanwhile.
#[derive(Clone, Default)]
struct Screen(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Screen {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// Runs a container on a typist's terminal while `play` types.
fn on_terminal(
    store: &Store,
    id: &ContainerId,
    typist: &mut Typist,
    play: impl FnOnce(&mut Typist, &Screen),
) -> (Outcome, String) {
    let screen = Screen::default();
    let terminal = typist.terminal.try_clone().unwrap();
    let outcome = thread::scope(|scope| {
        let mut shown = screen.clone();
        let running = scope.spawn(move || {
            let options = StartOptions {
                mode: &store.mode,
                attach: Some(Attach {
                    streams: Streams {
                        stdin: Some(terminal.as_fd()),
                        stdout: &mut shown,
                        stderr: &mut Vec::new(),
                    },
                    owns: true,
                    own_stdio: false,
                    manner: Manner::default(),
                }),
                remove_on_failure: true,
                ahead: None,
            };
            store.containers.start(id, options).unwrap().outcome
        });
        // A failed assertion must not wait for a container that nobody ends.
        let played =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(typist, &screen)));
        if let Err(panic) = played {
            let _ = store.containers.kill(id, 9);
            std::panic::resume_unwind(panic);
        }
        running.join().unwrap()
    });
    (outcome, screen.text())
}

fn with_terminal(config: &mut ContainerConfig) {
    config.spec.process.terminal = true;
    config.record.tty = true;
    config.open_stdin = true;
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_terminal_has_the_learners_size_from_the_first_moment() {
    let store = Store::new();
    for _ in 0..5 {
        let id = store.create_with("stty size; tty", with_terminal);
        let mut typist = Typist::new(33, 111);
        let (outcome, shown) = on_terminal(&store, &id, &mut typist, |_, _| ());
        assert_eq!(
            (outcome, shown.as_str()),
            (exited(0), "33 111\r\n/dev/pts/0\r\n")
        );
        assert!(!typist.is_raw(), "the terminal is given back");
    }
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_new_size_reaches_the_container() {
    let store = Store::new();
    let script = "trap 'stty size; exit 0' WINCH; echo ready; while :; do :; done";
    let id = store.create_with(script, with_terminal);
    let mut typist = Typist::new(20, 30);
    let (_, shown) = on_terminal(&store, &id, &mut typist, |typist, screen| {
        eventually("ready", || screen.text().contains("ready"));
        let size = rustix::termios::Winsize {
            ws_row: 40,
            ws_col: 50,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        rustix::termios::tcsetwinsize(&typist.terminal, size).unwrap();
        // This terminal controls no session, so its kernel tells nobody.
        nix::sys::signal::raise(nix::sys::signal::Signal::SIGWINCH).unwrap();
    });
    assert_eq!(shown, "ready\r\n40 50\r\n");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn keys_go_raw_to_the_program_and_ctrl_c_interrupts_it() {
    let store = Store::new();
    let script = "trap 'echo caught; exit 9' INT; echo ready; while :; do :; done";
    let id = store.create_with(script, with_terminal);
    let mut typist = Typist::new(24, 80);
    let (outcome, shown) = on_terminal(&store, &id, &mut typist, |typist, screen| {
        eventually("ready", || screen.text().contains("ready"));
        assert!(typist.is_raw());
        typist.type_in("\x03");
    });
    assert_eq!(outcome, exited(9));
    assert_eq!(shown, "ready\r\n^Ccaught\r\n");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn the_detach_keys_leave_a_container_running_that_can_be_attached_again() {
    let store = Store::new();
    let id = store.create_with("read word; echo got $word; exit 5", with_terminal);
    let mut typist = Typist::new(24, 80);
    let (outcome, _) = on_terminal(&store, &id, &mut typist, |typist, _| {
        eventually("raw", || typist.is_raw());
        typist.type_in("\x10\x11");
    });
    assert_eq!(outcome, Outcome::Detached);
    assert!(!typist.is_raw());
    thread::sleep(Duration::from_millis(100));
    assert!(store.record(&id).state.is_running());
    let mut shown = Vec::new();
    typist.type_in("back\r");
    let streams = Streams {
        stdin: Some(typist.terminal.as_fd()),
        stdout: &mut shown,
        stderr: &mut Vec::new(),
    };
    // What was typed before the terminal was raw is a line already.
    let outcome = store
        .containers
        .attach(&id, streams, Manner::default())
        .unwrap();
    assert_eq!(outcome, exited(5));
    assert!(
        String::from_utf8_lossy(&shown).contains("got back"),
        "{shown:?}"
    );
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_terminal_needs_a_terminal() {
    let store = Store::new();
    let id = store.create_with("true", with_terminal);
    let null = fs::File::open("/dev/null").unwrap();
    let refused = store.foreground(&id, Some(&null.into())).unwrap_err();
    assert!(matches!(refused, ContainerError::NotATerminal), "{refused}");
}

/// Plays a face in a process of its own: `STRATA_TEST_FACE` is the store's root, the container's
/// id and how to start it.
#[test]
#[ignore = "a part that other tests play in a process of its own"]
fn face_of_its_own() {
    let asked = std::env::var("STRATA_TEST_FACE").expect("other tests set it");
    let [root, id, how] = asked.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{asked}");
    };
    set_executable(env!("CARGO_BIN_EXE_strata"));
    let attach = (how != "detached").then(|| Attach {
        streams: Streams {
            stdin: (how == "stdin").then(rustix::stdio::stdin),
            stdout: Box::leak(Box::new(std::io::stdout())),
            stderr: Box::leak(Box::new(std::io::stderr())),
        },
        owns: true,
        own_stdio: true,
        manner: Manner::default(),
    });
    let options = StartOptions {
        mode: &probe().mode,
        attach,
        remove_on_failure: true,
        ahead: None,
    };
    let id = ContainerId::parse(id).unwrap();
    let started = Containers::new(Path::new(root))
        .start(&id, options)
        .unwrap();
    match started.outcome {
        Outcome::Exited(code) => std::process::exit(code),
        Outcome::Started | Outcome::Detached => std::process::exit(0),
    }
}

fn face(store: &Store, id: &ContainerId, how: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let root = store.root.path().to_str().unwrap();
    command
        .args([
            "--exact",
            "kernel::containers::face_of_its_own",
            "--ignored",
            "--nocapture",
            "-q",
        ])
        .env("STRATA_TEST_FACE", format!("{root} {id} {how}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn output_of(mut child: Child) -> String {
    let mut text = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_detached_container_survives_its_face() {
    let store = Store::new();
    let id = store.create("echo alive; exec sleep 300");
    let status = face(&store, &id, "detached").status().unwrap();
    assert!(status.success());
    store.log_when(&id, |log| log == "alive\n");
    thread::sleep(Duration::from_millis(100));
    assert!(lives(store.init(&id)));
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_foreground_container_dies_with_its_face() {
    let store = Store::new();
    let id = store.create_with("echo alive; sleep 300 & exec sleep 300", |config| {
        config.record.auto_remove = true;
    });
    let mut child = face(&store, &id, "attached").spawn().unwrap();
    eventually("running", || store.record(&id).state.is_running());
    let init = store.init(&id);
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("the container is dead", || !lives(init));
    eventually("and removed", || {
        store.containers.list().unwrap().is_empty()
    });
    eventually("wholly", || {
        store.containers.leftovers().unwrap().is_empty()
    });
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn ctrl_c_at_a_container_without_a_terminal_is_for_its_program() {
    let store = Store::new();
    let id = store.create("trap 'echo caught; exit 9' INT; echo ready; while :; do :; done");
    let mut child = face(&store, &id, "attached").spawn().unwrap();
    store.log_when_created(&id, |log| log == "ready\n");
    kill(child.id(), "INT");
    assert_eq!(child.wait().unwrap().code(), Some(9));
    assert_eq!(store.logs(&id).0, "ready\ncaught\n");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_program_that_ignores_ctrl_c_is_killed_at_the_third() {
    let store = Store::new();
    let id = store.create_with("", |config| {
        config.spec.process.argv = ["sleep", "300"].map(str::to_owned).to_vec();
    });
    let mut child = face(&store, &id, "attached").spawn().unwrap();
    eventually("running", || store.record(&id).state.is_running());
    for _ in 0..3 {
        assert_eq!(child.try_wait().unwrap(), None);
        kill(child.id(), "INT");
        thread::sleep(Duration::from_millis(150));
    }
    assert_eq!(child.wait().unwrap().code(), Some(137));
}

impl Store {
    fn log_when_created(&self, id: &ContainerId, enough: impl Fn(&str) -> bool) {
        eventually("running", || self.record(id).state.is_running());
        self.log_when(id, enough);
    }
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_container_that_needs_no_log_gets_the_faces_own_streams() {
    let store = Store::new();
    let id = store.create_with("readlink /proc/self/fd/1; cat; exit 4", |config| {
        config.record.auto_remove = true;
        config.open_stdin = true;
    });
    let mut child = face(&store, &id, "stdin")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let pipe = fs::read_link(format!("/proc/{}/fd/1", child.id())).unwrap();
    child.stdin.take().unwrap().write_all(b"typed\n").unwrap();
    let status = child.try_wait();
    let shown = output_of(child);
    assert!(
        shown.contains(&format!("{}\ntyped\n", pipe.display())),
        "{shown} {status:?}"
    );
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn an_idle_supervisor_is_small() {
    let store = Store::new();
    let id = store.detached("exec sleep 300");
    let status = fs::read_to_string(format!("/proc/{}/status", store.supervisor(&id))).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("RssAnon"))
        .unwrap();
    let kilobytes: u32 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kilobytes <= 3 * 1024, "{kilobytes} kB");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_store_with_a_long_name_has_working_sockets() {
    let mut store = Store::new();
    let long: PathBuf = store.root.path().join("x".repeat(200));
    store.containers = Containers::new(&long);
    // An overlay's folders may be far from `/`, but not from each other.
    let layer = long.join("layer");
    fs::create_dir(&long).unwrap();
    let copied = Command::new("cp")
        .arg("-a")
        .arg(rootfs())
        .arg(&layer)
        .status();
    assert!(copied.unwrap().success());
    let id = ContainerId::generate().unwrap();
    let mut config = store.config("exec sleep 300");
    config.spec.rootfs = store.containers.folder(&id).rootfs(vec![layer]);
    config.record.id = id;
    let id = store.containers.create(config).unwrap().id;
    store.start_detached(&id).unwrap();
    store.containers.kill(&id, 9).unwrap();
    assert_eq!(store.containers.wait(&id).unwrap(), 137);
}
