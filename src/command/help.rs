//! `--help` as a person reads it: in the language that is asked for, options of every verb apart.
//!
//! clap makes the help of the declarations in this folder, in English. The declarations are changed
//! here only once help is asked for, so that no other call pays for it.

use clap::{Arg, ArgAction, Command};

use super::korean;
use crate::language::Language;

crate::messages! {
    usage() { en: "Usage:", ko: "사용법:" }
    commands() { en: "Commands", ko: "명령" }
    arguments() { en: "Arguments", ko: "인자" }
    options() { en: "Options", ko: "옵션" }
    everywhere() { en: "Options of every command", ko: "모든 명령의 옵션" }
    print_help() { en: "Show help", ko: "도움말을 보여 줍니다" }
    print_version() { en: "Show the version", ko: "버전을 보여 줍니다" }
    default(value: &str) { en: "default: {value}", ko: "기본: {value}" }
}

/// Returns the language that `--lang` among these words asks for.
pub fn language_asked<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Language> {
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let code = match word.strip_prefix("--lang") {
            Some("") => words.next()?,
            Some(rest) => rest.strip_prefix('=')?,
            None => continue,
        };
        return Language::from_locale(code);
    }
    None
}

/// Prepares a command and all below it for showing help.
pub fn for_help(command: Command, language: Language) -> Command {
    let has_help = command.is_disable_help_flag_set();
    let has_version = command.get_version().is_some();
    let about = command.get_about().map(ToString::to_string);
    let after = command.get_after_help().map(ToString::to_string);
    let mut command = command
        .mut_args(|argument| tidy(argument, language))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .subcommand_help_heading(commands(language))
        .help_template(format!(
            "{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}",
            usage(language)
        ));
    if let Some(about) = about {
        command = command.about(translated(about, language));
    }
    if let Some(after) = after {
        command = command.after_help(translated(after, language));
    }
    if !has_help {
        command = command.arg(flag(
            "help",
            ArgAction::Help,
            print_help(language),
            language,
        ));
    }
    if has_version {
        let say = print_version(language);
        command = command.arg(flag("version", ArgAction::Version, say, language).short('V'));
    }
    command.mut_subcommands(|below| for_help(below, language))
}

fn flag(name: &'static str, action: ArgAction, help: String, language: Language) -> Arg {
    Arg::new(name)
        .long(name)
        .short(name.chars().next())
        .action(action)
        .help(help)
        .help_heading(options(language))
}

fn tidy(argument: Arg, language: Language) -> Arg {
    let heading = if argument.is_global_set() {
        everywhere(language)
    } else if argument.is_positional() {
        arguments(language)
    } else {
        options(language)
    };
    let help = argument.get_help().map(ToString::to_string);
    let help = help.map(|help| translated(help, language));
    let argument = argument.help_heading(heading);
    let takes_values = argument.get_action().takes_values();
    match help {
        Some(help) if takes_values => tidy_values(argument, help, language),
        Some(help) => argument.help(help),
        None => argument,
    }
}

/// Says which values there are, and which is meant where none is given.
fn tidy_values(argument: Arg, help: String, language: Language) -> Arg {
    let argument = argument.hide_default_value(true);
    // `--rm` and `--rm=false`: the default goes without saying.
    if argument.get_num_args() == Some((0..=1).into()) {
        let argument = argument.hide_possible_values(true).help(help);
        return argument.value_name("true|false");
    }
    let usual = argument.get_default_values().first();
    let usual = usual.map(|value| default(language, &value.to_string_lossy()));
    let help = usual.map_or(help.clone(), |usual| format!("{help} ({usual})"));
    // clap's list is English; the Korean sentence has its own.
    let has_list = language == Language::En;
    argument.hide_possible_values(!has_list).help(help)
}

fn translated(english: String, language: Language) -> String {
    match language {
        Language::En => english,
        Language::Ko => korean::of(&english).map_or(english, str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::command::Arguments;

    fn shown(words: &[&str], language: Language) -> String {
        let command = for_help(Arguments::command(), language);
        let error = command.try_get_matches_from(words).unwrap_err();
        error.to_string()
    }

    #[test]
    fn help_is_in_the_language_that_is_asked_for() {
        let said = shown(&["strata", "save", "--help"], Language::Ko);
        insta::assert_snapshot!(said, @r"
        이미지를 아카이브나 OCI 폴더로 씁니다

        사용법: strata save [OPTIONS] <IMAGES>...

        옵션:
          -o, --output <FILE>  쓸 파일. 생략하면 표준 출력
              --oci <DIR>      이 폴더에 OCI 이미지 레이아웃을 씁니다
          -h, --help           도움말을 보여 줍니다

        인자:
          <IMAGES>...  이미지들

        모든 명령의 옵션:
              --root <DIR>    이미지 저장소 폴더
              --lang <LANG>   언어: en 또는 ko
              --ascii         ASCII 문자로만 그립니다
              --plain         그림 대신 문장으로 보여 줍니다
              --color <WHEN>  색을 쓸 때: auto(터미널에서), always(파이프에도), never(안 씀)
        ");
        let said = shown(&["strata", "logs", "--help"], Language::En);
        assert!(said.contains("a number, or all (default: all)"), "{said}");
        let said = shown(&["strata", "run", "--help"], Language::En);
        assert!(said.contains("--rm[=<true|false>]"), "{said}");
        assert!(!said.contains("default: false"), "{said}");
    }

    #[test]
    fn the_language_is_found_before_clap_has_understood_the_words() {
        let asked = |line: &str| language_asked(line.split(' '));
        assert_eq!(asked("run --lang ko --help"), Some(Language::Ko));
        assert_eq!(asked("--lang=en run"), Some(Language::En));
        assert_eq!(asked("run --language"), None);
        assert_eq!(asked("run --lang"), None);
    }

    #[test]
    fn the_changed_declarations_fit_together() {
        for language in Language::ALL {
            for_help(Arguments::command(), language).debug_assert();
        }
    }

    /// Lists every sentence that can be seen.
    pub(crate) fn sentences(command: &Command, found: &mut Vec<String>) {
        let seen = command
            .get_arguments()
            .filter(|argument| !argument.is_hide_set());
        found.extend(seen.filter_map(|it| Some(it.get_help()?.to_string())));
        let about = [command.get_about(), command.get_after_help()];
        found.extend(about.into_iter().flatten().map(ToString::to_string));
        for below in command.get_subcommands() {
            sentences(below, found);
        }
    }

    #[test]
    fn every_verb_and_every_option_has_korean_help() {
        let mut found = Vec::new();
        sentences(&Arguments::command(), &mut found);
        found.retain(|english| korean::of(english).is_none());
        assert_eq!(
            found,
            Vec::<String>::new(),
            "write them into command/korean.rs"
        );
    }
}
