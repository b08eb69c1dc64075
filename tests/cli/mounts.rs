//! RUN --mount: what the step sees, what it leaves, what counts for the cache.

use std::os::unix::net::UnixListener;

use crate::common::strata::{Home, ids};

/// Builds the Dockerfile in a context with some files and returns what a shell line prints in it.
fn built(dockerfile: &str, options: &str, line: &str) -> String {
    let home = home(dockerfile);
    home.ok(&format!("build -q -t image {options} ."));
    home.shell("image", line)
}

fn home(dockerfile: &str) -> Home {
    let home = Home::with(dockerfile);
    home.file("a.txt", "a\n");
    home.file("dir/b.txt", "b\n");
    home.file("dir/left-out.log", "log\n");
    home.file(".dockerignore", "**/*.log\n");
    home
}

/// Tells whether a text is anywhere in the store.
fn is_in_store(home: &Home, text: &str) -> bool {
    fn search(folder: &std::path::Path, text: &[u8]) -> bool {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.unwrap()).any(|entry| {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                return search(&entry.path(), text);
            }
            let bytes = if kind.is_file() {
                std::fs::read(entry.path()).unwrap_or_default()
            } else {
                Vec::new()
            };
            bytes.windows(text.len()).any(|part| part == text)
        })
    }
    search(&home.store(), text.as_bytes())
}

const CASES: &[(&str, &str, &str)] = &[
    // (RUN and what follows, shell line, what it prints)
    (
        "RUN --mount=target=/ctx cat /ctx/a.txt /ctx/dir/b.txt > /said; ls /ctx/dir >> /said",
        "cat /said; ls -d /ctx 2>&1 | grep -c 'o such file'",
        "a\nb\nb.txt\n1\n",
    ),
    (
        "RUN --mount=target=/ctx echo x > /ctx/new || echo refused > /said",
        "cat /said",
        "refused\n",
    ),
    (
        "RUN --mount=target=/ctx,rw echo x > /ctx/a.txt && touch /ctx/dir/new && cat /ctx/a.txt > /said\n\
         RUN --mount=target=/ctx cat /ctx/a.txt >> /said; ls /ctx/dir >> /said",
        "cat /said",
        "x\na\nb.txt\n",
    ),
    (
        "RUN --mount=source=dir,target=/deep/er cat /deep/er/b.txt > /said",
        "cat /said; ls -d /deep 2>&1 | grep -c 'o such file'",
        "b\n1\n",
    ),
    (
        "RUN --mount=source=a.txt,target=/etc/one.txt cat /etc/one.txt > /said",
        "cat /said; ls /etc/one.txt 2>&1 | grep -c 'o such file'",
        "a\n1\n",
    ),
    (
        "RUN --mount=from=early,source=/out,target=/in cp /in/file /said",
        "cat /said",
        "early\n",
    ),
    (
        "RUN --mount=from=early,source=/link/file,target=/in,rw echo more >> /in && cp /in /said\n\
         RUN --mount=from=early,target=/in cat /in/out/file >> /said",
        "cat /said",
        "early\nmore\nearly\n",
    ),
    (
        "RUN --mount=from=practice-os,target=/other test -x /other/bin/sh && echo yes > /said",
        "cat /said",
        "yes\n",
    ),
    (
        "WORKDIR /w\nRUN --mount=source=a.txt,target=here cat here > /said",
        "cat /said; ls /w",
        "a\n",
    ),
    (
        "RUN --mount=type=tmpfs,target=/mem,size=4k dd if=/dev/zero of=/mem/x bs=64k count=1 2>/dev/null || echo full > /said",
        "cat /said; ls -d /mem 2>&1 | grep -c 'o such file'",
        "full\n1\n",
    ),
    (
        "RUN --mount=type=tmpfs,target=/var printf '#!/bin/sh\\necho ran' > /var/x && chmod +x /var/x && /var/x > /said",
        "cat /said; ls /var/x 2>&1 | grep -c 'o such file'",
        "ran\n1\n",
    ),
    (
        "RUN --mount=type=cache,target=/c touch /c/first\nRUN --mount=type=cache,target=/c ls /c > /said",
        "cat /said; ls -d /c 2>&1 | grep -c 'o such file'",
        "first\n1\n",
    ),
    (
        "RUN --mount=type=cache,id=x,target=/c touch /c/x\n\
         RUN --mount=type=cache,id=y,target=/c touch /c/y; ls /c > /said\n\
         RUN --mount=type=cache,id=x,target=/d --mount=type=cache,id=x,target=/e ls /d /e >> /said",
        "cat /said",
        "y\n/d:\nx\n\n/e:\nx\n",
    ),
    (
        "RUN --mount=type=cache,target=/c,from=early,source=/out ls /c > /said; touch /c/more\n\
         RUN --mount=type=cache,target=/c,from=early,source=/out ls /c >> /said",
        "cat /said",
        "file\nfile\nmore\n",
    ),
    (
        "RUN --mount=type=cache,target=/c,mode=0700 stat -c %a /c > /said",
        "cat /said",
        "700\n",
    ),
    (
        "RUN --mount=type=cache,target=/c,ro touch /c/x || echo refused > /said",
        "cat /said",
        "refused\n",
    ),
    (
        "RUN --mount=type=secret,id=none test -e /run/secrets/none || echo nothing > /said",
        "cat /said",
        "nothing\n",
    ),
];

