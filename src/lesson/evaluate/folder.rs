//! Facts about files of the learner's work folder, and about servers on loopback.

use super::sheet::{NOTHING, Sheet};
use super::subject::Subject;
use crate::digest::Digest;
use crate::lesson::check::{FileExpectation, HttpExpectation};
use crate::lesson::{HttpFacts, Step, sentences};

/// Judges everything that is expected of one file.
pub(super) fn judge(path: &str, expected: &FileExpectation, step: &Step, sheet: &mut Sheet) {
    let content = sheet.evidence.file(path);
    let text = content
        .as_ref()
        .map(|content| String::from_utf8_lossy(content).into_owned());
    let subject = Subject::new(format!("file.{path}"), |_| path.to_owned());
    subject.there("exists", expected.exists, content.is_some(), sheet);
    let words = expected.contains.as_ref();
    subject.contains(
        "contains",
        sentences::content,
        words,
        text.as_deref(),
        sheet,
    );
    if let Some(block) = &expected.equals_block {
        let same = |block: &str| {
            text.as_deref()
                .is_some_and(|text| text.trim_end() == block.trim_end())
        };
        let ok = step.file_block(block).is_some_and(same);
        let got = if ok { "the same" } else { "different" };
        let values = ("the same", got);
        subject.value("equals_block", sentences::content, ok, values, sheet);
    }
    if let Some(parses) = expected.parses {
        judge_grammar(path, parses, text.as_deref(), sheet);
    }
    if let Some(since) = &expected.changed_since {
        let before = sheet.evidence.file_at(path, since);
        let now = content.as_deref().map(Digest::of);
        let word = |changed| if changed { "changed" } else { "unchanged" };
        let changed = now.is_some() && now != before;
        let values = (word(true), word(changed));
        let fact = format!("file.{path}.changed_since");
        sheet.judge(fact, changed, values, |language, ok| {
            if ok {
                sentences::file_changed(language, path)
            } else {
                sentences::file_unchanged(language, path)
            }
        });
    }
}

fn judge_grammar(path: &str, parses: bool, text: Option<&str>, sheet: &mut Sheet) {
    let result = text.map(|text| sheet.evidence.parse_dockerfile(text));
    let got = match &result {
        None => NOTHING,
        Some(Ok(())) => "true",
        Some(Err(message)) => message,
    };
    let ok = result.as_ref().is_some_and(|it| it.is_ok() == parses);
    let fact = format!("file.{path}.parses");
    sheet.judge(fact, ok, (parses, got), |language, ok| match (parses, ok) {
        (true, true) => sentences::is_dockerfile(language, path),
        (true, false) => sentences::must_be_dockerfile(language, path, got),
        (false, true) => sentences::is_no_dockerfile(language, path),
        (false, false) => sentences::must_be_no_dockerfile(language, path),
    });
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
    use crate::lesson::scene::{Scene, failing_in as failing};

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
