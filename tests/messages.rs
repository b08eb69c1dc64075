//! Every mistake, build check and note, drawn in both languages: the snapshots are the catalogue of
//! what strata says about a Dockerfile.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use strata::check::page::page;
use strata::check::{Finding, KnownImage, Report, Request, Rule, World, check};
use strata::digest::{Digest, ImageId};
use strata::language::Language;
use strata::parser;
use strata::plan::{BaseInfo, PlanOptions, platform};
use strata::reference::ImageReference;
use strata::render::{Chrome, Screen, diagnostic};
use strata::source::Source;

/// What is wrong, and a Dockerfile where it is; `FROM a` comes first where it begins with a
/// line end.
const MISTAKES: &[(&str, &str)] = &[
    ("array-not-strings", "\nCMD [1, 2]\n"),
    ("bad-address", "\nEXPOSE localhost:80:80\n"),
    ("bad-exclude", "\nCOPY --exclude=! a b\n"),
    ("bad-field", "\nRUN --mount=type=cash,target=/x true\n"),
    ("bad-field", "\nRUN --mount=type=nonsense,target=/x true\n"),
    ("bad-field", "\nRUN --mount=type=cache,tagret=/x true\n"),
    ("bad-field", "\nRUN --mount=type=cache,nonsense=/x true\n"),
    ("bad-field", "\nRUN --mount=type=cache,/x true\n"),
    ("bad-field", "\nRUN --mount=target=/x,size=1m true\n"),
    (
        "bad-field",
        "\nRUN --mount=type=tmpfs,target=/x,size=big true\n",
    ),
    (
        "bad-field",
        "\nRUN --mount=type=cache,target=/x,sharing=all true\n",
    ),
    ("bad-field", "\nRUN --mount=from=$X,target=/x true\n"),
    ("bad-field", "\nRUN --mount=type=secret,id=a,from=b true\n"),
    ("bad-field", "\nRUN --mount=type=secret true\n"),
    ("bad-field", "\nRUN --mount=target=/ true\n"),
    ("bad-host-port", "\nEXPOSE web:80\n"),
    ("bad-mode", "\nCOPY --chmod=999 a b\n"),
    ("bad-pattern", "\nCOPY a b\n"),
    ("bad-platform", "FROM --platform=amiga a\n"),
    ("bad-port", "\nEXPOSE 99999\n"),
    ("bad-protocol", "\nEXPOSE 80/http\n"),
    ("bad-reference", "FROM Node\n"),
    ("bad-signal", "\nSTOPSIGNAL SIGFOO\n"),
    (
        "bad-trigger",
        "FROM a AS base\nONBUILD EXPOSE $PORT/http\nFROM base\n",
    ),
    ("bad-word", "\nENV A=${\n"),
    ("bad-word", "\nENV A=${}\n"),
    ("bad-word", "\nENV A='x\n"),
    ("bad-word", "\nENV A=\"x\n"),
    ("bad-word", "\nENV A=${B:=c}\n"),
    ("bad-word", "\nENV A=${B:?missing}\n"),
    ("bad-word", "\nENV A=${B?}\n"),
    ("bad-word", "\nENV A=1\nENV B=${A/x}\n"),
    ("bad-word", "\nENV A=1\nENV B=${A#\\x}\n"),
    ("blank-base", "ARG X\nFROM $X\n"),
    ("blank-name", "\nENV =x\n"),
    ("blank-platform", "ARG P\nFROM --platform=$P a\n"),
    ("check-option", "# check=skp=all\nFROM a\n"),
    ("check-option", "# check=error=maybe\nFROM a\n"),
    ("bad-checksum", "\nADD --checksum=sha256:1 https://a/b /c\n"),
    ("bad-commit", "\nADD --checksum=v1 git://a/b /c\n"),
    ("nameless-url", "\nADD https://a/ /c/\n"),
    ("checksum-not-remote", "\nADD --checksum=sha256:1 a b\n"),
    (
        "checksum-sources",
        "\nADD --checksum=sha256:1 https://a/b https://c/d /e/\n",
    ),
    ("circular-stage", "FROM a AS x\nCOPY --from=x a b\n"),
    ("destination-not-folder", "\nCOPY a b c\n"),
    ("duplicate-directive", "# escape=\\\n# escape=\\\nFROM a\n"),
    ("duplicate-flag", "\nCOPY --from=a --from=b c d\n"),
    ("empty", ""),
    ("empty-volume", "\nVOLUME [\"\"]\n"),
    ("empty-volume", "\nVOLUME $X\n"),
    ("flag-not-boolean", "\nCOPY --link=yes a b\n"),
    ("flag-without-value", "\nCOPY --from a b\n"),
    ("from-arguments", "FROM a b\n"),
    ("healthcheck-no-command", "\nHEALTHCHECK CMD\n"),
    ("healthcheck-none-arguments", "\nHEALTHCHECK NONE x\n"),
    ("healthcheck-type", "\nHEALTHCHECK curl x\n"),
    ("heredoc-destination", "\nCOPY a <<EOF\nx\nEOF\n"),
    ("invalid-duration", "\nHEALTHCHECK --interval=5 CMD x\n"),
    ("invalid-escape", "# escape=x\nFROM a\n"),
    ("invalid-network", "\nRUN --network=nat x\n"),
    ("invalid-retries", "\nHEALTHCHECK --retries=many CMD x\n"),
    ("invalid-security", "\nRUN --security=none x\n"),
    ("invalid-stage-name", "FROM a AS 1st\n"),
    (
        "later-stage",
        "FROM a AS x\nCOPY --from=y a b\nFROM a AS y\n",
    ),
    ("needs-arguments", "\nENV\n"),
    ("needs-one-argument", "\nUSER\n"),
    ("negative-retries", "\nHEALTHCHECK --retries=-1 CMD x\n"),
    ("no-destination", "\nCOPY a\n"),
    ("no-destination", "\nCOPY\n"),
    ("no-instructions", "# only this\n"),
    ("no-stage", "ARG A\n"),
    ("no-stage", "RUN x\nFROM a\n"),
    ("no-stage-index", "\nCOPY --from=7 a b\n"),
    ("link-owner", "\nCOPY --link --chown=app a b\n"),
    ("no-target", "FROM a AS build\n"),
    ("onbuild-chained", "\nONBUILD ONBUILD RUN x\n"),
    ("onbuild-forbidden", "\nONBUILD FROM b\n"),
    ("pair-without-equals", "\nENV a=b c\n"),
    ("pair-without-value", "\nENV a\n"),
    ("shell-not-json", "\nSHELL /bin/bash -c\n"),
    ("short-interval", "\nHEALTHCHECK --interval=1us CMD x\n"),
    ("unterminated-heredoc", "\nRUN <<EOF\necho\n"),
    ("url-source", "\nCOPY https://a/b /c\n"),
];

