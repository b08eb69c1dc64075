//! The prompt's own verbs, beside those it shares with the shell.

use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand};

use super::completion::Subject;
use crate::command::{Command, Global};

/// A command line at the prompt.
#[derive(Debug, Clone, Parser)]
#[command(name = "strata", disable_help_subcommand = true, max_term_width = 100)]
pub struct PromptLine {
    /// Options that go before the verb in a shell; the prompt has its own.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: PromptVerb,
}

/// Every verb of the prompt.
#[derive(Debug, Clone, Subcommand)]
pub enum PromptVerb {
    /// The prompt's own.
    #[command(flatten)]
    Own(Own),
    /// The shell's.
    #[command(flatten)]
    Shared(Command),
}

/// The verbs that only a prompt has: the draft's, and those of the session.
#[derive(Debug, Clone, Subcommand)]
pub enum Own {
    /// Show the draft with its line numbers
    Draft,
    /// Write the draft to a file of this folder
    Write {
        /// The file (default: Dockerfile)
        file: Option<PathBuf>,
    },
    /// Make a Dockerfile of this folder the draft
    Open {
        /// The file
        file: PathBuf,
    },
    /// Open the draft, or a file of this folder, in your editor
    Edit {
        /// The file; the draft if left out
        file: Option<PathBuf>,
    },
    /// Put an instruction before line N of the draft
    Insert(Change),
    /// Put an instruction in the place of line N of the draft
    Replace(Change),
    /// Move line A of the draft so that it stands at B
    Move {
        /// The line
        #[arg(value_name = "A")]
        from: usize,
        /// Where it is to stand
        #[arg(value_name = "B")]
        to: usize,
    },
    /// Take line N out of the draft
    Drop {
        /// The line
        #[arg(value_name = "N")]
        number: usize,
    },
    /// Take back the last change of the draft, or of a file that strata wrote
    Undo,
    /// Do again what was taken back
    Redo,
    /// Begin a new draft
    #[command(visible_alias = "clear")]
    New,
    /// Open a shell in the image as it is after step N, or run one command there
    In {
        /// The step
        #[arg(value_name = "N")]
        number: usize,
        /// The command, instead of a shell
        #[arg(
            trailing_var_arg = true,
            allow_hyphen_values = true,
            value_name = "COMMAND"
        )]
        words: Vec<String>,
    },
    /// Show all verbs, or explain a verb or an instruction
    #[command(visible_alias = "?")]
    Help {
        /// A verb, or an instruction such as COPY
        word: Option<String>,
    },
    /// Choose the language: en or ko
    Lang {
        /// en or ko
        language: Option<String>,
    },
    /// Leave the prompt
    #[command(visible_alias = "quit", visible_alias = "bye", alias = "q")]
    Exit {
        /// What the shell is told
        #[arg(default_value_t = 0)]
        code: i32,
    },
}

/// `insert` and `replace`.
#[derive(Debug, Clone, clap::Args)]
pub struct Change {
    /// The line
    #[arg(value_name = "N")]
    pub number: usize,
    /// The instruction
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "INSTRUCTION"
    )]
    pub text: Vec<String>,
}

/// Words that may stand before a verb.
pub const PREFIXES: [&str; 2] = ["docker", "strata"];

/// What is known of all verbs without asking anybody.
#[derive(Debug, Clone, Default)]
pub struct Verbs {
    /// Their names, aliases too.
    pub names: Vec<String>,
    /// Their flags.
    pub flags: Vec<(String, Vec<String>)>,
    /// What follows them.
    pub usages: Vec<(String, String)>,
    /// What they are about.
    pub subjects: Vec<(String, Subject)>,
}

impl Verbs {
    /// Asks clap.
    pub fn all() -> Self {
        let mut verbs = Self::default();
        for command in PromptLine::command().get_subcommands() {
            let aliases = command.get_visible_aliases();
            for name in [command.get_name()].into_iter().chain(aliases) {
                verbs.names.push(name.to_owned());
                verbs.flags.push((name.to_owned(), flags(command)));
                verbs.usages.push((name.to_owned(), usage(command)));
                verbs
                    .subjects
                    .push((name.to_owned(), subject(command.get_name())));
            }
        }
        verbs.names.extend(PREFIXES.map(str::to_owned));
        verbs
    }
}

fn flags(command: &clap::Command) -> Vec<String> {
    let long = command
        .get_arguments()
        .filter(|argument| !argument.is_global_set())
        .filter_map(clap::Arg::get_long);
    long.map(|name| format!("--{name}")).collect()
}

/// Returns what follows a verb: `IMAGE [COMMAND [ARG...]]`.
fn usage(command: &clap::Command) -> String {
    let nested: Vec<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    if !nested.is_empty() {
        return nested.join("|");
    }
    let word = |argument: &clap::Arg| {
        let names = argument.get_value_names().unwrap_or_default();
        let name = names.first().map_or("", |name| name.as_str());
        if argument.is_required_set() || name.contains(' ') {
            name.to_owned()
        } else {
            format!("[{name}]")
        }
    };
    let words: Vec<String> = command.get_positionals().map(word).collect();
    words.join(" ")
}

fn subject(verb: &str) -> Subject {
    match verb {
        "run" | "rmi" | "history" | "tag" | "save" | "stack" | "compare" | "files" => {
            Subject::Images
        }
        "exec" | "logs" | "stop" | "kill" | "start" | "wait" | "port" | "rm" => Subject::Containers,
        "inspect" => Subject::ImagesAndContainers,
        "open" | "edit" | "write" | "parse" | "check" | "fmt" | "ignore-check" | "build"
        | "plan" | "load" => Subject::Paths,
        "learn" => Subject::Lessons,
        "help" => Subject::Words,
        _ => Subject::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verbs_fit_together() {
        PromptLine::command().debug_assert();
    }

    #[test]
    fn a_verb_knows_its_flags_usage_and_subject() {
        let verbs = Verbs::all();
        let of = |table: &[(String, String)], verb: &str| {
            let found = table.iter().find(|(name, _)| name == verb);
            found.map(|(_, value)| value.clone())
        };
        assert_eq!(
            of(&verbs.usages, "run").unwrap(),
            "IMAGE [COMMAND [ARG...]]"
        );
        assert_eq!(of(&verbs.usages, "move").unwrap(), "A B");
        assert_eq!(of(&verbs.usages, "edit").unwrap(), "[FILE]");
        assert_eq!(of(&verbs.usages, "system").unwrap(), "df|prune|fsck|reset");
        let run = verbs.flags.iter().find(|(name, _)| name == "run").unwrap();
        assert!(run.1.contains(&"--rm".to_owned()) && !run.1.contains(&"--root".to_owned()));
        for name in ["quit", "clear", "?", "docker", "images"] {
            assert!(verbs.names.contains(&name.to_owned()), "{name}");
        }
    }
}
