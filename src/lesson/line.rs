//! Lines of `console` blocks and of `do` lists: docker's and strata's verbs, instructions of the
//! draft, and a closed list of acts that strata carries out itself inside the work folder.

use std::fmt;

/// One thing of a reference solution, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsoleLine {
    /// Write a file of the work folder.
    Write {
        /// Its path.
        path: String,
        /// Its content.
        text: String,
    },
    /// Type a line; `{last}` stands for the newest container's id.
    Type(String),
}

/// What a typed line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineKind {
    /// Carried out by strata itself, never by a shell.
    Act(Act),
    /// An instruction of the draft.
    Instruction {
        /// Its keyword, upper-case.
        keyword: String,
    },
    /// A verb, without `docker` or `strata` before it.
    Verb {
        /// The verb.
        verb: String,
        /// The words after it.
        words: Vec<String>,
    },
}

/// Something strata does itself, inside the work folder only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Opens the learner's editor; in a test, adds one harmless line.
    Edit {
        /// The file.
        file: String,
    },
    /// Adds a line at the end.
    Append {
        /// The file.
        file: String,
        /// The line.
        text: String,
    },
    /// Copies one file.
    CopyFile {
        /// From.
        from: String,
        /// To.
        to: String,
    },
    /// Gives a file the present time, and makes it where it is missing.
    Touch {
        /// The file.
        file: String,
    },
    /// Sets permission bits.
    Chmod {
        /// The bits.
        mode: u32,
        /// The file.
        file: String,
    },
    /// Removes a file.
    Remove {
        /// The file.
        file: String,
    },
    /// Gives a line to a command's standard input.
    Echo {
        /// The line.
        text: String,
        /// The command.
        command: String,
    },
    /// Tells a fact about the host.
    Host {
        /// `kernel`, `hostname`, `processes`, `namespaces`.
        fact: String,
    },
    /// Asks a server on this machine for a page.
    Curl {
        /// Where.
        url: String,
    },
}

/// The facts that `host` tells.
pub(super) const HOST_FACTS: [&str; 4] = ["kernel", "hostname", "processes", "namespaces"];

/// Instructions that begin a line of the draft.
pub(super) const INSTRUCTIONS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// A line that is none of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError(String);

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LineKind {
    /// Reads a line. An upper-case instruction word makes it an instruction.
    pub fn parse(line: &str) -> Result<Self, LineError> {
        let line = line.trim();
        let first = line.split_whitespace().next().unwrap_or_default();
        if INSTRUCTIONS.contains(&first) {
            let keyword = first.to_owned();
            return Ok(Self::Instruction { keyword });
        }
        if let Some(act) = Act::parse(line)? {
            return Ok(Self::Act(act));
        }
        let mut words = normalised_words(line)?;
        if words.is_empty() {
            return Err(LineError("an empty line".to_owned()));
        }
        let verb = words.remove(0);
        Ok(Self::Verb { verb, words })
    }
}

impl Act {
    /// Reads an act; none where the line is something else.
    pub fn parse(line: &str) -> Result<Option<Self>, LineError> {
        if line.starts_with("echo ") {
            return Self::echo(line).map(Some);
        }
        let words = split(line)?;
        let Some((name, rest)) = words.split_first() else {
            return Ok(None);
        };
        let one = |make: fn(String) -> Self| match rest {
            [file] => Ok(Some(make(file.clone()))),
            _ => Err(LineError(format!("`{name}` wants one file"))),
        };
        match name.as_str() {
            // `edit` alone opens the draft, which is the session's.
            "edit" if rest.is_empty() => Ok(None),
            "edit" => one(|file| Self::Edit { file }),
            "touch" => one(|file| Self::Touch { file }),
            "remove" => one(|file| Self::Remove { file }),
            "append" => Self::append(rest).map(Some),
            "copyfile" => match rest {
                [from, to] => Ok(Some(Self::CopyFile {
                    from: from.clone(),
                    to: to.clone(),
                })),
                _ => Err(LineError("`copyfile` wants two files".to_owned())),
            },
            "chmod" => Self::chmod(rest).map(Some),
            "host" => Self::host(rest).map(Some),
            "curl" => match rest {
                [url] => Ok(Some(Self::Curl { url: url.clone() })),
                _ => Err(LineError("`curl` wants one address".to_owned())),
            },
            _ => Ok(None),
        }
    }

