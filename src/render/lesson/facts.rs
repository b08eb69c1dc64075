//! What was checked: not yet first, as that is what the learner looks for.

use super::columns;
use crate::lesson::FactResult;
use crate::render::screen::Screen;
use crate::render::text::{Line, Style, Text};

/// Columns of the word and the space behind it.
const WORD: usize = 9;

/// Draws checked facts, one sentence each.
pub fn lesson_facts(facts: &[FactResult], screen: &Screen) -> Text {
    let open = facts.iter().filter(|fact| !fact.ok);
    let done = facts.iter().filter(|fact| fact.ok);
    let mut text = Text::new();
    for fact in open.chain(done) {
        let style = if fact.ok { Style::Good } else { Style::Bad };
        let word = Line::styled(style, fact.word()).pad(WORD);
        let line = word.with(Style::Plain, fact.sentence.get(screen.language));
        text.append(line.wrap(columns(screen), WORD));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::lesson::Bilingual;
    use crate::render::Chrome;

    fn fact(ok: bool, en: &str) -> FactResult {
        FactResult {
            name: "x".to_owned(),
            ok,
            expected: String::new(),
            got: String::new(),
            sentence: Bilingual {
                en: en.to_owned(),
                ko: "한국어 문장입니다".to_owned(),
            },
        }
    }

    #[test]
    fn what_is_missing_comes_first() {
        let facts = [
            fact(true, "tag shop:3 exists"),
            fact(
                false,
                "RUN npm install must be reused, but it ran (step 4 changed)",
            ),
        ];
        let screen = Screen::new(60, Language::En, Chrome::Ascii);
        assert_eq!(
            lesson_facts(&facts, &screen).to_string(),
            "not yet  RUN npm install must be reused, but it ran (step 4\n         changed)\nok       tag shop:3 exists\n"
        );
    }
}
