//! Templates as docker's users type them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Problem, Template};
use crate::language::Language;

fn row() -> Value {
    json!({
        "ID": "d47cb17cf4f2", "Names": "web", "Label": { "app": "shop" }, "Size": 12,
        "Ports": ["80/tcp", "443/tcp"], "State": { "Running": true, "ExitCode": 0, "Health": null },
        "Config": { "Labels": { "app": "shop", "tier": "front" }, "Env": ["A=1"], "Cmd": null },
    })
}

fn filled(template: &str) -> String {
    let parsed = Template::parse(template);
    let parsed = parsed.unwrap_or_else(|e| panic!("{template}: {e}"));
    parsed
        .run(&row())
        .unwrap_or_else(|e| panic!("{template}: {e}"))
}

fn wrong(template: &str) -> (usize, Problem) {
    let found = Template::parse(template).and_then(|it| it.run(&row()));
    let error = found.expect_err(template);
    (error.column, error.problem)
}

#[test]
fn what_docker_users_type_is_filled_in() {
    for (template, text) in [
        ("{{.ID}}: {{.Names}}", "d47cb17cf4f2: web"),
        ("{{ .Config.Labels.app }}", "shop"),
        ("{{.Config.Labels.none}}", "<no value>"),
        (
            "{{index .Config.Labels \"tier\"}}{{index .Config.Labels \"none\"}}",
            "front",
        ),
        (
            "{{json .Config.Labels}}",
            r#"{"app":"shop","tier":"front"}"#,
        ),
        (
            "{{.Config.Labels}} {{.Ports}}",
            "map[app:shop tier:front] [80/tcp 443/tcp]",
        ),
        ("{{range .Ports}}{{.}} {{end}}", "80/tcp 443/tcp "),
        (
            "{{range $i, $p := .Ports}}{{if $i}}, {{end}}{{$i}}={{$p}}{{end}}",
            "0=80/tcp, 1=443/tcp",
        ),
        (
            "{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}",
            "app=shop;tier=front;",
        ),
        ("{{range .Config.Cmd}}x{{else}}none{{end}}", "none"),
        (
            "{{range .Ports}}{{if eq . \"443/tcp\"}}{{break}}{{end}}{{.}}{{end}}",
            "80/tcp",
        ),
        (
            "{{range .Ports}}{{if eq . \"80/tcp\"}}{{continue}}{{end}}{{.}}{{end}}",
            "443/tcp",
        ),
        ("{{if .State.Running}}up{{else}}down{{end}}", "up"),
        (
            "{{if .State.ExitCode}}bad{{else if .State.Running}}up{{else}}x{{end}}",
            "up",
        ),
        (
            "{{with .State.Health}}{{.Status}}{{else}}no health{{end}}",
            "no health",
        ),
        ("{{with .State}}{{.ExitCode}}{{$.Names}}{{end}}", "0web"),
        ("{{.Names | upper | printf \"%-5s|\"}}", "WEB  |"),
        (
            "{{printf \"%s %d %q %v %05d %t\" .Names .Size .Names .Ports 42 true}}",
            "web 12 \"web\" [80/tcp 443/tcp] 00042 true",
        ),
        ("{{printf \"%d\" .Names}}", "%!d(string=web)"),
        ("{{printf \"%s\"}}", "%!s(MISSING)"),
        ("{{join .Ports \", \"}}", "80/tcp, 443/tcp"),
        (
            "{{index (split .Names \"e\") 1}}{{(index .Ports 0)}}",
            "b80/tcp",
        ),
        (
            "{{title \"two words\"}} {{lower \"ABC\"}} {{len .Ports}} {{len .Names}}",
            "Two Words abc 2 3",
        ),
        (
            "[{{pad .Names 1 2}}] {{truncate .ID 4}} {{slice .ID 2 4}}",
            "[ web  ] d47c 7c",
        ),
        (
            "{{and .Names .State.ExitCode}} {{or .State.ExitCode .Names}} {{not .Names}}",
            "0 web false",
        ),
        (
            "{{if and (eq .Names \"x\" \"web\") (gt .Size 3) (le .Size 12) (ne .Size 13)}}y{{end}}",
            "y",
        ),
        ("{{.Label \"app\"}}-{{.Label \"none\"}}.", "shop-."),
        (
            "{{$n := .Names}}{{$n = \"x\"}}{{$n}}{{`raw\\t`}}",
            "xraw\\t",
        ),
        ("a {{- /* nothing */ -}} b {{- .Names -}} c", "abwebc"),
        ("{{print 1 2 \"a\" 3}} {{println .Names}}", "1 2a3 web\n"),
        ("no action }} 한글", "no action }} 한글"),
        ("{{/* only */}}", ""),
        ("{{(.State).Running}} {{-1}} {{1.5}}", "true -1 1.5"),
    ] {
        assert_eq!(filled(template), text, "{template}");
    }
}

