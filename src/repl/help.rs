//! `help`: every verb on one screen, or one of them, or an instruction, explained.

use clap::CommandFactory;

use super::desk::Desk;
use super::instruction_help::explained;
use super::verb::{PREFIXES, PromptLine};
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
            "parse FILE",
            "check [FILE]",
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
            "rm",
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
        let mut command = PromptLine::command();
        match command.find_subcommand_mut(word) {
            Some(verb) => {
                let about = about_ko(verb.get_name()).filter(|_| language == Language::Ko);
                let help = verb.render_help().to_string();
                if let Some(about) = about {
                    self.say(about);
                }
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

/// Returns what a verb does in Korean; clap has the English.
fn about_ko(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "draft" => "초안을 줄 번호와 함께 보여 줍니다",
        "write" => "초안을 이 폴더의 파일에 씁니다(기본: Dockerfile)",
        "open" => "이 폴더의 Dockerfile을 초안으로 가져옵니다",
        "edit" => "초안이나 이 폴더의 파일을 편집기로 엽니다",
        "insert" => "초안의 N번 줄 앞에 명령을 끼워 넣습니다",
        "replace" => "초안의 N번 줄을 다른 명령으로 바꿉니다",
        "move" => "초안의 A번 줄을 B번 자리로 옮깁니다",
        "drop" => "초안에서 N번 줄을 뺍니다",
        "undo" => "초안이나 strata가 쓴 파일의 마지막 변경을 되돌립니다",
        "redo" => "되돌린 것을 다시 합니다",
        "new" => "새 초안을 시작합니다",
        "in" => "N단계가 끝난 이미지 안에서 셸을 열거나 명령 하나를 실행합니다",
        "help" => "명령 목록을 보여 주거나 명령 하나를 설명합니다",
        "lang" => "언어를 고릅니다: en 또는 ko",
        "exit" => "프롬프트에서 나갑니다",
        "learn" => "레슨으로 배웁니다. 하던 곳부터 이어 하거나 하나를 엽니다",
        "lesson" => "레슨을 다룹니다: list, test, lint, report, reset",
        "parse" => "Dockerfile을 어떻게 읽는지 보여 줍니다",
        "check" => "Dockerfile에서 잘못된 곳과 고치면 좋은 곳을 알려 줍니다",
        "build" => "Dockerfile로 이미지를 빌드합니다",
        "plan" => "빌드하지 않고, 무엇을 재사용하고 무엇을 왜 다시 실행할지 보여 줍니다",
        "why" => "마지막 빌드의 단계가 왜 재사용되었는지, 왜 실행되었는지 설명합니다",
        "stack" => "이미지의 레이어를 그립니다",
        "files" => "이미지의 파일이나 한 단계가 바꾼 파일을 보여 줍니다",
        "compare" => "두 이미지를 레이어별로 비교합니다",
        "images" => "이미지 목록을 보여 줍니다",
        "history" => "이미지의 기록을 보여 줍니다",
        "inspect" => "이미지나 컨테이너의 모든 정보를 JSON으로 보여 줍니다",
        "tag" => "이미지에 다른 이름을 붙입니다",
        "rmi" => "이미지를 지웁니다",
        "load" => "아카이브에서 이미지를 가져옵니다",
        "save" => "이미지를 아카이브나 OCI 폴더로 씁니다",
        "run" => "이미지로 컨테이너를 만들어 실행합니다. 이미지를 안 쓰면 초안을 실행합니다",
        "exec" => "실행 중인 컨테이너에서 프로그램을 하나 더 실행합니다",
        "ps" => "컨테이너 목록을 보여 줍니다",
        "logs" => "컨테이너가 출력한 것을 보여 줍니다",
        "stop" => "컨테이너를 멈춥니다",
        "kill" => "컨테이너에 시그널을 보냅니다",
        "start" => "멈춘 컨테이너를 다시 시작합니다",
        "wait" => "컨테이너가 끝날 때까지 기다렸다가 종료 코드를 출력합니다",
        "rm" => "컨테이너를 지웁니다",
        "doctor" => "이 컴퓨터에서 무엇이 되는지, 안 되는 것은 어떻게 고치는지 알려 줍니다",
        "system" => "저장소를 점검하거나 비웁니다",
        "image" => "이미지에 대한 명령: ls, history, inspect, rm, tag, build, load, save",
        "container" => "컨테이너에 대한 명령: ls, run, exec, logs, stop, rm, ...",
        "version" => "버전을 보여 줍니다",
        _ => return None,
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
    fn every_verb_is_explained_in_korean() {
        for verb in PromptLine::command().get_subcommands() {
            assert!(about_ko(verb.get_name()).is_some(), "{}", verb.get_name());
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
