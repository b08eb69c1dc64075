//! The verbs that are typed most, tried by themselves first: telling clap of all of strata's verbs
//! takes 0.5 ms, a twentieth of a whole `run`.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::command::{Arguments, Build, Command, Exec, Global, Images, Ps, Run};

#[derive(Parser)]
#[command(name = "strata")]
struct Frequent {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Build(Box<Build>),
    Run(Box<Run>),
    Exec(Exec),
    Images(Images),
    Ps(Ps),
}

/// Parses a line that begins with a frequent verb. None for every other line and for one that is
/// wrong or asks for help: what is said then is said with all verbs in mind.
pub fn parse(arguments: &[OsString]) -> Option<Arguments> {
    let verb = arguments.get(1)?.to_str()?;
    if !matches!(verb, "build" | "run" | "exec" | "images" | "ps") {
        return None;
    }
    let Frequent { global, verb } = Frequent::try_parse_from(arguments).ok()?;
    let command = match verb {
        Verb::Build(it) => Command::Build(it),
        Verb::Run(it) => Command::Run(it),
        Verb::Exec(it) => Command::Exec(it),
        Verb::Images(it) => Command::Images(it),
        Verb::Ps(it) => Command::Ps(it),
    };
    Some(Arguments {
        global,
        command: Some(command),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_frequent_verb_means_what_it_means_among_all_verbs() {
        for line in [
            "strata run --rm -it --root /s practice-os sh -c ls --help",
            "strata run -h name practice-os",
            "strata build -t a -t b --lang ko -f x --no-cache .",
            "strata ps -aq",
            "strata images --plain",
            "strata exec -i box sh",
        ] {
            let alone = parse(&words(line)).expect("the line is right");
            let among_all = Arguments::try_parse_from(words(line)).expect("the line is right");
            assert_eq!(format!("{alone:?}"), format!("{among_all:?}"), "{line}");
        }
    }

    #[test]
    fn help_mistakes_and_other_verbs_are_left_to_the_whole_list() {
        for line in [
            "strata",
            "strata version",
            "strata run --help",
            "strata run --wrong",
            "strata --plain ps",
        ] {
            assert!(parse(&words(line)).is_none(), "{line}");
        }
    }
}
