//! export, import, commit, compressed archives; what images share; completions and manual pages.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::common::strata::{Home, entries};

fn inspect(home: &Home, name: &str) -> Value {
    let text = home.ok(&format!("inspect {name}"));
    serde_json::from_str::<Value>(&text).unwrap()[0].clone()
}

fn members(tar: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(tar);
    let path = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        entry.unwrap().path().unwrap().display().to_string()
    };
    archive.entries().unwrap().map(path).collect()
}

fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, name, text.as_bytes())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn a_tar_becomes_an_image_with_the_settings_that_are_told() {
    let home = Home::new();
    home.file("files.tar", packed(&[("a/b", "1234567")]));
    let id = home
        .words(&[
            "import",
            "-m",
            "brought in",
            "-c",
            "ENV A=1 B=two",
            "-c",
            "ENV C=$B/x",
            "-c",
            "CMD [\"/a/b\"]",
            "-c",
            "WORKDIR /a",
            "-c",
            "LABEL stage=test",
            "-c",
            "EXPOSE 80",
            "files.tar",
            "brought:1",
        ])
        .ok();
    let image = inspect(&home, "brought:1");
    assert_eq!(image["Id"], id.trim_end());
    let config = &image["Config"];
    assert_eq!(
        config["Env"],
        serde_json::json!(["A=1", "B=two", "C=two/x"])
    );
    assert_eq!(
        (&config["WorkingDir"], &config["Labels"]["stage"]),
        (&"/a".into(), &"test".into())
    );
    assert_eq!(config["Cmd"], serde_json::json!(["/a/b"]));
    assert!(config["ExposedPorts"]["80/tcp"].is_object());
    let history = home.words(&["history", "--format", "{{.Size}} {{.Comment}}", "brought:1"]);
    assert_eq!(history.ok(), "7B brought in\n");
    assert!(home.ok("files brought:1").contains("/a/b"));
    home.call("import files.tar Bad")
        .fails(1, "must be lowercase");
    home.call("import nosuch.tar x").fails(1, "nosuch.tar");
    home.words(&["import", "-c", "RUN ls", "files.tar"])
        .fails(1, "RUN is not a valid change command");
    home.words(&["import", "-c", "EXPOSE 99999", "files.tar"])
        .fails(1, "99999");
    home.file("noise", "this is no tar at all".repeat(100));
    home.call("import noise").fails(1, "");
    home.ok("import files.tar");
    assert_eq!(home.ok("images -q").lines().count(), 2);
    // Checking a layer from outside unpacks it again; that folder goes with the next start.
    let said = home.ok("system fsck");
    assert!(said.contains("the store is clean"), "{said}");
}

#[test]
fn archives_load_however_they_are_compressed() {
    let from = Home::with("FROM scratch\nCOPY a.txt /\n");
    from.file("a.txt", "text ".repeat(1000));
    from.ok("build -q -t one .");
    from.ok("tag one two:2");
    let archive = from.beside("both.tar");
    from.ok(&format!("save -o {} one two:2", archive.display()));
    let bytes = fs::read(&archive).unwrap();
    let zstd =
        ruzstd::encoding::compress_to_vec(&bytes[..], ruzstd::encoding::CompressionLevel::Fastest);
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    std::io::Write::write_all(&mut bzip2, &bytes).unwrap();
    let bzip2 = bzip2.finish().unwrap();
    for (name, packed) in [("both.tar.zst", zstd), ("both.tar.bz2", bzip2)] {
        let home = Home::new();
        home.file(name, packed);
        let said = home.ok(&format!("load -i {name}"));
        assert_eq!(
            said, "Loaded image: one:latest\nLoaded image: two:2\n",
            "{name}"
        );
        home.assert_clean();
    }
}

