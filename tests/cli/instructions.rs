//! What an image is like after each instruction, as a container of it sees it.

use crate::common::strata::{Home, ids};

/// Builds the Dockerfile and returns what a shell line prints in a container of it.
fn built(dockerfile: &str, line: &str) -> String {
    let home = Home::with(dockerfile);
    home.file("a.txt", "a\n");
    home.ok("build -q -t image .");
    home.shell("image", line)
}

#[test]
fn heredocs_are_scripts_and_files() {
    let file = "FROM practice-os\n\
        RUN <<EOF\necho one > /one\necho two > /two\nEOF\n\
        ENV NAME=world\n\
        COPY <<plain <<'quoted' /etc/\nhello $NAME\nplain\nhello $NAME\nquoted\n";
    let said = built(file, "cat /one /two /etc/plain /etc/quoted");
    assert_eq!(said, "one\ntwo\nhello world\nhello $NAME\n");
}

#[test]
fn user_is_who_runs() {
    let file = "FROM practice-os\nUSER learner\nRUN id -un > /tmp/who\nCMD [\"id\", \"-u\"]\n";
    assert_eq!(
        built(file, "cat /tmp/who; id -u; echo $HOME"),
        "learner\n1000\n/home/learner\n"
    );
}

#[test]
fn workdir_under_user_belongs_to_that_user() {
    let file = "FROM practice-os\nUSER learner\nWORKDIR /srv/own\nRUN touch mine\n";
    let said = built(file, "pwd; stat -c %U /srv/own /srv/own/mine /srv");
    let above = ids("root", "learner");
    assert_eq!(said, format!("/srv/own\nlearner\nlearner\n{above}\n"));
}

#[test]
fn workdir_is_relative_to_the_one_before() {
    assert_eq!(
        built(
            "FROM practice-os\nWORKDIR /a\nWORKDIR b\nWORKDIR c\n",
            "pwd"
        ),
        "/a/b/c\n"
    );
}

#[test]
fn copy_belongs_to_root_even_under_user() {
    let file = "FROM practice-os\nUSER learner\nCOPY a.txt /tmp/\n";
    let owner = built(file, "stat -c %U /tmp/a.txt");
    assert_eq!(owner, ids("root\n", "learner\n"));
}

#[test]
fn chown_and_chmod_of_copy() {
    let file = "FROM practice-os\nCOPY --chown=learner:learner --chmod=600 a.txt /tmp/\n";
    let seen = built(file, "stat -c '%U %G %a' /tmp/a.txt");
    assert_eq!(seen, ids("learner learner 600\n", "root root 600\n"));
}

#[test]
fn shell_is_what_run_and_cmd_use() {
    let file = "FROM practice-os\nSHELL [\"/bin/sh\", \"-uc\"]\nRUN echo $- > /flags\n";
    assert!(built(file, "cat /flags").contains('u'));
}

#[test]
fn variables_are_expanded_and_args_do_not_stay() {
    let file = "ARG BASE=practice-os\nFROM $BASE\nARG V=1\nENV A=${V}x B=${NO:-none}\n\
        RUN echo $A $B $V > /said\n";
    assert_eq!(
        built(file, "cat /said; echo [$V] [$A]"),
        "1x none 1\n[] [1x]\n"
    );
}

#[test]
fn what_a_run_deletes_is_gone_and_what_it_made_stays() {
    let file = "FROM practice-os\nRUN mkdir -p /d/e && echo x > /d/e/f && echo y > /d/g\n\
        RUN rm -r /d/e && ln -s g /d/link\n";
    assert_eq!(built(file, "ls /d; cat /d/link"), "g\nlink\ny\n");
}

#[test]
fn a_run_leaves_no_mount_points_of_the_runtime() {
    let home = Home::with("FROM practice-os\nRUN echo x > /made\n");
    home.build("-t image");
    let rows = home.build("");
    assert_eq!(rows.step(2)["layer"]["files"], 1, "{rows:#?}");
    assert_eq!(rows.step(2)["layer"]["deleted"], 0, "{rows:#?}");
}

#[test]
fn settings_reach_the_config() {
    let home = Home::with(
        "FROM practice-os\nEXPOSE 80 53/udp\nVOLUME /data\nLABEL a=old\nLABEL a=b \"c d\"=\"e f\"\n\
        STOPSIGNAL SIGINT\nENTRYPOINT [\"echo\"]\nCMD [\"x\"]\nUSER 1000:5\n",
    );
    home.ok("build -q -t image .");
    let found: serde_json::Value = serde_json::from_str(&home.ok("inspect image")).unwrap();
    let config = &found[0]["Config"];
    let ports: Vec<&String> = config["ExposedPorts"].as_object().unwrap().keys().collect();
    assert_eq!(ports, ["53/udp", "80/tcp"]);
    // The later value of a key counts.
    assert_eq!(config["Labels"]["a"], "b");
    assert_eq!(config["Labels"]["c d"], "e f");
    assert_eq!(config["StopSignal"], "SIGINT");
    assert_eq!(config["User"], "1000:5");
    assert!(config["Volumes"].get("/data").is_some());
    assert_eq!(config["Entrypoint"], serde_json::json!(["echo"]));
}

#[test]
fn a_dockerfile_from_stdin_and_from_elsewhere() {
    let home = Home::new();
    home.file("other/Thefile", "FROM scratch\nCOPY a.txt /\n");
    home.file("a.txt", "a");
    home.ok("build -q -f other/Thefile .");
    let mut command = home.command(["build", "-q", "-f", "-", "."]);
    command.stdin(std::fs::File::open(home.context().join("other/Thefile")).unwrap());
    assert!(command.status().unwrap().success());
}

#[test]
fn steps_that_make_equal_layers_stack_like_any_others() {
    // Equal layers are one folder, which overlayfs takes only once.
    let file = "FROM practice-os\nRUN true\nRUN echo x > /x\nRUN true\nRUN cat /x\n";
    assert_eq!(built(file, "cat /x"), "x\n");
}