/// The rest: what has variables, instructions or flags with and without a near word, and notes.
const OTHERS: &[(&str, &str)] = &[
    ("unknown-flag", "\nCOPY --form=x a b\n"),
    ("unknown-flag", "\nCOPY --nonsense a b\n"),
    ("unknown-flag", "\nEXPOSE --nonsense 80\n"),
    ("unknown-instruction", "FORM a\n"),
    ("unknown-instruction", "\nENDPOINT x\n"),
    ("url-source", "\nENV U=https://a/b\nCOPY $U /c\n"),
    ("variable-in-from", "\nCOPY --from=$X a b\n"),
    ("bad-reference", "\nCOPY --from=a:b:c d e\n"),
    ("run-on-line", "\nRUN mkdir /test \\\n  touch /test/x\n"),
    ("swallowed-instruction", "\nRUN make \\\nCOPY a b\n"),
    ("almost-json", "\nRUN ['make', 'all']\n"),
    ("nothing-to-run", "\nRUN\n"),
    (
        "near-stage",
        "FROM a AS build\nFROM b\nCOPY --from=biuld a b\n",
    ),
    ("unused-stage", "\nFROM b\n"),
    ("above-context", "\nCOPY ../a b\n"),
    ("unknown-instruction", "docekr run -it code\n"),
    ("unknown-instruction", "\napt-get update\n"),
    ("unknown-instruction", "\nPIPELINE x\n"),
    ("unknown-rule", "# check=skip=stagenamecasing\nFROM a\n"),
    ("unknown-rule", "# check=skip=Nonsense\nFROM a\n"),
];

fn image(reference: &ImageReference) -> Option<KnownImage> {
    (reference.name() == "image-for-s390x").then(|| KnownImage {
        info: BaseInfo {
            id: ImageId(Digest::of(b"an image")),
            env: Vec::new(),
            workdir: String::new(),
            user: String::new(),
            shell: None,
            triggers: Vec::new(),
        },
        platform: "linux/s390x".to_owned(),
    })
}

fn judged(id: &str, text: &str, ignore: Option<&str>) -> (Source, Report) {
    let whole = if text.starts_with('\n') {
        format!("FROM a{text}")
    } else {
        text.to_owned()
    };
    let source = Source::new("Dockerfile", whole);
    let ignore = if id == "bad-pattern" {
        Some("[")
    } else {
        ignore
    };
    let world = World {
        image: &image,
        ignore: ignore.map(|text| (".dockerignore".to_owned(), text.to_owned())),
    };
    let request = Request {
        plan: PlanOptions {
            target: (id == "no-target").then(|| "biuld".to_owned()),
            ..PlanOptions::default()
        },
        ..Request::default()
    };
    let report = check(&source, &request, &world);
    (source, report)
}

/// Every kind with an example: its name, the text, and the one finding that is meant. Judging a
/// file that has too much of something takes a while.
static CATALOGUE: LazyLock<Vec<(Source, Finding)>> = LazyLock::new(catalogue);