#[test]
#[cfg_attr(no_kernel, ignore = "STRATA_TEST_NO_KERNEL=1")]
fn a_container_is_written_out_and_becomes_an_image() {
    for force in ["", "copy"] {
        let home = Home::with(
            "FROM practice-os\nRUN mkdir /d && echo old > /d/old && echo 1 > /one\nENTRYPOINT [\"sh\"]\nENV KEPT=1\n",
        );
        let home = home.force(force);
        home.ok("build -q -t base .");
        home.words(&[
            "run",
            "--name",
            "c1",
            "-e",
            "NEW=2",
            "--label",
            "by=test",
            "base",
            "-c",
            "rm -r /d; echo two >> /one; mkdir -p /x/y; echo z > /x/y/z; ln -s z /x/y/l",
        ])
        .ok();
        home.ok("export -o out.tar c1");
        let names = members(&fs::read(home.context().join("out.tar")).unwrap());
        let has = |name: &str| names.iter().any(|it| it.trim_matches('/') == name);
        assert!(
            has("one") && has("x/y/z") && has("x/y/l") && !has("d") && !has("d/old"),
            "{names:?}"
        );
        let id = home
            .words(&[
                "commit",
                "-a",
                "me",
                "-m",
                "a remark",
                "-c",
                "CMD [\"-c\",\"cat /one /x/y/l; echo $NEW\"]",
                "c1",
                "made",
            ])
            .ok();
        let image = inspect(&home, "made");
        assert_eq!(
            (&image["Id"], &image["Author"]),
            (&id.trim_end().into(), &"me".into())
        );
        let config = &image["Config"];
        assert_eq!(config["Labels"]["by"], "test");
        let env = config["Env"].as_array().unwrap();
        assert!(
            env.contains(&"NEW=2".into()) && env.contains(&"KEPT=1".into()),
            "{env:?}"
        );
        assert!(
            !env.iter()
                .any(|it| it.as_str().unwrap().starts_with("HOSTNAME=")),
            "{env:?}"
        );
        assert_eq!(home.ok("run --rm made"), "1\ntwo\nz\n2\n");
        assert_eq!(
            home.words(&[
                "run",
                "--rm",
                "made",
                "-c",
                "ls /d 2>/dev/null || echo gone"
            ])
            .ok(),
            "gone\n"
        );
        let layers = image["RootFS"]["Layers"].as_array().unwrap().len();
        let below = inspect(&home, "base")["RootFS"]["Layers"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(layers, below + 1);
        home.call("commit nosuch x")
            .fails(1, "No such container: nosuch");
        home.call("export nosuch")
            .fails(1, "No such container: nosuch");
        home.call("commit c1 Bad").fails(1, "must be lowercase");
        home.assert_clean();
    }
}

#[test]
fn what_images_share_is_drawn() {
    let home = Home::with("FROM scratch\nCOPY a.txt /a\n");
    home.file("a.txt", "1234567");
    home.ok("build -q -t base .");
    home.file("More", "FROM base\nCOPY a.txt /b\nCOPY a.txt /c\n");
    home.ok("build -q -t more -f More .");
    home.file("Other", "FROM base\nENV A=1\n");
    home.ok("build -q -t other -f Other .");
    let tree = home.ok("images --tree");
    let lines: Vec<&str> = tree.lines().collect();
    assert_eq!(lines.len(), 3, "{tree}");
    assert!(
        lines[0].starts_with("base:latest") && lines[0].ends_with("1 layer"),
        "{tree}"
    );
    let line = |name: &str| {
        lines
            .iter()
            .find(|line| line.contains(name))
            .copied()
            .unwrap()
    };
    assert!(line("more:latest").contains("+14B  2 layers"), "{tree}");
    assert!(line("other:latest").contains("+0B  0 layers"), "{tree}");
    let shared = home.ok("stack more other");
    let expected = [
        "only more  2 layers, 14 B",
        "only other  0 layers, 0 B",
        "shared by both  1 layer, 7 B",
    ];
    for text in expected {
        assert!(shared.contains(text), "{text}: {shared}");
    }
    assert!(
        home.ok("--lang ko stack more other")
            .contains("둘 다 쓰는 레이어")
    );
    let json: Value = serde_json::from_str(&home.ok("stack --json more other")).unwrap();
    assert_eq!(
        (
            json["both"].as_array().unwrap().len(),
            json["left"].as_array().unwrap().len()
        ),
        (1, 2)
    );
}

#[test]
fn completions_and_manual_pages_know_every_verb() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.ok(&format!("completions {shell}"));
        for word in ["build", "prune", "no-cache-filter"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    home.call("completions nosuch").fails(1, "nosuch");
    let page = home.ok("man system prune");
    assert!(
        page.contains(".TH strata-system-prune 1") && page.contains("volumes"),
        "{page}"
    );
    assert!(home.ok("--lang ko man build").contains("빌드"));
    home.call("man nosuch").fails(1, "no verb nosuch");
    home.ok("man --dir pages");
    let pages = entries(&home.context().join("pages"));
    for page in ["strata.1", "strata-build.1", "strata-image-prune.1"] {
        assert!(pages.contains(&page.to_owned()), "{pages:?}");
    }
}

#[test]
fn the_program_may_be_called_docker() {
    let home = Home::with("FROM scratch\nENV A=1\n");
    let docker = home.beside("docker");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_strata"), &docker).unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::new(&docker);
        command
            .args(words)
            .current_dir(home.context())
            .env("STRATA_ROOT", home.store());
        let output = command.env("LANG", "C.UTF-8").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["build", "-q", "-t", "shop", "."]);
    assert!(run(&["images"]).contains("shop"));
    assert_eq!(
        run(&["image", "inspect", "-f", "{{index .Config.Env 1}}", "shop"]).trim(),
        "A=1"
    );
}
