//! `practice-os` out of the host's own tools, each with the loader and libraries it needs, at the
//! paths they have on the host.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::builder::TreeBuilder;
use super::libraries::{Libraries, Unusable};
use super::tools::{self, TOOLS};
use super::tree::BaseTree;
use super::{BaseError, BaseKind, Choice, Note, own, skeleton};
use crate::applets;

/// Folders that are links on merged-usr hosts (`/bin -> usr/bin`) and must be so in the base:
/// programs and scripts name each other by either path.
const PERHAPS_LINKS: [&str; 9] = [
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/sbin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/bin",
];

/// Descriptions of terminals that `less`, `vi` and `bash` look up, by `TERM`.
const TERMINALS: [&str; 8] = [
    "d/dumb",
    "l/linux",
    "s/screen",
    "s/screen-256color",
    "t/tmux-256color",
    "v/vt100",
    "x/xterm",
    "x/xterm-256color",
];

/// Where distributions keep those.
const TERMINAL_FOLDERS: [&str; 3] = ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"];

/// Describes the base.
pub(super) fn tree(choice: &Choice) -> Result<BaseTree, BaseError> {
    let mut host = Host::new(tools::folders(&choice.path_env));
    for name in TOOLS {
        host.add_tool(name);
    }
    if host.tools.iter().all(|&name| name != "sh") {
        return Err(BaseError::NoTools);
    }
    host.add_shell_path();
    host.add_terminals();
    Ok(host.finish(choice))
}

struct Host {
    folders: Vec<PathBuf>,
    builder: TreeBuilder,
    libraries: Libraries,
    /// What the base has.
    tools: Vec<&'static str>,
    missing: Vec<String>,
    notes: Vec<Note>,
}

/// Why a tool is not brought.
enum Left {
    Unusable(Unusable),
    TooLarge(u64),
    Interpreter(String),
}

impl From<Unusable> for Left {
    fn from(reason: Unusable) -> Self {
        Self::Unusable(reason)
    }
}

impl Host {
    fn new(folders: Vec<PathBuf>) -> Self {
        let mut builder = TreeBuilder::default();
        for path in PERHAPS_LINKS.map(Path::new) {
            if path.is_symlink() && path.is_dir() {
                // A link that leads nowhere is no loss, and `is_dir` has just followed it.
                let _ = builder.place(path);
            }
        }
        skeleton::add(&mut builder);
        Self {
            folders,
            builder,
            libraries: Libraries::default(),
            tools: Vec::new(),
            missing: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn add_tool(&mut self, name: &'static str) {
        let Some(path) = tools::find(name, &self.folders) else {
            self.missing.push(name.to_owned());
            return;
        };
        match self.bring(name, &path) {
            Ok(()) => self.tools.push(name),
            Err(left) => self.notes.push(left.note(name, path)),
        }
    }

    fn bring(&mut self, name: &str, path: &Path) -> Result<(), Left> {
        let unreadable = |error| Unusable::Unreadable(path.to_owned(), error);
        let program = fs::canonicalize(path).map_err(unreadable)?;
        let size = File::open(&program)
            .and_then(|file| file.metadata())
            .map_err(unreadable)?
            .len();
        if tools::is_too_large(name, size) {
            return Err(Left::TooLarge(size));
        }
        let interpreters = self.interpreters(&program)?;
        let closure = self.libraries.closure(&program)?;
        own::place(&mut self.builder, &closure)?;
        for path in interpreters.iter().map(Path::new).chain([path]) {
            self.builder.place(path).map_err(unreadable)?;
        }
        if !tools::is_on_path(path) {
            let link = format!("usr/local/bin/{name}");
            self.builder.link(&link, &path.to_string_lossy());
        }
        Ok(())
    }

    /// Returns the paths in a script's `#!` line. Their names must be among the tools: a wrapper
    /// in Python is of no use in a base without Python.
    fn interpreters(&self, program: &Path) -> Result<Vec<String>, Left> {
        let mut interpreters = tools::interpreters(program)
            .map_err(|error| Unusable::Unreadable(program.to_owned(), error))?;
        for interpreter in &interpreters {
            let name = interpreter.rsplit('/').next().unwrap_or_default();
            if !TOOLS.contains(&name) || tools::find(name, &self.folders).is_none() {
                return Err(Left::Interpreter(interpreter.clone()));
            }
        }
        interpreters.retain(|interpreter| interpreter.starts_with('/'));
        Ok(interpreters)
    }

    /// `/bin/sh` is the shell of the shell form and of most scripts, wherever the host's PATH
    /// has it.
    fn add_shell_path(&mut self) {
        for (path, name) in [("bin/sh", "sh"), ("usr/bin/env", "env")] {
            if let Some(found) =
                tools::find(name, &self.folders).filter(|_| !self.builder.has(path))
            {
                self.builder.link(path, &found.to_string_lossy());
            }
        }
    }

    fn add_terminals(&mut self) {
        for folder in TERMINAL_FOLDERS.map(Path::new) {
            for terminal in TERMINALS.map(|name| folder.join(name)) {
                if File::open(&terminal).is_ok() {
                    // Without it, programs fall back to a plain terminal.
                    let _ = self.builder.place(&terminal);
                }
            }
        }
    }

    fn finish(mut self, choice: &Choice) -> BaseTree {
        let is_there = |name: &str| self.tools.contains(&name);
        let executable = choice.executable.as_deref();
        let stand_ins = own::add(&mut self.builder, &mut self.libraries, is_there, executable);
        self.missing
            .retain(|name| !applets::tools().any(|applet| applet == name));
        if !self.missing.is_empty() {
            self.notes.insert(
                0,
                Note::Missing {
                    tools: self.missing,
                },
            );
        }
        self.notes.extend(stand_ins);

        // A new tool in a searched folder, or a new line in ld.so.conf, may change the base.
        let configuration = self.libraries.configuration().read.iter();
        for path in configuration.chain(&self.folders) {
            let real = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            // A name that is not UTF-8 can't be kept; a change there goes unnoticed.
            let _ = self.builder.witness(&real);
        }
        self.builder.finish(choice, BaseKind::Host, self.notes)
    }
}

impl Left {
    fn note(self, tool: &str, path: PathBuf) -> Note {
        let tool = tool.to_owned();
        match self {
            Self::TooLarge(size) => Note::TooLarge { tool, size },
            Self::Interpreter(interpreter) => Note::NoInterpreter { tool, interpreter },
            Self::Unusable(Unusable::Missing(library)) => Note::NoLibrary { tool, library },
            Self::Unusable(Unusable::Unreadable(file, error)) => {
                let denied = error.kind() == io::ErrorKind::PermissionDenied;
                let file = if file.as_os_str().is_empty() {
                    path
                } else {
                    file
                };
                Note::Unreadable { tool, file, denied }
            }
        }
    }
}