const HEAD: &str = "FROM practice-os AS early\nRUN mkdir /out && echo early > /out/file && ln -s out /link\n\
    FROM practice-os\n";

#[test]
fn a_step_sees_what_is_mounted_and_leaves_no_trace_of_it() {
    for (run, line, printed) in CASES {
        let seen = built(&format!("{HEAD}{run}\n"), "", line);
        assert_eq!(seen, *printed, "{run}");
    }
}

#[test]
fn the_same_where_layers_are_copied() {
    for (run, line, printed) in CASES.iter().take(8) {
        let home = home(&format!("{HEAD}{run}\n")).force("copy");
        home.ok("build -q -t image .");
        assert_eq!(home.shell("image", line), *printed, "{run}");
    }
}

#[test]
fn mounts_make_no_files_in_the_layer() {
    let home = home(
        "FROM practice-os\n\
         RUN --mount=target=/etc/deep/er --mount=type=cache,target=/var/cache/x \
             --mount=type=tmpfs,target=/opt/t --mount=type=secret,id=s --mount=type=secret,id=s,target=/srv/a/b true\n",
    );
    home.file("../key", "hunter2");
    let rows = home.build("--secret id=s,src=../key");
    let layer = &rows.step(2)["layer"];
    assert_eq!(layer["files"], 0, "{layer:#}");
    assert_eq!(layer["folders"], 0, "{layer:#}");
    home.assert_clean();
}

#[test]
fn secrets_are_seen_by_the_step_and_by_nothing_else() {
    let home = home(
        "FROM practice-os\n\
         RUN --mount=type=secret,id=key,required stat -c '%a %U' /run/secrets/key > /said && wc -c < /run/secrets/key >> /said\n\
         RUN --mount=type=secret,id=word,env=WORD test \"${#WORD}\" = 12 && test ! -e /run/secrets/word\n\
         USER learner\n\
         RUN --mount=type=secret,id=key,target=/tmp/mine,uid=1000,mode=0440 wc -c < /tmp/mine > /tmp/count\n",
    );
    home.file("../key", "hunter2secret");
    let mut command = home.command([
        "build",
        "-t",
        "image",
        "--secret",
        "id=key,src=../key",
        "--secret",
        "id=word,env=MY_WORD",
        ".",
    ]);
    let output = command.env("MY_WORD", "hunter3words").output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = home.shell(
        "image",
        "cat /said /tmp/count; ls /run/secrets /tmp/mine 2>&1 | grep -c 'o such file'",
    );
    assert_eq!(said, "400 root\n13\n13\n2\n");
    for secret in ["hunter2secret", "hunter3words"] {
        assert!(!is_in_store(&home, secret), "{secret}");
    }
    assert!(
        is_in_store(&home, "400 root"),
        "the search finds what is there"
    );
}

#[test]
fn a_failed_step_does_not_keep_a_secret_in_its_report() {
    let home =
        home("FROM practice-os\nRUN --mount=type=secret,id=key cat /run/secrets/key; false\n");
    home.file("../key", "hunter2secret");
    let called = home.call("build --secret id=key,src=../key .");
    assert_eq!(called.code, Some(1));
    assert!(!is_in_store(&home, "hunter2secret"));
}

#[test]
fn what_a_step_requires_and_does_not_get_is_named_with_the_remedy() {
    for (run, words) in [
        (
            "--mount=type=secret,id=key,required",
            ["secret key: not found", "--secret id=key,src=FILE"],
        ),
        (
            "--mount=type=secret,id=key,env=K,required",
            ["secret key: not found", "--secret id=key,src=FILE"],
        ),
        (
            "--mount=type=ssh,required",
            ["no SSH key \"default\" forwarded", "--ssh default"],
        ),
        (
            "--mount=source=none,target=/x",
            ["\"/none\": not found", "build context"],
        ),
        (
            "--mount=source=dir/left-out.log,target=/x",
            ["\"/dir/left-out.log\": not found", "leaves it out"],
        ),
        (
            "--mount=from=early,source=/none,target=/x",
            ["none\": not found", ""],
        ),
    ] {
        let home = home(&format!("{HEAD}RUN {run} true\n"));
        let called = home.call("build .");
        assert_eq!(called.code, Some(1), "{run}");
        for word in words {
            assert!(called.err.contains(word), "{run}: {}", called.err);
        }
    }
}

