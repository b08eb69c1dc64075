//! The acts of lessons, carried out by strata itself: files of the work folder, and facts about
//! the host. No shell is involved.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::console::{Console, Input};
use super::folder::{FolderError, WorkFolder, refused};
use super::http;
use crate::lesson::{Act, HttpFacts, Outcome};

/// Who changes a file when a lesson says `edit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Editing {
    /// The learner, in an editor.
    Learner,
    /// Nobody: one harmless line is added, as when a solution is replayed.
    Rehearsal,
}

/// The exit code of `curl` where nobody listens, as of the real one.
pub(super) const REFUSED: i32 = 7;

/// Carries an act out.
pub(super) fn carry_out(
    act: &Act,
    folder: &WorkFolder,
    editing: Editing,
    console: &mut dyn Console,
) -> Outcome {
    match act {
        Act::Echo { text, command } => console.execute(command, Input::Piped(&format!("{text}\n"))),
        Act::Edit { file } if editing == Editing::Learner => {
            let edited = folder
                .resolve(file)
                .map_err(|error| shown(&error))
                .and_then(|path| console.edit(&path));
            outcome("edit", edited.map(|()| String::new()))
        }
        Act::Host { fact } => {
            let told = host_fact(fact, Path::new("/proc"));
            outcome("host", told.map_err(|error| error.to_string()))
        }
        Act::Curl { url } => curl(http::get(url)),
        other => {
            let (verb, done) = on_files(other, folder);
            let done = done.map(|()| String::new());
            outcome(verb, done.map_err(|error| shown(&error)))
        }
    }
}

fn on_files(act: &Act, folder: &WorkFolder) -> (&'static str, Result<(), FolderError>) {
    match act {
        Act::Edit { file } => ("edit", harmless_edit(file, folder)),
        Act::Append { file, text } => ("append", append(file, text, folder)),
        Act::CopyFile { from, to } => ("copyfile", copy(from, to, folder)),
        Act::Touch { file } => ("touch", touch(file, folder)),
        Act::Chmod { mode, file } => ("chmod", folder.chmod(file, *mode)),
        Act::Remove { file } => ("remove", folder.remove(file)),
        // Not about files; `carry_out` has dealt with them.
        Act::Echo { .. } | Act::Host { .. } | Act::Curl { .. } => ("", Ok(())),
    }
}

fn append(file: &str, text: &str, folder: &WorkFolder) -> Result<(), FolderError> {
    let mut content = folder.read(file).unwrap_or_default();
    if content.last().is_some_and(|last| *last != b'\n') {
        content.push(b'\n');
    }
    content.extend_from_slice(text.as_bytes());
    content.push(b'\n');
    folder.write(file, &content)
}

fn copy(from: &str, to: &str, folder: &WorkFolder) -> Result<(), FolderError> {
    let content = fs::read(folder.resolve(from)?).map_err(refused("read", from))?;
    folder.write(to, &content)
}

fn touch(file: &str, folder: &WorkFolder) -> Result<(), FolderError> {
    let path = folder.resolve(file)?;
    let opened = fs::File::options().create(true).append(true).open(path);
    let handle = opened.map_err(refused("open", file))?;
    let now = SystemTime::now();
    handle.set_modified(now).map_err(refused("touch", file))
}

/// Adds a line that changes nothing but the content: a comment where the kind of file has one.
fn harmless_edit(file: &str, folder: &WorkFolder) -> Result<(), FolderError> {
    let content = folder.read(file).unwrap_or_default();
    let number = content.split(|byte| *byte == b'\n').count();
    let extension = Path::new(file).extension().and_then(|e| e.to_str());
    let line = match extension {
        Some("js" | "ts" | "css" | "c" | "go" | "rs" | "java") => format!("// edit {number}"),
        Some("html" | "md") => format!("<!-- edit {number} -->"),
        Some("json") => String::new(),
        _ => format!("# edit {number}"),
    };
    append(file, &line, folder)
}

/// The page, or why there is none, with the exit codes of the real curl.
fn curl(answer: HttpFacts) -> Outcome {
    let failed = |exit, why: String| Outcome {
        exit,
        error: Some(why),
        ..Outcome::done("curl")
    };
    match answer {
        HttpFacts::Answer { body, .. } => Outcome {
            stdout: body,
            ..Outcome::done("curl")
        },
        // The runner has words for this one, in every language.
        HttpFacts::Refused => failed(REFUSED, String::new()),
        HttpFacts::Failed(why) => failed(56, why),
    }
}