    /// Returns the paths it touches.
    pub fn paths(&self) -> Vec<&str> {
        match self {
            Self::Edit { file }
            | Self::Append { file, .. }
            | Self::Touch { file }
            | Self::Chmod { file, .. }
            | Self::Remove { file } => vec![file],
            Self::CopyFile { from, to } => vec![from, to],
            Self::Echo { .. } | Self::Host { .. } | Self::Curl { .. } => Vec::new(),
        }
    }

    fn append(rest: &[String]) -> Result<Self, LineError> {
        match rest.split_first() {
            Some((file, words)) if !words.is_empty() => Ok(Self::Append {
                file: file.clone(),
                text: words.join(" "),
            }),
            _ => Err(LineError("`append` wants a file and a line".to_owned())),
        }
    }

    fn chmod(rest: &[String]) -> Result<Self, LineError> {
        let wrong = || LineError("`chmod` wants octal digits and a file".to_owned());
        let [mode, file] = rest else {
            return Err(wrong());
        };
        let mode = u32::from_str_radix(mode, 8).map_err(|_| wrong())?;
        if mode > 0o7777 {
            return Err(wrong());
        }
        let file = file.clone();
        Ok(Self::Chmod { mode, file })
    }

    fn host(rest: &[String]) -> Result<Self, LineError> {
        match rest {
            [fact] if HOST_FACTS.contains(&fact.as_str()) => Ok(Self::Host { fact: fact.clone() }),
            _ => Err(LineError(format!(
                "`host` knows {}",
                HOST_FACTS.map(|fact| format!("`{fact}`")).join(", ")
            ))),
        }
    }

    fn echo(line: &str) -> Result<Self, LineError> {
        let (echo, command) = line.split_once('|').ok_or_else(|| {
            LineError("`echo TEXT | COMMAND` gives a command a line to read".to_owned())
        })?;
        let words = split(echo)?;
        Ok(Self::Echo {
            text: words[1..].join(" "),
            command: command.trim().to_owned(),
        })
    }
}

fn split(line: &str) -> Result<Vec<String>, LineError> {
    shlex::split(line).ok_or_else(|| LineError(format!("a quote is not closed in `{line}`")))
}

fn normalised_words(line: &str) -> Result<Vec<String>, LineError> {
    let mut words = split(line)?;
    if words.len() > 1 && matches!(words[0].as_str(), "docker" | "strata") {
        words.remove(0);
    }
    Ok(words)
}

/// Returns a command's words in a form that is the same for equal commands: without `docker`,
/// long names of `-t` and `-f` shortened, options in any order.
pub fn normalised_command(line: &str) -> Vec<String> {
    let mut words = normalised_words(line).unwrap_or_default();
    let Some((_, options)) = words.split_first_mut() else {
        return words;
    };
    for word in options.iter_mut() {
        for (long, short) in [("--tag", "-t"), ("--file", "-f")] {
            if word == long {
                short.clone_into(word);
            }
        }
    }
    let mut words: Vec<String> = words
        .into_iter()
        .flat_map(|word| match word.split_once('=') {
            Some(("--tag", value)) => vec!["-t".to_owned(), value.to_owned()],
            Some(("--file", value)) => vec!["-f".to_owned(), value.to_owned()],
            _ => vec![word],
        })
        .collect();
    words[1..].sort();
    words
}