#[test]
fn wrong_secrets_and_agents_are_refused_before_anything_runs() {
    for (options, word) in [
        ("--secret src=x", "it has no id"),
        ("--secret id=a,src=missing", "cannot read missing"),
        ("--secret id=a,env=NOT_SET", "NOT_SET is not set"),
        ("--secret id=a,x=y", "unexpected key 'x'"),
        ("--ssh default", "SSH_AUTH_SOCK is not set"),
        ("--ssh default=a.txt", "not the socket of an ssh agent"),
    ] {
        let home = home("FROM scratch\n");
        let called = home.call(&format!("build {options} ."));
        assert_eq!(called.code, Some(125), "{options}");
        assert!(called.err.contains(word), "{options}: {}", called.err);
    }
}

#[test]
fn an_agent_is_where_its_variable_says() {
    let home = home(
        "FROM practice-os\nRUN --mount=type=ssh test -S \"$SSH_AUTH_SOCK\" && echo $SSH_AUTH_SOCK > /said\n\
         RUN --mount=type=ssh,mode=0662 ls -ln $SSH_AUTH_SOCK > /mode\n\
         RUN --mount=type=ssh,uid=5,gid=6 ls -ln $SSH_AUTH_SOCK > /owner\n\
         RUN test ! -e /run/buildkit && test -z \"$SSH_AUTH_SOCK\"\n",
    );
    let _agent = UnixListener::bind(home.beside("agent")).unwrap();
    home.ok("build -q -t image --ssh default=../agent .");
    assert_eq!(
        home.shell("image", "cat /said"),
        "/run/buildkit/ssh_agent.0\n"
    );
    let mode = home.shell("image", "cat /mode");
    assert!(mode.starts_with("srw-rw--w-"), "{mode}");
    let owner = home.shell("image", "cat /owner");
    let found: Vec<&str> = owner.split_whitespace().skip(2).take(2).collect();
    assert_eq!(found, ids(["5", "6"], ["0", "0"]), "{owner}");
}

#[test]
fn shown_files_count_for_the_cache_and_caches_and_secrets_do_not() {
    let home = home(
        "FROM practice-os\n\
         RUN --mount=source=dir,target=/in --mount=type=cache,target=/c --mount=type=secret,id=s touch /c/$(date +%N)\n",
    );
    home.file("../key", "one");
    let options = "--secret id=s,src=../key";
    assert_eq!(home.states(options), "BASE MISS");
    home.file("../key", "two");
    home.file("a.txt", "not shown");
    home.file("dir/left-out.log", "ignored");
    assert_eq!(home.states(options), "BASE HIT");
    home.file("dir/b.txt", "changed");
    let plan = home.plan(options);
    assert_eq!(plan.states(), "BASE MISS");
    assert_eq!(home.states(options), "BASE MISS");
    let why = home.ok("why 2");
    assert!(why.contains("dir/b.txt"), "{why}");
}

#[test]
fn a_stage_that_comes_out_the_same_is_a_hit_for_what_mounts_it() {
    let text = |how: &str| {
        format!(
            "FROM practice-os AS made\nRUN {how} > /made\nFROM practice-os\n\
             RUN --mount=from=made,source=/made,target=/in cat /in\n"
        )
    };
    let home = home(&text("echo x"));
    assert_eq!(home.states(""), "BASE MISS BASE MISS");
    home.file("Dockerfile", text("printf 'x\\n'"));
    let plan = home.plan("");
    assert_eq!(plan.states(), "BASE MISS BASE UNKNOWN");
    assert_eq!(home.states(""), "BASE MISS BASE HIT");
    home.file("Dockerfile", text("echo y"));
    assert_eq!(home.states(""), "BASE MISS BASE MISS");
    assert!(home.ok("why 4").contains("made:/made"));
}

#[test]
fn a_changed_mount_is_named_as_the_cause() {
    let text = |size: &str| {
        format!("FROM practice-os\nRUN --mount=type=tmpfs,target=/t,size={size} true\n")
    };
    let home = home(&text("1m"));
    home.states("");
    home.file("Dockerfile", text("2m"));
    assert_eq!(home.states(""), "BASE MISS");
    let why = home.ok("why 2");
    assert!(
        why.contains("--mount 1") && why.contains("size=2097152"),
        "{why}"
    );
}

#[test]
fn cache_folders_survive_no_cache_and_are_in_no_layer() {
    let home = home(
        "FROM practice-os\nRUN --mount=type=cache,target=/c echo line >> /c/log; cp /c/log /said\n",
    );
    home.ok("build -q .");
    home.ok("build -q --no-cache -t image .");
    assert_eq!(home.shell("image", "cat /said"), "line\nline\n");
    home.assert_clean();
}

#[test]
fn a_cache_of_a_user_belongs_to_that_user() {
    let home = home(
        "FROM practice-os\nUSER learner\n\
         RUN --mount=type=cache,target=/tmp/c,uid=1000,gid=1000 touch /tmp/c/x && stat -c %U /tmp/c > /tmp/said\n",
    );
    home.ok("build -q -t image .");
    assert_eq!(
        home.shell("image", "cat /tmp/said"),
        ids("learner\n", "learner\n")
    );
}
