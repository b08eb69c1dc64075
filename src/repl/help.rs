//! `help`: every verb on one screen, or one of them, or an instruction, explained.

use clap::CommandFactory;

use super::desk::Desk;
use super::instruction_help::explained;
use super::verb::{PREFIXES, PromptLine};
use crate::command::for_help;
use crate::language::Language;
use crate::parser::INSTRUCTIONS;
use crate::render::{Line, Style, Text};

/// Verbs by family, as they are typed.
const FAMILIES: [(Family, &[&str]); 7] = [
    (
        Family::Draft,
        &[
            "draft",
            "undo",
            "redo",
            "write [FILE]",
            "open FILE",
            "edit [FILE]",
            "new",
            "insert N LINE",
            "replace N LINE",
            "move A B",
            "drop N",
        ],
    ),
    (
        Family::Look,
        &[
            "in N",
            "files N",
            "why N",
            "stack",
            "plan",
            "compare A B",
            "waste",
            "log PATH",
            "parse FILE",
            "check [FILE]",
            "fmt [FILE]",
            "expand WORD",
            "ignore-check",
            "context ls",
        ],
    ),
    (Family::Build, &["run", "build [-t NAME] [.]"]),
    (
        Family::Images,
        &["images", "history", "inspect", "tag", "rmi", "save", "load"],
    ),
    (
        Family::Containers,
        &[
            "run IMAGE",
            "ps",
            "logs",
            "exec",
            "stop",
            "start",
            "kill",
            "wait",
            "port",
            "rm",
            "network",
            "volume",
        ],
    ),
    (Family::Learn, &["learn [LESSON]", "lesson"]),
    (
        Family::Other,
        &[
            "doctor",
            "system",
            "version",
            "lang en|ko",
            "help [WORD]",
            "exit",
        ],
    ),
];

#[derive(Debug, Clone, Copy)]
enum Family {
    Draft,
    Look,
    Build,
    Images,
    Containers,
    Learn,
    Other,
}

impl Family {
    fn name(self, language: Language) -> String {
        match self {
            Self::Draft => draft(language),
            Self::Look => look(language),
            Self::Build => build(language),
            Self::Images => images(language),
            Self::Containers => containers(language),
            Self::Learn => learn(language),
            Self::Other => other(language),
        }
    }
}

impl Desk {
    /// Shows all verbs, or explains a word.
    pub(super) fn help(&mut self, word: Option<&str>) -> i32 {
        let language = self.language();
        let Some(word) = word else {
            let text = self.all_verbs();
            self.show(&text);
            return 0;
        };
        // `help run` is the verb, `help RUN` the instruction; `help copy` can only be one of them.
        let is_upper = word.chars().any(char::is_uppercase);
        if (is_upper || !self.is_verb(word))
            && let Some(explained) = explained(language, &word.to_ascii_uppercase())
        {
            self.show_instruction(&explained);
            return 0;
        }
        let mut command = for_help(PromptLine::command(), language);
        match command.find_subcommand_mut(word) {
            Some(verb) => {
                let help = verb.render_help().to_string();
                self.show_usage(&help);
                0
            }
            None if PREFIXES.contains(&word) => self.help(None),
            None => self.refuse(no_help(language, word), no_help_help(language)),
        }
    }

    /// Shows what clap says of a verb; the second column of options stays a column.
    pub(super) fn show_usage(&mut self, help: &str) {
        let text = help
            .trim_end()
            .lines()
            .flat_map(|line| {
                let column = line.trim_end().rfind("  ").map_or(0, |at| at + 2);
                self.screen.wrap(&Line::plain(line), column).into_lines()
            })
            .collect();
        self.show(&text);
    }

