//! `images`' filters and `--format` everywhere.

use crate::common::strata::Home;

fn shop() -> Home {
    let home =
        Home::with("FROM scratch\nCOPY a.txt /a\nLABEL stage=test tier=front\nCMD [\"/a\"]\n");
    home.file("a.txt", "1234567");
    home.ok("build -q -t shop:1 .");
    home.ok("tag shop:1 team/shop:2");
    home
}

fn format(home: &Home, verb: &str, format: &str) -> String {
    let mut words: Vec<&str> = verb.split(' ').collect();
    words.extend(["--format", format]);
    home.words(&words).ok()
}

#[test]
fn images_are_listed_as_they_are_asked_for() {
    let home = shop();
    home.file("Other", "FROM scratch\nCOPY a.txt /b\n");
    home.ok("build -q -f Other .");
    let names = |words: &str| {
        format(
            &home,
            &format!("images {words}"),
            "{{.Repository}}:{{.Tag}}",
        )
        .replace('\n', " ")
    };
    assert_eq!(names("--filter dangling=true"), "<none>:<none> ");
    assert_eq!(names("--filter dangling=false"), "shop:1 team/shop:2 ");
    assert_eq!(names("shop"), "shop:1 ");
    assert_eq!(names("shop:9"), "");
    assert_eq!(names("*/shop"), "team/shop:2 ");
    assert_eq!(
        names("--filter reference=*:1 --filter reference=team/*"),
        "shop:1 team/shop:2 "
    );
    assert_eq!(
        names("--filter label=stage=test --filter label=tier"),
        "shop:1 team/shop:2 "
    );
    assert_eq!(names("--filter label=stage=prod"), "");
    assert_eq!(names("--filter until=1h"), "");
    assert_eq!(names("--filter before=shop:1"), "");
    assert_eq!(names("--filter since=shop:1 --filter dangling=false"), "");
    home.call("images --filter since=nosuch")
        .fails(1, "No such image: nosuch");
    home.call("images --filter color=red")
        .fails(1, "invalid filter 'color'");
    home.call("images --filter dangling=perhaps")
        .fails(1, "invalid filter 'dangling=perhaps'");
}

#[test]
fn every_list_takes_a_template_a_table_and_json() {
    let home = shop();
    assert_eq!(
        format(&home, "images shop", "{{.Tag}} {{.Size | lower}}"),
        "1 7b\n"
    );
    assert_eq!(
        format(&home, "images", "table {{.Repository}}\\t{{upper .Tag}}"),
        "REPOSITORY   TAG\nshop         1\nteam/shop    2\n"
    );
    let rows = format(&home, "images", "json");
    let row: serde_json::Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&row["Repository"], &row["Containers"]),
        (&"shop".into(), &"N/A".into())
    );
    assert_eq!(format(&home, "images", "table"), home.ok("images"));
    assert_eq!(
        format(
            &home,
            "history shop:1",
            "{{.Size}}|{{truncate .CreatedBy 4}}"
        )
        .replace('\n', " "),
        "0B|CMD  0B|LABE 7B|COPY "
    );
    assert_eq!(
        format(&home, "ps -a", "table {{.ID}}\t{{.Names}}"),
        "CONTAINER ID   NAMES\n"
    );
    assert_eq!(
        format(&home, "system df", "{{.Type}}={{.TotalCount}}")
            .lines()
            .next(),
        Some("Images=1")
    );
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        format(&home, "version", "{{.Server.Version}}"),
        format!("{version}\n")
    );
}

#[test]
fn inspect_answers_what_a_template_asks() {
    let home = shop();
    for (template, answer) in [
        (
            "{{json .Config.Labels}}",
            r#"{"stage":"test","tier":"front"}"#,
        ),
        (
            "{{index .Config.Labels \"stage\"}}{{.Config.Labels.none}}",
            "test<no value>",
        ),
        (
            "{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}",
            "stage=test tier=front ",
        ),
        (
            "{{.Config.Cmd}} {{join .RepoTags \",\"}}",
            "[/a] shop:1,team/shop:2",
        ),
        (
            "{{if .Config.Healthcheck}}has{{else}}has no{{end}} {{.Size}}",
            "has no 7",
        ),
        ("{{len .RootFS.Layers}}", "1"),
    ] {
        assert_eq!(
            format(&home, "inspect shop:1", template),
            format!("{answer}\n")
        );
    }
    assert!(format(&home, "inspect shop:1", "json").starts_with("{\"Architecture\":"));
    let wrong = |template: &str, code: i32, words: &str| {
        home.words(&["inspect", "-f", template, "shop:1"])
            .fails(code, words)
    };
    let said = wrong("{{.Confg}}", 1, "column 3: there is no field .Confg here");
    assert!(said.contains("did you mean .Config?"), "{said}");
    wrong(
        "{{.Config",
        64,
        "template parsing error: column 1: `{{` is not closed",
    );
    let said = home
        .words(&["images", "--format", "{{.Repositry}}"])
        .fails(1, "no field .Repositry");
    assert!(said.contains("did you mean .Repository?"), "{said}");
    let said = home
        .words(&["--lang", "ko", "images", "--format", "{{jsn .}}"])
        .fails(1, "그런 함수가 없습니다: jsn");
    assert!(said.contains("json 아닌가요?"), "{said}");
    home.call("inspect --type container shop:1")
        .fails(1, "No such object: shop:1");
    home.call("inspect --type nonsense shop:1")
        .fails(125, "nonsense");
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn containers_are_laid_out_with_what_they_wrote() {
    let home = Home::new();
    home.words(&[
        "run",
        "--name",
        "c1",
        "--label",
        "app=shop",
        "practice-os",
        "sh",
        "-c",
        "echo 12345 > /x",
    ])
    .ok();
    let template =
        "{{.Names}} {{.State}} {{.Label \"app\"}}{{.Label \"none\"}} {{.Labels}} {{.Size}}";
    assert_eq!(
        format(&home, "ps -a", template),
        "c1 exited shop app=shop 6B\n"
    );
    assert_eq!(
        format(
            &home,
            "ps -a",
            "table {{.Label \"com.my-app\"}}\t{{.Names}}"
        ),
        "my app   NAMES\n         c1\n"
    );
    assert!(!format(&home, "ps -a", "json").contains("\"Label\""));
    assert_eq!(
        format(
            &home,
            "inspect c1",
            "{{.Config.Labels.app}} {{.Name}} {{.State.Health}}"
        ),
        "shop /c1 <no value>\n"
    );
}
