//! Facts about files of the learner's work folder, and about servers on loopback.

use super::sheet::{NOTHING, Sheet};
use crate::digest::Digest;
use crate::language::Language;
use crate::lesson::check::{FileExpectation, HttpExpectation};
use crate::lesson::{HttpFacts, Step, sentences};

/// Judges everything that is expected of one file.
pub(super) fn judge(path: &str, expected: &FileExpectation, step: &Step, sheet: &mut Sheet) {
    let content = sheet.evidence.file(path);
    let text = content
        .as_ref()
        .map(|content| String::from_utf8_lossy(content).into_owned());
    let fact = |key: &str| format!("file.{path}.{key}");
    let noun = |what: fn(Language) -> String| {
        move |language| sentences::of_file(language, path, &what(language))
    };
    if let Some(exists) = expected.exists {
        let got = content.is_some();
        sheet.value(
            fact("exists"),
            got == exists,
            (exists, got),
            noun(sentences::existence),
        );
    }
    if let Some(words) = &expected.contains {
        sheet.contains(
            &fact("contains"),
            words,
            text.as_deref(),
            noun(sentences::content),
        );
    }
    if let Some(block) = &expected.equals_block {
        let same = |block: &str| {
            text.as_deref()
                .is_some_and(|text| text.trim_end() == block.trim_end())
        };
        let ok = step.file_block(block).is_some_and(same);
        let got = if ok { "the same" } else { "different" };
        sheet.value(
            fact("equals_block"),
            ok,
            ("the same", got),
            noun(sentences::content),
        );
    }
    if let Some(parses) = expected.parses {
        let result = text
            .as_ref()
            .map(|text| sheet.evidence.parse_dockerfile(text));
        let ok = result
            .as_ref()
            .is_some_and(|result| result.is_ok() == parses);
        let got = match result {
            None => NOTHING.to_owned(),
            Some(Ok(())) => "true".to_owned(),
            Some(Err(message)) => message,
        };
        sheet.value(
            fact("parses"),
            ok,
            (parses, got),
            noun(sentences::dockerfile),
        );
    }
    if let Some(since) = &expected.changed_since {
        let before = sheet.evidence.file_at(path, since);
        let now = content.as_deref().map(Digest::of);
        let word = |changed| if changed { "changed" } else { "unchanged" };
        let changed = now.is_some() && now != before;
        sheet.judge(
            fact("changed_since"),
            changed,
            (word(true), word(changed)),
            |language, ok| {
                if ok {
                    sentences::file_changed(language, path)
                } else {
                    sentences::file_unchanged(language, path)
                }
            },
        );
    }
}

/// Judges what a server answers.
pub(super) fn judge_http(expected: &HttpExpectation, sheet: &mut Sheet) {
    let url = &expected.url;
    let facts = sheet.evidence.http(url);
    let what = |language| sentences::answer(language, url);
    let got = match &facts {
        HttpFacts::Refused => "refused".to_owned(),
        HttpFacts::Failed(message) => message.clone(),
        HttpFacts::Answer { status, .. } => status.to_string(),
    };
    if let Some(refused) = expected.refused {
        let ok = (facts == HttpFacts::Refused) == refused;
        let wanted = if refused { "refused" } else { "an answer" };
        sheet.value("http.refused", ok, (wanted, &got), what);
    }
    if let Some(status) = &expected.status {
        sheet.value(
            "http.status",
            got == status.to_string(),
            (status, &got),
            what,
        );
    }
    if let Some(words) = &expected.contains {
        let body = match &facts {
            HttpFacts::Answer { body, .. } => Some(body.as_str()),
            _ => None,
        };
        sheet.contains("http.contains", words, body, what);
    }
}

#[cfg(test)]
mod tests {
    use crate::lesson::evaluate;
    use crate::lesson::scene::{Scene, step_with};

    fn failing(check: &str, scene: &Scene) -> Vec<String> {
        let facts = evaluate(&step_with(check), scene);
        facts
            .into_iter()
            .filter(|f| !f.ok)
            .map(|f| f.name)
            .collect()
    }

    #[test]
    fn a_touched_file_has_not_changed() {
        let check = "[expect.file.\"server.js\"]\nchanged_since = \"again\"\n";
        let scene = |now: &str| {
            Scene::default()
                .with_file("server.js", now)
                .with_file_at("server.js", "again", "old")
        };
        assert_eq!(
            failing(check, &scene("old")),
            ["file.server.js.changed_since"]
        );
        assert!(failing(check, &scene("new")).is_empty());
    }

    #[test]
    fn a_missing_file_has_no_content_and_is_no_dockerfile() {
        let check = "[expect.file.Dockerfile]\nexists = true\ncontains = \"FROM\"\nparses = true\n";
        assert_eq!(
            failing(check, &Scene::default()),
            [
                "file.Dockerfile.exists",
                "file.Dockerfile.contains",
                "file.Dockerfile.parses"
            ]
        );
        assert!(failing(check, &Scene::default().with_file("Dockerfile", "FROM a\n")).is_empty());
    }

    #[test]
    fn a_server_may_have_to_refuse() {
        let check = "[expect.http]\nurl = \"http://127.0.0.1:8080/\"\nrefused = true\n";
        assert!(failing(check, &Scene::default()).is_empty());
        let check =
            "[expect.http]\nurl = \"http://127.0.0.1:8080/\"\nstatus = 200\ncontains = \"hi\"\n";
        assert_eq!(
            failing(check, &Scene::default()),
            ["http.status", "http.contains"]
        );
    }
}