/// Options of `run` whose value is the next word, so that the image can be told from a value.
const WITH_VALUE: [&str; 36] = [
    "--name",
    "-p",
    "-v",
    "-e",
    "-w",
    "-m",
    "--network",
    "--network-alias",
    "--ip",
    "--cpus",
    "--user",
    "-u",
    "--mount",
    "--volume",
    "--tmpfs",
    "--volumes-from",
    "--restart",
    "--health-cmd",
    "--health-interval",
    "--health-timeout",
    "--health-retries",
    "--health-start-period",
    "--publish",
    "--env",
    "--workdir",
    "--memory",
    "--pids-limit",
    "--label",
    "-l",
    "--stop-signal",
    "--stop-timeout",
    "--cap-add",
    "--cap-drop",
    "--entrypoint",
    "--hostname",
    "-h",
];

/// Returns what a learner has to know to type a line: the verb, the verb with each option, or
/// the instruction. What comes after the image of `run` is the container's business.
pub fn taught_words(line: &str) -> Vec<String> {
    match LineKind::parse(line) {
        Ok(LineKind::Instruction { keyword }) => vec![keyword],
        Ok(LineKind::Act(Act::Echo { command, .. })) => taught_words(&command),
        Ok(LineKind::Act(_)) | Err(_) => Vec::new(),
        Ok(LineKind::Verb { verb, words }) => {
            let stops = matches!(verb.as_str(), "run" | "create" | "exec" | "in");
            let mut known = vec![verb.clone()];
            let mut words = words.iter();
            while let Some(word) = words.next() {
                if word.len() > 1 && word.starts_with('-') {
                    let name = word.split('=').next().unwrap_or(word);
                    known.push(format!("{verb} {name}"));
                    if WITH_VALUE.contains(&word.as_str()) {
                        words.next();
                    }
                } else if stops {
                    break;
                }
            }
            known
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_acts_and_verbs_are_told_apart() {
        let kind = |line| LineKind::parse(line).unwrap();
        assert_eq!(
            kind("RUN echo hi"),
            LineKind::Instruction {
                keyword: "RUN".into()
            }
        );
        assert_eq!(
            kind("docker run practice-os date"),
            LineKind::Verb {
                verb: "run".into(),
                words: vec!["practice-os".into(), "date".into()]
            }
        );
        assert_eq!(
            kind("append server.js '// more'"),
            LineKind::Act(Act::Append {
                file: "server.js".into(),
                text: "// more".into()
            })
        );
        assert!(matches!(kind("edit"), LineKind::Verb { verb, .. } if verb == "edit"));
    }

    #[test]
    fn echo_keeps_the_command_as_it_was_typed() {
        assert_eq!(
            Act::parse("echo 'a  b' | docker run -i practice-os cat"),
            Ok(Some(Act::Echo {
                text: "a  b".into(),
                command: "docker run -i practice-os cat".into()
            }))
        );
        assert!(Act::parse("echo nobody reads this").is_err());
    }

    #[test]
    fn host_and_chmod_take_nothing_but_what_is_listed() {
        assert!(Act::parse("host passwd").is_err());
        assert!(Act::parse("chmod 99 a").is_err());
        assert!(Act::parse("chmod 0755 a").is_ok());
    }

    #[test]
    fn equal_commands_are_equal_in_any_spelling() {
        let plain = normalised_command("docker build -t shop:2 .");
        assert_eq!(plain, normalised_command("build . --tag=shop:2"));
        assert_eq!(plain, normalised_command("strata build --tag shop:2 ."));
        assert_ne!(plain, normalised_command("build -t shop:3 ."));
    }

    #[test]
    fn words_behind_the_image_need_no_teaching() {
        assert_eq!(
            taught_words("docker run --name a -d practice-os ls -l"),
            ["run", "run --name", "run -d"]
        );
        assert_eq!(taught_words("docker build -t a ."), ["build", "build -t"]);
        assert_eq!(taught_words("edit server.js"), Vec::<String>::new());
    }
}