fn host_fact(fact: &str, proc: &Path) -> std::io::Result<String> {
    match fact {
        "kernel" => fs::read_to_string(proc.join("sys/kernel/osrelease")),
        "hostname" => fs::read_to_string(proc.join("sys/kernel/hostname")),
        "processes" => {
            let numeric = |entry: &fs::DirEntry| {
                let name = entry.file_name();
                name.to_string_lossy()
                    .bytes()
                    .all(|byte| byte.is_ascii_digit())
            };
            let entries = fs::read_dir(proc)?.filter_map(Result::ok);
            Ok(format!("{}\n", entries.filter(numeric).count()))
        }
        _ => {
            let entries = fs::read_dir(proc.join("self/ns"))?.filter_map(Result::ok);
            let mut lines: Vec<String> = entries
                .filter_map(|entry| fs::read_link(entry.path()).ok())
                .map(|link| format!("{}\n", link.display()))
                .collect();
            lines.sort();
            // Those for children to come are the same ones.
            lines.dedup();
            Ok(lines.concat())
        }
    }
}

fn outcome(verb: &str, done: Result<String, String>) -> Outcome {
    match done {
        Ok(stdout) => Outcome {
            stdout,
            ..Outcome::done(verb)
        },
        Err(error) => Outcome {
            exit: 1,
            error: Some(error),
            ..Outcome::done(verb)
        },
    }
}

/// Returns an error with its cause on one line.
fn shown(error: &FolderError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::script::ScriptedConsole;

    fn act(line: &str, folder: &WorkFolder) -> Outcome {
        let act = Act::parse(line).unwrap().unwrap();
        carry_out(
            &act,
            folder,
            Editing::Rehearsal,
            &mut ScriptedConsole::default(),
        )
    }

    fn folder() -> (tempfile::TempDir, WorkFolder) {
        let scratch = tempfile::tempdir().unwrap();
        let folder = WorkFolder::open(scratch.path()).unwrap();
        (scratch, folder)
    }

    #[test]
    fn files_are_changed_by_acts() {
        let (_scratch, folder) = folder();
        act("append a.txt one", &folder);
        act("append a.txt 'two  words'", &folder);
        act("copyfile a.txt b.txt", &folder);
        act("remove a.txt", &folder);
        assert_eq!(folder.read("a.txt"), None);
        assert_eq!(folder.read("b.txt").unwrap(), b"one\ntwo  words\n");
    }

    #[test]
    fn every_harmless_edit_is_new_content() {
        let (_scratch, folder) = folder();
        folder.write("server.js", b"listen();").unwrap();
        act("edit server.js", &folder);
        let once = folder.read("server.js").unwrap();
        act("edit server.js", &folder);
        assert_eq!(once, b"listen();\n// edit 1\n");
        assert_eq!(
            folder.read("server.js").unwrap(),
            b"listen();\n// edit 1\n// edit 3\n"
        );
    }

    #[test]
    fn touch_leaves_content_and_makes_missing_files() {
        let (_scratch, folder) = folder();
        folder.write("a", b"x").unwrap();
        assert_eq!(act("touch a", &folder).exit, 0);
        assert_eq!(folder.read("a").unwrap(), b"x");
        act("touch b", &folder);
        assert_eq!(folder.read("b").unwrap(), b"");
    }

    #[test]
    fn a_refusal_is_an_outcome_with_its_cause() {
        let (_scratch, folder) = folder();
        let outcome = act("remove gone", &folder);
        assert_eq!(outcome.exit, 1);
        assert!(outcome.error.unwrap().contains("gone"));
        assert!(
            act("append ../x y", &folder)
                .error
                .unwrap()
                .contains("not inside")
        );
    }

    #[test]
    fn a_page_of_this_machine_is_shown_and_no_other() {
        let (_scratch, folder) = folder();
        let outcome = act("curl http://192.0.2.1/", &folder);
        assert_eq!(outcome.exit, 56);
        assert!(outcome.error.unwrap().contains("not a loopback address"));
        let outcome = curl(HttpFacts::Answer {
            status: 200,
            body: "hello\n".to_owned(),
        });
        assert_eq!((outcome.exit, outcome.stdout.as_str()), (0, "hello\n"));
        assert_eq!(curl(HttpFacts::Refused).exit, 7);
    }

    #[test]
    fn the_host_tells_facts_from_proc() {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir_all(proc.path().join("sys/kernel")).unwrap();
        fs::write(proc.path().join("sys/kernel/osrelease"), "6.18.0\n").unwrap();
        fs::create_dir(proc.path().join("1")).unwrap();
        assert_eq!(host_fact("kernel", proc.path()).unwrap(), "6.18.0\n");
        assert_eq!(host_fact("processes", proc.path()).unwrap(), "1\n");
    }
}
