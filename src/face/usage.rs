//! clap's errors in docker's words, and with docker's exit codes.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::language::Language;
use crate::session::Trouble;

crate::messages! {
    unknown_flag(flag: &str) {
        en: "unknown flag: {flag}",
        ko: "그런 옵션이 없습니다(unknown flag): {flag}",
    }
    unknown_shorthand(letter: &str, flag: &str) {
        en: "unknown shorthand flag: '{letter}' in {flag}",
        ko: "그런 짧은 옵션이 없습니다(unknown shorthand flag): {flag}의 '{letter}'",
    }
    long_flag_help(name: &str) {
        en: "did you mean --{name}? Long options begin with two dashes",
        ko: "혹시 --{name} 아닌가요? 긴 옵션은 -가 두 개입니다",
    }
    see_help(verb: &str) {
        en: "`{verb} --help` lists the options",
        ko: "`{verb} --help`로 옵션을 볼 수 있습니다",
    }
    unknown_command(word: &str) {
        en: "'{word}' is not a strata command",
        ko: "strata 명령이 아닙니다(not a strata command): '{word}'",
    }
    did_you_mean(word: &str) {
        en: "did you mean `{word}`?",
        ko: "혹시 `{word}` 아닌가요?",
    }
    list_help() {
        en: "`--help` lists the verbs",
        ko: "`--help`로 명령 목록을 볼 수 있습니다",
    }
    missing(verb: &str, what: &str) {
        en: "\"{verb}\" requires {what}",
        ko: "\"{verb}\"에 빠진 것이 있습니다(requires): {what}",
    }
    too_many(word: &str) {
        en: "unexpected argument: {word}",
        ko: "필요 없는 단어가 있습니다(unexpected argument): {word}",
    }
    build_needs_folder() {
        en: "\"build\" requires exactly 1 argument: the folder to build from",
        ko: "\"build\"에는 빌드할 폴더가 필요합니다(requires exactly 1 argument)",
    }
    build_needs_folder_help() {
        en: "a dot means this folder: `build .`",
        ko: "점(.)은 지금 폴더라는 뜻입니다: `build .`",
    }
    needs_value(flag: &str) {
        en: "flag needs an argument: {flag}",
        ko: "값이 필요한 옵션입니다(flag needs an argument): {flag}",
    }
    invalid(value: &str, flag: &str) {
        en: "invalid argument \"{value}\" for {flag}",
        ko: "{flag} 자리에 쓴 값이 올바르지 않습니다(invalid argument): \"{value}\"",
    }
}

/// Turns a usage error into trouble. `words` are those that were typed, the program's name first;
/// `verbs` are those that could have been.
pub fn trouble(
    error: &clap::Error,
    words: &[String],
    verbs: &[String],
    language: Language,
) -> Trouble {
    let verb = verb_of(words);
    let mut trouble = in_dockers_words(error, words, verb, language);
    if error.kind() == ErrorKind::InvalidSubcommand {
        let near = suggestion(error, words, verbs);
        let help = near.map_or_else(|| list_help(language), |it| did_you_mean(language, &it));
        trouble = trouble.with_help(help);
    }
    // They are no docker commands: wrong usage is 2, as everywhere else.
    if LANGUAGE_VERBS.contains(&verb) {
        return trouble.with_exit(2);
    }
    trouble
}

/// The verbs about the language itself: 2 is their code for wrong usage (machine-interface.md).
const LANGUAGE_VERBS: [&str; 6] = ["parse", "check", "expand", "ignore-check", "fmt", "context"];

/// Options before the verb whose value is a word of its own.
const WITH_VALUE: [&str; 3] = ["--root", "--lang", "--color"];

/// Returns the verb: the first word that is no option.
fn verb_of(words: &[String]) -> &str {
    let mut words = words.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word) {
            words.next();
        } else if !word.starts_with('-') {
            return word;
        }
    }
    "strata"
}

fn in_dockers_words(
    error: &clap::Error,
    words: &[String],
    verb: &str,
    language: Language,
) -> Trouble {
    let get = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let help = see_help(language, verb);
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let given = get(ContextKind::InvalidArg).unwrap_or_default();
            unknown(&given, words, verb, language)
        }
        ErrorKind::InvalidSubcommand => {
            let word = get(ContextKind::InvalidSubcommand).unwrap_or_default();
            Trouble::new(unknown_command(language, &word))
        }
        ErrorKind::MissingRequiredArgument if verb == "build" => {
            Trouble::new(build_needs_folder(language)).with_help(build_needs_folder_help(language))
        }
        ErrorKind::MissingRequiredArgument => {
            let what = get(ContextKind::InvalidArg).unwrap_or_default();
            Trouble::new(missing(language, verb, &what)).with_help(help)
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = get(ContextKind::InvalidValue).unwrap_or_default();
            let flag = get(ContextKind::InvalidArg).unwrap_or_default();
            // As docker has it: an option that cannot be read is wrong usage, an argument that
            // cannot be read is a failure like one that names nothing.
            let is_flag = flag.starts_with('-');
            let sentence = if is_flag && value.is_empty() {
                needs_value(language, &flag)
            } else {
                invalid(language, &value, &flag)
            };
            let exit = if is_flag { 125 } else { 1 };
            Trouble::new(sentence).with_help(help).with_exit(exit)
        }
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            let line = line.strip_prefix("error: ").unwrap_or(line).to_owned();
            Trouble::new(line).with_help(help).with_exit(125)
        }
    }
}