    fn all_verbs(&self) -> Text {
        let language = self.language();
        let mut lines = vec![(instructions(language), INSTRUCTIONS.to_vec())];
        lines.extend(
            FAMILIES
                .iter()
                .map(|(family, verbs)| (family.name(language), verbs.to_vec())),
        );
        let column = lines
            .iter()
            .map(|(name, _)| crate::render::width(name))
            .max();
        let column = column.unwrap_or_default() + 2;
        let mut text = Text::new();
        for (name, words) in lines {
            let line = Line::styled(Style::Strong, &name).pad(column);
            let line = line.with(Style::Plain, joined(&words));
            // Words of two parts stay together.
            let wrapped = self.screen.wrap(&line, column).into_lines().into_iter();
            text.append(wrapped.map(|line| unjoined(&line)).collect());
        }
        text.blank();
        for sentence in [upper_case(language), host(language), footer(language)] {
            text.append(self.screen.wrap(&Line::styled(Style::Dim, sentence), 0));
        }
        text
    }

    fn show_instruction(&mut self, explained: &str) {
        let mut text = Text::new();
        for (index, line) in explained.lines().enumerate() {
            let style = match (index, line.strip_prefix("  ")) {
                (0, _) => Style::Strong,
                (_, Some(_)) => Style::Code,
                _ => Style::Plain,
            };
            let indent = line.len() - line.trim_start().len();
            text.append(self.screen.wrap(&Line::styled(style, line), indent));
        }
        self.show(&text);
    }
}

/// A space that lines don't break at.
const JOINT: char = '\u{a0}';

fn joined(words: &[&str]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| word.replace(' ', &JOINT.to_string()))
        .collect();
    words.join("  ")
}

fn unjoined(line: &Line) -> Line {
    line.pieces().iter().fold(Line::new(), |line, piece| {
        line.with(piece.style(), piece.text().replace(JOINT, " "))
    })
}

crate::messages! {
    instructions() { en: "instructions", ko: "Dockerfile 명령" }
    draft() { en: "draft", ko: "초안" }
    look() { en: "look into it", ko: "들여다보기" }
    build() { en: "build, run it", ko: "빌드와 실행" }
    images() { en: "images", ko: "이미지" }
    containers() { en: "containers", ko: "컨테이너" }
    learn() { en: "lessons", ko: "레슨" }
    other() { en: "other", ko: "그 밖" }
    upper_case() {
        en: "Capitals begin an instruction, small letters a verb; `docker run` is `run`.",
        ko: "대문자는 Dockerfile 명령, 소문자는 strata 명령. `docker run`은 `run`과 같습니다.",
    }
    host() {
        en: "`!ls` is this machine's ls. Ctrl-C drops a line or ends a running step.",
        ko: "`!ls`는 이 컴퓨터의 ls. Ctrl-C는 줄을 지우거나 실행 중인 단계를 끝냅니다.",
    }
    footer() {
        en: "`help COPY` explains an instruction, `help run` a verb. Tab completes.",
        ko: "`help COPY`, `help run`은 명령 하나를 설명합니다. Tab으로 완성합니다.",
    }
    no_help(word: &str) {
        en: "there is no verb or instruction `{word}`",
        ko: "`{word}` 명령은 없습니다",
    }
    no_help_help() {
        en: "`help` lists them all",
        ko: "`help`로 모두 볼 수 있습니다",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_and_option_of_the_prompt_is_explained_in_korean() {
        let is_korean = |text: &str| text.chars().any(|it| ('가'..='힣').contains(&it));
        let command = for_help(PromptLine::command(), Language::Ko);
        for verb in command.get_subcommands() {
            let about = verb.get_about().map(ToString::to_string);
            assert!(
                about.is_some_and(|it| is_korean(&it)),
                "{}",
                verb.get_name()
            );
            for option in verb.get_arguments().filter(|it| !it.is_hide_set()) {
                let help = option
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(is_korean(&help), "{}: {help}", verb.get_name());
            }
        }
    }

    #[test]
    fn every_verb_of_the_screen_exists() {
        let command = PromptLine::command();
        for (_, verbs) in FAMILIES {
            for verb in verbs {
                let name = verb.split(' ').next().expect("a split has a first part");
                assert!(command.find_subcommand(name).is_some(), "{name}");
            }
        }
    }
}
