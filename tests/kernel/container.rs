//! A container for tests: a rootfs with the host's programs, run once or many times.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use strata::runtime::solo::{Solo, Started};
use strata::runtime::{
    Exit, LaunchError, Mode, Mount, MountSource, Rootfs, Spec, probe, set_executable,
};

/// What a container did.
#[derive(Debug, PartialEq)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote to stdout, without the last newline.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

/// An entered process and a folder for it to work on.
pub struct Container {
    /// What is run.
    pub spec: Spec,
    /// The folder everything lies in.
    folder: tempfile::TempDir,
    inside: Solo,
}

/// Returns the ways into namespaces that can be had here: this user's, and the one with one id.
pub fn modes() -> Vec<Mode> {
    set_executable(env!("CARGO_BIN_EXE_strata"));
    match probe().mode {
        Mode::Nothing { reason } => panic!("{reason}; STRATA_TEST_NO_KERNEL=1 leaves these out"),
        Mode::SingleId => vec![Mode::SingleId],
        mode => vec![mode, Mode::SingleId],
    }
}

/// Runs a test in every mode.
pub fn in_every_mode(test: impl Fn(Container)) {
    for mode in modes() {
        test(Container::new(&mode));
    }
}

impl Container {
    /// Makes a container whose layers are an empty one and one with the host's programs.
    pub fn new(mode: &Mode) -> Self {
        set_executable(env!("CARGO_BIN_EXE_strata"));
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let [lower, upper, work] = ["lower", "upper", "work"].map(|name| folder.path().join(name));
        for new in [&lower, &upper, &work] {
            fs::create_dir(new).expect("the folder is empty");
        }
        let mounts = host_programs(&lower);
        let rootfs = Rootfs::Overlay {
            lower: vec![lower],
            upper,
            work,
        };
        let mut spec = Spec::new(rootfs, Vec::new(), mode.ids());
        spec.mounts = mounts;
        let inside = Solo::enter(mode).unwrap_or_else(|error| panic!("{error}"));
        Self {
            spec,
            folder,
            inside,
        }
    }

    /// Returns a path in this container's own folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a script in sh and returns what it printed; it must succeed.
    pub fn sh(&mut self, script: &str) -> String {
        let output = self
            .run(&["sh", "-c", script])
            .expect("the container starts");
        assert_eq!(output.exit, Exit::Code(0), "{script}: {output:?}");
        output.stdout
    }

    /// Runs a command to its end.
    pub fn run(&mut self, argv: &[&str]) -> Result<Output, LaunchError> {
        let files = [(); 2].map(|()| tempfile::tempfile().expect("there is room for a file"));
        let [stdout, stderr] = files
            .each_ref()
            .map(|file| file.try_clone().unwrap().into());
        self.start(argv, [null(), stdout, stderr])?;
        let exit = self.inside.wait().expect("the launcher lives");
        let [stdout, stderr] = files.map(|mut file| {
            let mut text = String::new();
            file.seek(SeekFrom::Start(0)).unwrap();
            file.read_to_string(&mut text).unwrap();
            text.trim_end_matches('\n').to_owned()
        });
        Ok(Output {
            exit,
            stdout,
            stderr,
        })
    }

    /// Starts a command and returns while it runs.
    pub fn start(&mut self, argv: &[&str], stdio: [OwnedFd; 3]) -> Result<Started, LaunchError> {
        self.spec.process.argv = argv.iter().map(|&word| word.to_owned()).collect();
        self.inside
            .start(&self.spec, stdio)
            .expect("the launcher lives")
    }

    /// Waits for a started command.
    pub fn wait(&self) -> Exit {
        self.inside.wait().expect("the launcher lives")
    }

    /// Kills the launcher with SIGKILL.
    pub fn kill_launcher(&mut self) {
        self.inside.kill().expect("it was alive");
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Overlayfs leaves folders with mode 000, which the folder's removal would stumble over.
        for name in [
            "work/work",
            "work/work/incompat",
            "work/work/incompat/volatile",
        ] {
            let _ = fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o700));
        }
    }
}

/// Returns `/dev/null`.
pub fn null() -> OwnedFd {
    File::options()
        .read(true)
        .write(true)
        .open("/dev/null")
        .unwrap()
        .into()
}

/// Puts the host's programs in place: folders are bound, the usual symlinks copied.
fn host_programs(lower: &Path) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for name in ["usr", "bin", "sbin", "lib", "lib64"] {
        let host = Path::new("/").join(name);
        match fs::symlink_metadata(&host) {
            Ok(found) if found.is_symlink() => {
                let target = fs::read_link(&host).unwrap();
                std::os::unix::fs::symlink(target, lower.join(name)).unwrap();
            }
            Ok(_) => mounts.push(bind(&host, &format!("/{name}"), true)),
            Err(_) => {}
        }
    }
    fs::create_dir(lower.join("tmp")).unwrap();
    mounts
}

/// Describes a bind mount.
pub fn bind(source: &Path, target: &str, read_only: bool) -> Mount {
    let source = MountSource::Bind(source.to_owned());
    Mount {
        source,
        target: target.to_owned(),
        read_only,
    }
}