#[test]
fn mistakes_are_found_where_they_are() {
    for (template, column, message) in [
        ("{{.ID}", 1, "`{{` is not closed with `}}`"),
        ("ab {{.Nmaes}}", 6, "there is no field .Nmaes here"),
        ("{{.State.Runing}}", 9, "there is no field .Runing here"),
        (
            "{{.Names.First}}",
            9,
            "can't evaluate field First: it is asked of a string",
        ),
        ("{{jsn .}}", 3, "function \"jsn\" not defined"),
        ("{{if .ID}}x", 1, "`if` has no `end`"),
        ("{{range .Ports}}x{{else}}", 1, "`range` has no `end`"),
        ("x{{end}}", 2, "`end` has nothing it belongs to"),
        ("{{break}}", 1, "`break` has nothing it belongs to"),
        (
            "{{if .ID}}{{else}}{{else}}{{end}}",
            19,
            "`else` has nothing it belongs to",
        ),
        ("{{}}", 1, "a value is missing"),
        ("{{if}}x{{end}}", 1, "a value is missing"),
        ("{{(.ID}}", 4, "`)` is missing"),
        ("{{.ID)}}", 6, "unexpected `)`"),
        ("{{\"abc}}", 3, "the text or comment does not end"),
        ("{{12x}}", 3, "`12x` is no number"),
        ("{{$x}}", 3, "undefined variable \"$x\""),
        (
            "{{join .Ports}}",
            3,
            "wrong number of args for join: want 2 got 1",
        ),
        ("{{join .Names \",\"}}", 3, "join cannot work on a string"),
        ("{{index .Ports 5}}", 3, "index out of range: 5"),
        ("{{lt .Names 3}}", 3, "lt cannot work on a number"),
        (
            "{{range .Names}}{{end}}",
            9,
            "range cannot work on a string",
        ),
        ("{{.Names .ID}}", 3, ".Names cannot work on a string"),
        ("{{%}}", 3, "unexpected `%`"),
        (
            "{{printf \"%99999999d\" 1}}",
            3,
            "it is nested too deeply, or would take too long",
        ),
    ] {
        let found = Template::parse(template).and_then(|it| it.run(&row()));
        let error = found.expect_err(template);
        let expected = format!("template parsing error: column {column}: {message}");
        assert_eq!(error.message(Language::En), expected, "{template}");
    }
}

#[test]
fn what_was_meant_is_suggested() {
    let (_, problem) = wrong("{{.Nmaes}}");
    assert!(matches!(problem, Problem::NoField { near: Some(near), .. } if near == "Names"));
    let (_, problem) = wrong("{{.names}}");
    assert!(matches!(problem, Problem::NoField { near: Some(near), .. } if near == "Names"));
    let (_, problem) = wrong("{{uper .ID}}");
    assert!(matches!(problem, Problem::NoFunction { near: Some(near), .. } if near == "upper"));
}

#[test]
fn heads_stay_heads() {
    let heads = json!({ "Names": "NAMES", "Labels": "LABELS" });
    for (template, text) in [
        ("{{.Names}}\t{{json .Labels}}", "NAMES\tLABELS"),
        (
            "{{upper .Names}} {{join .Names \",\"}} {{truncate .Names 2}}",
            "NAMES NAMES NAMES",
        ),
        ("{{.Label \"com.example.my-app\"}}", "my app"),
    ] {
        let template = Template::parse(template).unwrap();
        assert_eq!(template.run_heads(&heads).unwrap(), text);
    }
}

#[test]
fn what_is_costly_is_named() {
    for (template, names) in [
        ("{{.Size}}", true),
        ("{{if .ID}}{{len (print .Size)}}{{end}}", true),
        ("{{json .}}", true),
        ("{{.ID}} Size", false),
    ] {
        assert_eq!(
            Template::parse(template).unwrap().names("Size"),
            names,
            "{template}"
        );
    }
}

#[test]
fn no_template_takes_for_ever() {
    let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let nested = format!("{}{}", "{{if 1}}".repeat(10_000), "{{end}}".repeat(10_000));
    let chain = format!("{{{{if 0}}}}{}{{{{end}}}}", "{{else if 0}}".repeat(10_000));
    for template in [format!("{{{{{deep}}}}}"), nested, chain] {
        assert_eq!(wrong(&template).1, Problem::TooMuch);
    }
    let list: Vec<u32> = (0..1000).collect();
    let value = json!({ "L": list });
    let power = format!("{}x{}", "{{range $.L}}".repeat(5), "{{end}}".repeat(5));
    let error = Template::parse(&power).unwrap().run(&value).unwrap_err();
    assert_eq!(error.problem, Problem::TooMuch);
    let doubled = "{{$a := \"xxxxxxxx\"}}".to_owned() + &"{{$a = print $a $a}}".repeat(40);
    let error = Template::parse(&doubled).unwrap().run(&value).unwrap_err();
    assert_eq!(error.problem, Problem::TooMuch);
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in r#"([{}]{2}|[-. $:=|(),"`%]|if|end|else|range|with|json|index|printf|\.ID|\.Ports|[a-z0-9가]){0,30}"#) {
        if let Ok(template) = Template::parse(&text) {
            let _ = template.run(&row());
            let _ = template.run_heads(&row());
        }
    }
}
