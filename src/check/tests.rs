//! What the whole of a check does: order, severity, what hides what.

use super::*;
use crate::language::Language;

fn checked(text: &str) -> Report {
    let source = Source::new("Dockerfile", text);
    let world = World {
        image: &|_| None,
        ignore: None,
    };
    check(&source, &Request::default(), &world)
}

fn found(text: &str) -> Vec<(usize, &'static str)> {
    let findings = checked(text).findings;
    findings.iter().map(|it| (it.line, it.what.id())).collect()
}

#[test]
fn findings_come_in_the_order_of_the_file() {
    let text = "FROM a AS Base\nCOPY --form=x a b\nRUN mkdir /a \\\n touch /a/b\nEXPOSE 0\n";
    let expected = [
        (1, "StageNameCasing"),
        (2, "unknown-flag"),
        (3, "run-on-line"),
        (5, "bad-port"),
    ];
    assert_eq!(found(text), expected);
}

#[test]
fn a_broken_declaration_or_stage_hides_what_depends_on_it() {
    assert_eq!(found("FROM a\nARG =1\nCOPY $A b\n"), [(2, "blank-name")]);
    let expected = [(1, "unknown-instruction")];
    assert_eq!(found("FORM a\nCOPY $A b\n"), expected);
}

#[test]
fn notes_do_not_count() {
    let report = checked("# check=error=true\nFROM a\nCOPY ../a b\n");
    assert_eq!(report.count(Severity::Note), 1);
    assert!(!report.fails());
}

#[test]
fn a_finding_points_at_its_word_through_continuations() {
    let text = "FROM a\nCOPY \\\n  --chmod=999 \\\n  a $B\n";
    let source = Source::new("Dockerfile", text);
    let places = |found: &Finding| -> Vec<String> {
        let diagnostic = found.diagnostic(&source, Language::En);
        let labels = diagnostic.labels.iter();
        labels.map(|it| source.slice(it.span).to_owned()).collect()
    };
    let findings = checked(text).findings;
    let places: Vec<_> = findings.iter().map(places).collect();
    assert_eq!(places, [["COPY", "999"], ["COPY", "$B"]]);
}

#[test]
fn any_text_is_judged_without_a_panic() {
    for text in [
        "\u{FEFF}",
        "FROM\n\nFROM",
        "FROM a\nRUN \\",
        "ARG\nARG a",
        "FROM a\nCOPY <<",
        "# check=\nFROM a",
        "FROM a\nEXPOSE : :: [ /\n",
        "FROM a\nRUN --mount= --mount=, --mount=\" x\n",
        "FROM a\nHEALTHCHECK --interval=\n",
        "FROM --platform= a\nFROM --platform=/ a\n",
    ] {
        let source = Source::new("Dockerfile", text);
        for finding in checked(text).findings {
            finding.diagnostic(&source, Language::Ko);
        }
    }
}
