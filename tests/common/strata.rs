//! The binary, as a user with a store and a folder of his own calls it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A store and a folder to build from; both are removed at the end, with all containers.
pub struct Home {
    folder: TempDir,
    /// `STRATA_FORCE`, where a test decides.
    force: Option<&'static str>,
    /// Whether registries may be asked; only those of the test itself are.
    online: bool,
    /// What a test adds to the environment.
    variables: Vec<(String, String)>,
}

/// What a call came to.
#[derive(Debug)]
pub struct Called {
    /// The words, for messages.
    pub words: String,
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Home {
    /// Makes an empty folder and names a store that does not exist yet.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("strata-test-")
            .tempdir()
            .unwrap();
        let home = Self {
            folder,
            force: None,
            online: false,
            variables: Vec::new(),
        };
        fs::create_dir(home.context()).unwrap();
        home
    }

    /// Makes one with this Dockerfile.
    pub fn with(dockerfile: &str) -> Self {
        let home = Self::new();
        home.file("Dockerfile", dockerfile);
        home
    }

    /// Takes something away from the machine.
    pub fn force(mut self, words: &'static str) -> Self {
        self.force = Some(words);
        self
    }

    /// Lets registries be asked.
    pub fn online(mut self) -> Self {
        self.online = true;
        self
    }

    /// Adds a variable to the environment of calls.
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// The folder that calls start in.
    pub fn context(&self) -> PathBuf {
        self.folder.path().join("context")
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// A path beside both.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the context, with mode 0644.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.context().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        self.mode(name, 0o644);
    }

    /// Changes the mode of a file of the context.
    pub fn mode(&self, name: &str, mode: u32) {
        let path = self.context().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A call that is not made yet, in surroundings that are the same everywhere.
    pub fn command<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strata"));
        command
            .args(words)
            .current_dir(self.context())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("LANG", "C.UTF-8")
            .env("STRATA_ROOT", self.store())
            .stdin(Stdio::null());
        for name in ["STRATA_BASE", "STRATA_FORCE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if !self.online {
            command.env("STRATA_OFFLINE", "1");
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(words) = self.force {
            command.env("STRATA_FORCE", words);
        }
        command
    }

    /// Calls strata with words that are separated by spaces.
    pub fn call(&self, words: &str) -> Called {
        self.words(&words.split_whitespace().collect::<Vec<_>>())
    }

    /// Calls strata with these words.
    pub fn words(&self, words: &[&str]) -> Called {
        Called::new(words.join(" "), self.command(words).output().unwrap())
    }

    /// Calls strata, which must succeed, and returns what it wrote.
    pub fn ok(&self, words: &str) -> String {
        self.call(words).ok()
    }

    /// Runs a shell line in a container of an image, which must succeed.
    pub fn shell(&self, image: &str, line: &str) -> String {
        self.words(&["run", "--rm", image, "sh", "-c", line]).ok()
    }

    /// Builds the context with these options, which must succeed.
    pub fn build(&self, options: &str) -> Rows {
        Rows::new(&self.ok(&format!("build --json {options} .")))
    }

    /// Forecasts a build of the context.
    pub fn plan(&self, options: &str) -> Rows {
        Rows::new(&self.ok(&format!("plan --json {options} .")))
    }

    /// Returns the states of a build that must succeed: `"BASE HIT MISS"`.
    pub fn states(&self, options: &str) -> String {
        self.build(options).states()
    }

    /// Checks every digest in the store.
    pub fn assert_clean(&self) {
        let said = self.ok("system fsck");
        assert!(said.contains("the store is clean"), "{said}");
        let tmp = entries(&self.store().join("tmp"));
        assert_eq!(tmp, Vec::<String>::new(), "leftovers in tmp");
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // Rootless, the trees belong to ids that only strata can reach.
        let ids = self.call("ps -aq").out;
        for id in ids.lines() {
            let _ = self.words(&["rm", "-f", id]);
        }
        let _ = self.call("system reset -f");
    }
}

impl Called {
    /// Reads what a call came to.
    pub fn new(words: String, output: Output) -> Self {
        Self {
            words,
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Returns what it wrote; it must have succeeded.
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "`strata {}`: {self:#?}", self.words);
        self.out
    }

    /// It must have failed with this code and these words on standard error, which are returned.
    pub fn fails(self, code: i32, words: &str) -> String {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(self.err.contains(words), "no {words:?} in {self:#?}");
        self.err
    }
}

/// The rows of a report, as a program reads them.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows(pub Value);

impl Rows {
    /// Reads `--json`.
    pub fn new(json: &str) -> Self {
        Self(serde_json::from_str(json).unwrap_or_else(|e| panic!("{e}: {json}")))
    }

    fn steps(&self) -> &[Value] {
        self.0["steps"].as_array().unwrap()
    }

    /// Returns the states in the order of the file.
    pub fn states(&self) -> String {
        let words = self.steps().iter();
        let words: Vec<String> = words
            .map(|it| it["state"].as_str().unwrap().to_uppercase())
            .collect();
        words.join(" ")
    }

    /// Returns one step, counted from 1.
    pub fn step(&self, number: usize) -> &Value {
        &self.steps()[number - 1]
    }

    /// Returns what forecast and build must agree on: number, state, reasons and key of each step.
    pub fn verdicts(&self) -> Vec<Value> {
        let fields = ["number", "state", "reasons", "key"];
        let steps = self.steps().iter();
        steps
            .map(|step| fields.iter().map(|it| step[*it].clone()).collect())
            .collect()
    }

    /// Returns the image's id.
    pub fn image(&self) -> String {
        self.0["image"].as_str().unwrap().to_owned()
    }
}

/// Returns the names in a folder, sorted; none where there is no such folder.
pub fn entries(folder: &Path) -> Vec<String> {
    let Ok(found) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = found
        .map(|it| it.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Waits until something is so, for half a minute at the most.
pub fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "waited for {what}"
        );
        thread::sleep(Duration::from_millis(10));
    }
}

/// Chooses what is right where a container has many ids, or one: with one, all files seem to be of
/// whoever looks, and the owners that were wanted are only recorded.
pub fn ids<T>(many: T, one: T) -> T {
    match strata::runtime::probe().mode {
        strata::runtime::Mode::SingleId => one,
        _ => many,
    }
}
