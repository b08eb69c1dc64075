//! What Tab offers: instructions and their flags, verbs, images, containers, stages, paths.

use super::line_kind::LineKind;
use crate::parser::{INSTRUCTIONS, flags_of};

/// More names than this help nobody.
pub(super) const MOST: usize = 200;
/// Flags that are switched on by their name alone.
const SWITCHES: [&str; 4] = ["link", "parents", "keep-git-dir", "unpack"];
const SIGNALS: [&str; 7] = [
    "SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2",
];

/// What there is to be completed at the moment.
pub trait Completions {
    /// Returns every verb, lessons' own among them.
    fn verbs(&self) -> Vec<String>;
    /// Returns the flags of a verb, with their dashes.
    fn flags(&self, verb: &str) -> Vec<String>;
    /// Returns what may follow a verb, as its help says it: `IMAGE [COMMAND] [ARG...]`.
    fn usage(&self, verb: &str) -> Option<String>;
    /// Returns what a verb is about.
    fn subject(&self, verb: &str) -> Subject;
    /// Returns the images of the store and the built-in bases, in their short form.
    fn images(&self) -> Vec<String>;
    /// Returns the names of containers.
    fn containers(&self) -> Vec<String>;
    /// Returns the names of lessons.
    fn lessons(&self) -> Vec<String>;
    /// Returns the names of the draft's stages.
    fn stages(&self) -> Vec<String>;
    /// Returns the context's paths that begin so; folders end with `/`.
    fn paths(&self, beginning: &str) -> Vec<String>;
    /// Returns the parser directives of the draft: they decide how a line goes on.
    fn directives(&self) -> String {
        String::new()
    }
}

/// What a verb is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subject {
    /// Nothing that could be listed.
    #[default]
    Nothing,
    /// Images.
    Images,
    /// Containers.
    Containers,
    /// Both.
    ImagesAndContainers,
    /// Files of the context.
    Paths,
    /// Lessons.
    Lessons,
    /// Words of the language and verbs, as `help` takes them.
    Words,
}

/// Returns where the word under the cursor begins, and what it may become.
pub fn complete(line: &str, cursor: usize, offered: &dyn Completions) -> (usize, Vec<String>) {
    let before = &line[..cursor];
    let typed = instruction_so_far(before);
    let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let start = start.max(before.len() - typed.len());
    let word = &before[start..];
    let words: Vec<&str> = typed[..typed.len() - word.len()]
        .split_whitespace()
        .collect();
    let mut found = candidates(&words, word, offered);
    found.retain(|candidate| candidate.starts_with(word) && candidate != word);
    found.sort();
    found.dedup();
    found.truncate(MOST);
    (start, found)
}

/// Returns what belongs to the instruction or command that the cursor is in: continued lines as one.
fn instruction_so_far(text: &str) -> &str {
    let mut start = 0;
    let mut continued = false;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if !continued {
            start = offset;
        }
        continued = line.trim_end().ends_with('\\');
        offset += line.len();
    }
    if text.ends_with('\n') && !continued {
        ""
    } else {
        &text[start..]
    }
}

fn candidates(words: &[&str], word: &str, offered: &dyn Completions) -> Vec<String> {
    let Some((first, rest)) = words.split_first() else {
        return first_words(offered);
    };
    let is_verb = |word: &str| offered.verbs().iter().any(|verb| verb == word);
    match LineKind::of(first, is_verb) {
        LineKind::Instruction if first.eq_ignore_ascii_case("ONBUILD") => {
            candidates(rest, word, offered)
        }
        LineKind::Instruction => instruction(&first.to_ascii_uppercase(), rest, word, offered),
        // `docker run` and `strata run` are `run`.
        LineKind::Command if ["docker", "strata"].contains(first) => match rest {
            [] => offered.verbs(),
            [verb, ..] => command(verb, word, offered),
        },
        LineKind::Command => command(first, word, offered),
        LineKind::Empty | LineKind::Shell => Vec::new(),
    }
}

/// Returns every first word. An upper-case letter then chooses instructions, a lower-case one verbs.
fn first_words(offered: &dyn Completions) -> Vec<String> {
    let instructions = INSTRUCTIONS.into_iter().map(str::to_owned);
    instructions.chain(offered.verbs()).collect()
}

fn instruction(name: &str, words: &[&str], word: &str, offered: &dyn Completions) -> Vec<String> {
    if word.starts_with("--from=") {
        let sources = offered.stages().into_iter().chain(offered.images());
        return sources.map(|source| format!("--from={source}")).collect();
    }
    if word.starts_with('-') {
        let flags = flags_of(name).into_iter();
        return flags
            .map(|flag| {
                format!(
                    "--{flag}{}",
                    if SWITCHES.contains(&flag) { "" } else { "=" }
                )
            })
            .collect();
    }
    let arguments = words.iter().filter(|word| !word.starts_with("--")).count();
    let from_elsewhere = words.iter().any(|word| word.starts_with("--from="));
    match (name, arguments) {
        ("FROM", 0) => offered
            .stages()
            .into_iter()
            .chain(offered.images())
            .collect(),
        ("FROM", 1) => vec!["AS".to_owned()],
        ("COPY" | "ADD", _) if !from_elsewhere => offered.paths(word),
        ("HEALTHCHECK", 0) => ["CMD", "NONE"].map(str::to_owned).to_vec(),
        ("STOPSIGNAL", 0) => SIGNALS.map(str::to_owned).to_vec(),
        _ => Vec::new(),
    }
}