/// Returns the line that was meant where a verb is misspelt.
pub fn suggestion(error: &clap::Error, words: &[String], verbs: &[String]) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    misspelt_docker(word, words).or_else(|| {
        // Nothing can be told from one letter.
        let told = word.chars().nth(1).is_some();
        let suggested = error.get(ContextKind::SuggestedSubcommand);
        let near = slip_of(word, verbs).or_else(|| nearest_of(word, suggested));
        let verb = near.filter(|_| told)?;
        let at = words.iter().position(|typed| typed == word)?;
        let rest = words[at + 1..].iter().map(String::as_str);
        let before = words[1..at].iter().map(String::as_str);
        let line: Vec<&str> = before.chain([verb.as_str()]).chain(rest).collect();
        Some(line.join(" "))
    })
}

/// `docekr run x` is `docker run x`; as a verb it would be near to others.
fn misspelt_docker(word: &str, words: &[String]) -> Option<String> {
    let at = words.iter().position(|typed| typed == word)?;
    let rest = words[at + 1..].join(" ");
    (strsim::osa_distance(word, "docker") == 1).then(|| format!("docker {rest}"))
}

/// Returns the verb that was meant where one finger slipped: `rnu`, `unod`. clap does not see that
/// letters changed places.
fn slip_of(word: &str, verbs: &[String]) -> Option<String> {
    // Of two letters, half is no resemblance.
    let is_told = word.chars().nth(2).is_some();
    let mut near = verbs
        .iter()
        .filter(|verb| strsim::osa_distance(word, verb) == 1);
    near.next().filter(|_| is_told).cloned()
}

/// Of what clap suggests, the nearest.
fn nearest_of(word: &str, suggested: Option<&ContextValue>) -> Option<String> {
    let all = match suggested? {
        ContextValue::String(one) => vec![one],
        ContextValue::Strings(all) => all.iter().collect(),
        _ => Vec::new(),
    };
    let far = |one: &&String| strsim::osa_distance(word, one);
    // It would take back work of somebody who wanted something else.
    let harmless = all.into_iter().filter(|one| *one != "undo");
    harmless.min_by_key(far).cloned()
}

fn unknown(given: &str, words: &[String], verb: &str, language: Language) -> Trouble {
    let help = see_help(language, verb);
    if given.starts_with("--") {
        return Trouble::new(unknown_flag(language, given))
            .with_help(help)
            .with_exit(125);
    }
    let Some(letter) = given.strip_prefix('-') else {
        return Trouble::new(too_many(language, given)).with_help(help);
    };
    // `-name`: clap names the letter it does not know, docker the whole word.
    let is_it =
        |word: &&String| word.starts_with('-') && !word.starts_with("--") && word.contains(letter);
    let whole = words.iter().find(is_it).map_or(given, String::as_str);
    let help = match whole.strip_prefix('-').filter(|name| name.len() > 2) {
        Some(name) => long_flag_help(language, name.split('=').next().unwrap_or(name)),
        None => help,
    };
    Trouble::new(unknown_shorthand(language, letter, whole))
        .with_help(help)
        .with_exit(125)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Arguments;
    use clap::Parser;

    fn said(words: &[&str]) -> (String, i32) {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let error = Arguments::try_parse_from(&words).expect_err("these words are wrong");
        let trouble = trouble(&error, &words, &[], Language::En);
        (trouble.message, trouble.exit)
    }

    #[test]
    fn a_misspelt_docker_is_no_verb() {
        let words = ["strata", "docekr", "run", "-it", "code"].map(str::to_owned);
        let error = Arguments::try_parse_from(&words).expect_err("there is no such verb");
        let help = trouble(&error, &words, &[], Language::En).help;
        assert_eq!(help.as_deref(), Some("did you mean `docker run -it code`?"));
    }

    #[test]
    fn mistakes_are_named_as_docker_names_them() {
        let cases: [(&[&str], &str, i32); 9] = [
            (
                &["strata", "run", "--bogus", "x"],
                "unknown flag: --bogus",
                125,
            ),
            (
                &["strata", "run", "-name", "x", "y"],
                "unknown shorthand flag: 'n' in -name",
                125,
            ),
            (
                &["strata", "run", "--name"],
                "flag needs an argument: --name <NAME>",
                125,
            ),
            (&["strata", "nosuch"], "'nosuch' is not a strata command", 1),
            (
                &["strata", "build", "-t", "a"],
                "\"build\" requires exactly 1 argument: the folder to build from",
                1,
            ),
            (&["strata", "ps", "extra"], "unexpected argument: extra", 1),
            (
                &["strata", "--lang", "ko", "parse", "--bogus"],
                "unknown flag: --bogus",
                2,
            ),
            (
                &["strata", "expand", "--escape", "x", "w"],
                "invalid argument \"x\" for --escape <CHAR>",
                2,
            ),
            (
                &["strata", "ignore-check"],
                "\"ignore-check\" requires <PATH>...",
                2,
            ),
        ];
        for (words, message, exit) in cases {
            assert_eq!(said(words), (message.to_owned(), exit), "{words:?}");
        }
    }
}