fn catalogue() -> Vec<(Source, Finding)> {
    let long = format!("\nRUN {}\n", "x".repeat(70_000));
    let many = "ARG A\n".repeat(200_001);
    let deep = format!("\n{}RUN x\n", "ONBUILD ".repeat(70));
    let path = format!("\nWORKDIR {}\n", ["folder"; 50].join("/")).repeat(15);
    // The value doubles with every line.
    let doubled = |times| format!("\nENV A=xx\n{}", "ENV A=$A$A\n".repeat(times));
    let too_long = doubled(20);
    let too_costly = doubled(18) + &"ENV B=$A\n".repeat(100);
    let generated = [
        ("line-too-long", long.as_str()),
        ("too-many-instructions", many.as_str()),
        ("nested-too-deep", deep.as_str()),
        ("long-path", path.as_str()),
        ("bad-word", too_long.as_str()),
        ("bad-word", too_costly.as_str()),
    ];
    let mut all = Vec::new();
    for (id, text) in MISTAKES.iter().chain(&generated).chain(OTHERS) {
        all.push(one(id, judged(id, text, None)));
    }
    for rule in Rule::ALL {
        let page = page(rule);
        let judged = judged(rule.name(), page.bad, page.ignore);
        all.push(one(rule.name(), judged));
    }
    let bytes = [
        ("not-utf8", &b"FROM a\nRUN \xff\n"[..]),
        ("binary", b"\x7fELF\x02\0\0\0"),
    ];
    for (id, bytes) in bytes {
        let refused = parser::decode("Dockerfile", bytes.to_vec()).unwrap_err();
        let report = Report::refused(&refused.source, refused.error);
        all.push(one(id, (refused.source, report)));
    }
    all
}

#[track_caller]
fn one(id: &str, (source, report): (Source, Report)) -> (Source, Finding) {
    let names: Vec<_> = report.findings.iter().map(|it| it.what.id()).collect();
    let found = report.findings.iter().find(|it| it.what.id() == id);
    let found = found.unwrap_or_else(|| panic!("no {id} in {names:?}: {}", source.text()));
    (source.clone(), found.clone())
}

/// The names in the body of a function that gives every kind one.
fn names_in(source: &str, function: &str) -> BTreeSet<String> {
    let (_, body) = source.split_once(function).expect("the function is there");
    let end = body.find("\n    }\n").expect("it ends");
    let quoted = body[..end].split('"').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

#[test]
fn every_kind_has_an_example() {
    let mut kinds = names_in(include_str!("../src/parser/error.rs"), "fn id(");
    kinds.extend(names_in(include_str!("../src/plan/error.rs"), "fn name("));
    kinds.extend(names_in(include_str!("../src/check/note.rs"), "fn id("));
    kinds.extend(names_in(include_str!("../src/check/rule.rs"), "fn name("));
    kinds.extend(["check-option", "bad-pattern"].map(str::to_owned));
    let shown: BTreeSet<String> = CATALOGUE
        .iter()
        .map(|(_, found)| found.what.id().to_owned())
        .collect();
    assert_eq!(shown, kinds);
}

fn drawn(language: Language) -> String {
    let screen = Screen::new(100, language, Chrome::Ascii);
    let draw = |(source, found): &(Source, Finding)| {
        let drawn = diagnostic(&found.diagnostic(source, language), source, &screen);
        let drawn = screen.paint(&drawn).replace(&platform(), "linux/HERE");
        format!("# {}\n{drawn}\n", found.what.id())
    };
    CATALOGUE.iter().map(draw).collect()
}

#[test]
fn what_is_said_in_english() {
    insta::assert_snapshot!("english", drawn(Language::En));
}

#[test]
fn what_is_said_in_korean() {
    insta::assert_snapshot!("korean", drawn(Language::Ko));
}

#[test]
fn no_message_shows_a_rule_of_the_grammar_or_a_type_of_the_program() {
    let grammar = include_str!("../grammar/dockerfile.pest");
    let definitions = grammar.lines().filter_map(|line| line.split_once('='));
    // A rule of one word is a word like any other.
    let rules: Vec<&str> = definitions
        .map(|(name, _)| name.trim())
        .filter(|name| name.contains('_') && !name.contains(char::is_whitespace))
        .collect();
    assert!(rules.len() > 10, "{rules:?}");
    let types = [
        "::", "Some(", "None", "Err(", "Ok(", "String", "usize", "Span",
    ];
    for (source, found) in &*CATALOGUE {
        for language in Language::ALL {
            let help = found.what.help(language).unwrap_or_default();
            let said = format!("{} {help}", found.what.message(language));
            let shown = rules
                .iter()
                .chain(&types)
                .find(|name| said.contains(**name));
            assert_eq!(shown, None, "{said} in {}", source.text());
        }
    }
}

#[test]
fn every_sentence_is_in_its_language() {
    let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
    for (_, found) in &*CATALOGUE {
        let sentences = |language| {
            let mut all = vec![found.what.message(language)];
            all.extend(found.what.help(language));
            all
        };
        for sentence in sentences(Language::En) {
            assert!(!hangul(&sentence), "{sentence}");
        }
        for sentence in sentences(Language::Ko) {
            // A message that the Dockerfile itself gives stays as it is.
            let is_the_writers = sentence == "B: missing";
            assert!(hangul(&sentence) || is_the_writers, "{sentence}");
        }
    }
}
