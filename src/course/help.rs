//! What `?` shows in a lesson: its own verbs on one screen, each in a sentence.

use crate::language::Language;
use crate::messages;
use crate::render::{Line, Screen, Style, Text};

messages! {
    about_check() { en: "what is done and what is not yet", ko: "된 것과 아직인 것을 보여 줍니다" }
    about_hint() { en: "the next hint", ko: "다음 힌트를 보여 줍니다" }
    about_solution() {
        en: "puts the commands on the prompt, does not run them",
        ko: "명령을 프롬프트에 올려 줍니다. 실행하지는 않습니다",
    }
    about_page() { en: "the step's text again", ko: "단계 설명을 다시 보여 줍니다" }
    about_w() { en: "writes the file that the step offers", ko: "단계에서 주는 파일을 씁니다" }
    about_undo() {
        en: "takes back the last instruction, build, file or container",
        ko: "마지막 명령, 빌드, 파일, 컨테이너를 되돌립니다",
    }
    about_redo() { en: "does again what was taken back", ko: "되돌린 것을 다시 합니다" }
    about_reset() {
        en: "starts this step again; `reset lesson`, `reset course`",
        ko: "이 단계를 처음부터. `reset lesson`, `reset course`도 있습니다",
    }
    about_why() {
        en: "why step N of the last build was a HIT or a MISS",
        ko: "마지막 빌드의 N단계가 HIT 또는 MISS인 까닭을 설명합니다",
    }
    about_next() { en: "on to the next step", ko: "다음 단계로 갑니다" }
    about_skip() {
        en: "leaves the step out; it never counts as passed",
        ko: "단계를 건너뜁니다. 통과로 세지 않습니다",
    }
    about_list() { en: "all lessons, or those with a text", ko: "모든 레슨, 또는 낱말이 든 레슨의 목록" }
    about_learn() { en: "opens another lesson", ko: "다른 레슨을 엽니다" }
    about_play() {
        en: "free play in a copy; `back` returns exactly here",
        ko: "복사본에서 자유 실습. `back`으로 이 자리에 돌아옵니다",
    }
    about_watch() {
        en: "whether changed files are told of: `watch off`",
        ko: "바뀐 파일을 알려 줄지 정합니다: `watch off`",
    }
    about_lang() { en: "the language", ko: "언어를 바꿉니다" }
    about_forget() {
        en: "forgets this lesson, if it was opened by mistake",
        ko: "잘못 연 레슨이라면 진도를 지우고 닫습니다",
    }
    about_exit() { en: "leaves; your place is kept", ko: "나갑니다. 진도는 남습니다" }
    more() {
        en: "`help strata` shows every other verb, `help COPY` explains an instruction, `help skip` a verb.",
        ko: "다른 명령은 `help strata`, Dockerfile 명령은 `help COPY`, 수업 명령은 `help skip`처럼 물어보세요.",
    }
}

/// A verb of the lesson.
struct Verb {
    name: &'static str,
    /// What follows it.
    form: &'static str,
    /// The key that does the same where nothing else is typed.
    key: &'static str,
    about: fn(Language) -> String,
}

const fn verb(
    name: &'static str,
    form: &'static str,
    key: &'static str,
    about: fn(Language) -> String,
) -> Verb {
    Verb {
        name,
        form,
        key,
        about,
    }
}

/// The verbs in the order of the screen.
const VERBS: [Verb; 18] = [
    verb("check", "check", "Enter", about_check),
    verb("hint", "hint", "h", about_hint),
    verb("solution", "solution", "s", about_solution),
    verb("page", "page", "", about_page),
    verb("w", "w", "w", about_w),
    verb("undo", "undo", "u", about_undo),
    verb("redo", "redo", "", about_redo),
    verb("reset", "reset", "", about_reset),
    verb("why", "why N", "y", about_why),
    verb("next", "next", "n", about_next),
    verb("skip", "skip", "", about_skip),
    verb("list", "list [TEXT]", "l", about_list),
    verb("learn", "learn LESSON", "", about_learn),
    verb("play", "play, back", "p", about_play),
    verb("watch", "watch on|off", "", about_watch),
    verb("lang", "lang en|ko", "", about_lang),
    verb("forget", "forget", "", about_forget),
    verb("exit", "exit", "q", about_exit),
];

/// Returns the words that are a lesson's own at the prompt.
pub fn lesson_verbs() -> impl Iterator<Item = &'static str> {
    VERBS.iter().map(|verb| verb.name).chain(["back"])
}

/// Draws the lesson's verbs.
pub fn lesson_help(screen: &Screen) -> Text {
    let mut text: Text = Text::new();
    for verb in &VERBS {
        text.append(row(verb, screen));
    }
    let more = Line::styled(Style::Dim, more(screen.language));
    text.append(screen.wrap(&more, 0));
    text
}

/// Draws one of them; none for a word that is not the lesson's.
pub fn lesson_help_on(word: &str, screen: &Screen) -> Option<Text> {
    explained(word).map(|verb| row(verb, screen))
}

/// Tells whether a word is a verb that the lesson explains.
pub(super) fn is_explained(word: &str) -> bool {
    explained(word).is_some()
}

fn explained(word: &str) -> Option<&'static Verb> {
    // What the prompt explains itself, with all options, is left to it.
    let elsewhere = ["why", "learn", "lang", "exit"];
    let word = if word == "back" { "play" } else { word };
    let mut verbs = VERBS.iter().filter(|verb| !elsewhere.contains(&verb.name));
    verbs.find(|verb| verb.name == word)
}

fn row(verb: &Verb, screen: &Screen) -> Text {
    let row = Line::styled(Style::Code, verb.form).pad(14);
    let row = row.with(Style::Strong, verb.key).pad(20);
    screen.wrap(&row.with(Style::Plain, (verb.about)(screen.language)), 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Chrome;

    #[test]
    fn all_verbs_fit_one_screen() {
        for language in Language::ALL {
            let screen = Screen::new(80, language, Chrome::Ascii);
            let text = lesson_help(&screen);
            assert!(text.lines().len() <= 22, "{text}");
        }
        let screen = Screen::new(80, Language::Ko, Chrome::Ascii);
        insta::assert_snapshot!(lesson_help(&screen).to_string());
    }

    #[test]
    fn a_verb_is_explained_and_other_words_are_not() {
        let screen = Screen::new(80, Language::En, Chrome::Ascii);
        let told = |word| lesson_help_on(word, &screen).map(|text| text.to_string());
        assert_eq!(
            told("skip").as_deref(),
            Some("skip                leaves the step out; it never counts as passed\n")
        );
        assert!(told("back").is_some());
        assert_eq!(told("run"), None);
    }
}
