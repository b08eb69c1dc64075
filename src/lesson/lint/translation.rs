//! Other languages: the same steps, the same code, and prose that is not older than the English.

use super::Finding;
use crate::lesson::assemble::{FileText, prose_hash, prose_pieces};
use crate::lesson::markdown::RawStep;
use crate::lesson::{Block, CodeBlock, Prose};

/// Judges a translation against the English file.
pub(super) fn judge(english: &FileText, translation: &FileText) -> Vec<Finding> {
    let source = &translation.source;
    let mut findings = Vec::new();
    let ids = |file: &FileText| -> Vec<String> {
        file.document
            .steps
            .iter()
            .map(|step| step.id.clone())
            .collect()
    };
    let (wanted, got) = (ids(english), ids(translation));
    if wanted != got {
        let message = format!(
            "steps are {}, in English {}",
            got.join(" "),
            wanted.join(" ")
        );
        findings.push(Finding::error(
            source,
            "steps-differ",
            message,
            source.line_span(1),
        ));
    }
    if english.front.id != translation.front.id {
        let message = format!("the id is `{}` in English", english.front.id);
        findings.push(Finding::error(
            source,
            "id-differs",
            message,
            source.line_span(1),
        ));
    }
    for step in &translation.document.steps {
        let original = english
            .document
            .steps
            .iter()
            .find(|known| known.id == step.id);
        let mut add = |kind: &'static str, message: String, error: bool| {
            findings.push(if error {
                Finding::error(source, kind, message, step.span)
            } else {
                Finding::warning(source, kind, message, step.span)
            });
        };
        if step.check.is_some() {
            let message = "check blocks belong into the English file only".to_owned();
            add("check-in-translation", message, true);
        }
        if let Some(original) = original {
            if codes(&step.body) != codes(&original.body) {
                add(
                    "code-differs",
                    "code blocks are not those of the English file".to_owned(),
                    true,
                );
            }
            for message in missing(original, step) {
                add("untranslated", message, true);
            }
            if step.src.as_deref() != Some(&prose_hash(original)) {
                let message = "the English text changed since this was translated".to_owned();
                add("stale", message, false);
            }
        }
    }
    findings
}

fn codes(prose: &Prose) -> Vec<&CodeBlock> {
    let mut codes = Vec::new();
    for block in prose {
        if let Block::Code(code) = block {
            codes.push(code);
        }
    }
    codes
}

/// Says which parts of a step a translation lacks or has too many of.
fn missing(original: &RawStep, step: &RawStep) -> Vec<String> {
    let mut messages = Vec::new();
    if original.hints.len() != step.hints.len() {
        messages.push(format!(
            "{} hints, in English {}",
            step.hints.len(),
            original.hints.len()
        ));
    }
    if original.after.is_some() != step.after.is_some() {
        messages.push("`after` is in one language only".to_owned());
    }
    let names = |step: &RawStep| {
        let mut names: Vec<String> = step.whens.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    };
    if names(original) != names(step) {
        let (wanted, got) = (names(original).join(" "), names(step).join(" "));
        messages.push(format!("texts for `when` are {got}, in English {wanted}"));
    }
    messages
}

/// Returns the pieces of English prose that a translation's `src=` doesn't know.
pub(in crate::lesson) fn stale_pieces(original: &RawStep, translated: &RawStep) -> Vec<String> {
    let known: Vec<&str> = translated
        .src
        .as_deref()
        .unwrap_or_default()
        .split('.')
        .collect();
    let now = prose_hash(original);
    let hashes = now.split('.');
    let pieces = prose_pieces(original).into_iter().zip(hashes);
    pieces
        .filter(|(_, hash)| !known.contains(hash))
        .map(|(piece, _)| piece)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{kinds, kinds_of};
    use crate::lesson::assemble::tests::small_course;

    fn korean(old: &str, new: &str) -> Vec<&'static str> {
        let mut files = small_course();
        let text = String::from_utf8(files["01-a/lesson.ko.md"].clone()).unwrap();
        assert!(text.contains(old), "{old}");
        files.insert(
            "01-a/lesson.ko.md".into(),
            text.replace(old, new).into_bytes(),
        );
        kinds_of(&files)
    }

    #[test]
    fn a_changed_original_makes_a_stale_translation() {
        assert_eq!(kinds("Build it.", "Build it now."), ["stale"]);
    }

    #[test]
    fn code_is_the_same_in_every_language() {
        assert_eq!(korean("FROM scratch", "FROM  scratch"), ["code-differs"]);
    }

    #[test]
    fn nothing_is_left_out_and_nothing_is_checked_twice() {
        assert_eq!(
            korean("<!-- after -->\n잘했습니다.\n", ""),
            ["untranslated"]
        );
        assert_eq!(korean("step: build ", "step: bulid "), ["steps-differ"]);
        assert_eq!(
            korean(
                "빌드하세요.",
                "빌드하세요.\n\n```toml check\n[expect]\nexit = 0\n```"
            ),
            ["check-in-translation"]
        );
    }
}
