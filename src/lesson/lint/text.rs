//! Words on a screen: do they fit, are they composed, do they stay on this machine?

use unicode_normalization::is_nfc;
use unicode_width::UnicodeWidthStr;

use super::Finding;
use crate::lesson::assemble::FileText;
use crate::lesson::markdown::text_of;
use crate::lesson::{Block, Prose};
use crate::source::Span;

/// The narrowest screen, which no word may be wider than.
const NARROWEST: usize = 60;
/// Lines of text a step should not have more of, on a screen of 80 columns.
const MOST_LINES: usize = 12;
/// Columns of text on such a screen.
const COLUMNS: usize = 76;

/// Judges one file in one language.
pub(super) fn judge(file: &FileText) -> Vec<Finding> {
    let mut findings = Vec::new();
    let source = &file.source;
    for (n, line) in source.text().lines().enumerate() {
        let span = source.line_span(n + 1);
        if !is_nfc(line) {
            let message = "this line is not in NFC: letters and their marks are apart";
            findings.push(Finding::error(source, "nfc", message, span));
        }
        for url in urls(line).filter(|url| !is_loopback(url)) {
            let message = format!("`{url}` is not on this machine; lessons work without a network");
            findings.push(Finding::error(source, "url", message, span));
        }
    }
    prose_findings(file, &file.document.intro, Span::default(), &mut findings);
    for step in &file.document.steps {
        let whens = step.whens.iter().map(|(_, prose)| prose);
        let sections = std::iter::once(&step.body)
            .chain(&step.hints)
            .chain(whens)
            .chain(&step.after);
        for prose in sections {
            prose_findings(file, prose, step.span, &mut findings);
        }
        let lines: usize = step.body.iter().filter_map(paragraph_lines).sum();
        if lines > MOST_LINES {
            let message = format!("{lines} lines of text; a step says one thing, in {MOST_LINES}");
            findings.push(Finding::warning(source, "long-text", message, step.span));
        }
    }
    findings
}

fn prose_findings(file: &FileText, prose: &Prose, span: Span, findings: &mut Vec<Finding>) {
    let texts = prose.iter().flat_map(|block| match block {
        Block::Paragraph(inlines) => vec![text_of(inlines)],
        Block::List { items, .. } => items.iter().map(|item| text_of(item)).collect(),
        Block::Code(_) => Vec::new(),
    });
    for text in texts {
        for word in text
            .split_whitespace()
            .filter(|word| word.width() > NARROWEST)
        {
            let message = format!("`{word}` is wider than {NARROWEST} columns");
            findings.push(Finding::error(&file.source, "wide-word", message, span));
        }
    }
}

/// Returns the lines of a paragraph on a screen; code is not text.
fn paragraph_lines(block: &Block) -> Option<usize> {
    let lines = |text: String| text.width().div_ceil(COLUMNS);
    match block {
        Block::Paragraph(inlines) => Some(lines(text_of(inlines))),
        Block::List { items, .. } => Some(items.iter().map(|item| lines(text_of(item))).sum()),
        Block::Code(_) => None,
    }
}

fn urls(line: &str) -> impl Iterator<Item = &str> {
    let starts = line.match_indices("http").map(|(start, _)| &line[start..]);
    let whole = |rest: &str| rest.starts_with("http://") || rest.starts_with("https://");
    starts.filter(move |rest| whole(rest)).map(|rest| {
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '`' | ')' | '>' | '\''))
            .unwrap_or(rest.len());
        &rest[..end]
    })
}

/// Tells whether a URL is one of this machine only.
pub(super) fn is_loopback(url: &str) -> bool {
    let Some(rest) = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
    else {
        return false;
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    // A user part would hide the real host: http://localhost@example.org
    !authority.contains('@') && (host == "localhost" || host == "::1" || is_loopback_v4(host))
}

fn is_loopback_v4(host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>()
        .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::super::tests::kinds;
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        assert!(is_loopback("http://localhost:8080/"));
        assert!(is_loopback("http://127.0.0.1"));
        assert!(is_loopback("http://[::1]:80/x"));
        assert!(!is_loopback("http://localhost@example.org/"));
        assert!(!is_loopback("http://127.0.0.1.example.org/"));
        assert!(!is_loopback("ftp://localhost/"));
    }

    #[test]
    fn foreign_addresses_wide_words_and_loose_marks_are_errors() {
        assert!(kinds("Build it.", "See (https://example.org/x).").contains(&"url"));
        assert!(kinds("Build it.", &"x".repeat(61)).contains(&"wide-word"));
        assert!(kinds("Build it.", "e\u{301}").contains(&"nfc"));
    }

    #[test]
    fn a_long_step_is_a_warning() {
        assert!(kinds("Build it.", &"word ".repeat(300)).contains(&"long-text"));
    }
}