fn command(verb: &str, word: &str, offered: &dyn Completions) -> Vec<String> {
    if word.starts_with('-') {
        return offered.flags(verb);
    }
    match offered.subject(verb) {
        Subject::Nothing => Vec::new(),
        Subject::Images => offered.images(),
        Subject::Containers => offered.containers(),
        Subject::ImagesAndContainers => offered
            .images()
            .into_iter()
            .chain(offered.containers())
            .collect(),
        Subject::Paths => offered.paths(word),
        Subject::Lessons => offered.lessons(),
        Subject::Words => first_words(offered),
    }
}

/// Returns how an instruction is written, after its name.
pub fn syntax(instruction: &str) -> Option<&'static str> {
    Some(match instruction.to_ascii_uppercase().as_str() {
        "FROM" => "IMAGE [AS NAME]",
        "RUN" => "COMMAND",
        "COPY" => "[--from=STAGE] SOURCE... DESTINATION",
        "ADD" => "SOURCE... DESTINATION",
        "WORKDIR" => "/FOLDER",
        "ENV" | "LABEL" => "NAME=VALUE ...",
        "ARG" => "NAME[=VALUE]",
        "USER" => "USER[:GROUP]",
        "CMD" | "ENTRYPOINT" => "[\"PROGRAM\", \"ARGUMENT\"]",
        "EXPOSE" => "PORT[/tcp|/udp] ...",
        "VOLUME" => "/FOLDER ...",
        "SHELL" => "[\"PROGRAM\", \"-c\"]",
        "STOPSIGNAL" => "SIGNAL",
        "HEALTHCHECK" => "CMD COMMAND, or NONE",
        "ONBUILD" => "INSTRUCTION",
        "MAINTAINER" => "NAME",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::offers::Offers;
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    fn offers() -> Offers {
        Offers {
            verbs: words(&["run", "rmi", "why", "docker", "open"]),
            flags: vec![("run".to_owned(), words(&["--rm", "-it"]))],
            subjects: vec![
                ("run".to_owned(), Subject::Images),
                ("open".to_owned(), Subject::Paths),
            ],
            images: words(&["practice-os", "practice-node"]),
            stages: words(&["build"]),
            ..Offers::default()
        }
    }

    fn completed(line: &str) -> Vec<String> {
        complete(line, line.len(), &offers()).1
    }

    #[test]
    fn the_case_of_the_first_letter_chooses_instructions_or_verbs() {
        assert_eq!(completed("R"), ["RUN"]);
        assert_eq!(completed("r"), ["rmi", "run"]);
        assert_eq!(completed("").len(), INSTRUCTIONS.len() + 5);
    }

    #[test]
    fn instructions_offer_their_flags_stages_and_images() {
        assert_eq!(completed("COPY --fr"), ["--from="]);
        assert_eq!(completed("COPY --li"), ["--link"]);
        assert_eq!(completed("COPY --from=b"), ["--from=build"]);
        assert_eq!(completed("FROM pr"), ["practice-node", "practice-os"]);
        assert_eq!(completed("FROM practice-os A"), ["AS"]);
        assert_eq!(
            completed("FROM --platform=x "),
            ["build", "practice-node", "practice-os"]
        );
        assert_eq!(completed("ONBUILD HEALTHCHECK C"), ["CMD"]);
    }

    #[test]
    fn verbs_offer_what_they_are_about_with_docker_before_them_too() {
        assert_eq!(completed("run --"), ["--rm"]);
        assert_eq!(completed("docker run practice-o"), ["practice-os"]);
        assert_eq!(completed("docker w"), ["why"]);
        assert_eq!(completed("why "), words(&[]));
    }

    #[test]
    fn only_the_instruction_under_the_cursor_counts() {
        let text = "FROM practice-os\nCOPY --from=build \\\n  --ch";
        let (start, found) = complete(text, text.len(), &offers());
        assert_eq!(
            (start, found),
            (text.len() - 4, words(&["--chmod=", "--chown="]))
        );
        assert_eq!(
            complete("FROM x\nSTO", 10, &offers()),
            (7, words(&["STOPSIGNAL"]))
        );
    }

    #[test]
    fn every_instruction_has_a_syntax() {
        assert!(INSTRUCTIONS.iter().all(|name| syntax(name).is_some()));
    }
}
