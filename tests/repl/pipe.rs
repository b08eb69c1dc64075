//! Lines through a pipe: plain sentences come out, and the exit code of the last.

use std::io::Write;
use std::process::Stdio;

use crate::common::strata::Home;

fn piped(home: &Home, lines: &str) -> (String, String, i32) {
    let mut command = home.command::<&str>([]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code().unwrap(),
    )
}

#[test]
fn lines_come_in_and_sentences_go_out() {
    let home = Home::new();
    home.file("a", "1");
    let lines = "FROM practice-os\nCOPY <<EOF /x\nhello\nEOF\nRUN cat \\\n  /x\nCMD [\"cat\", \"/x\"]\nrun\nwrite\n";
    let (out, err, code) = piped(&home, lines);
    let expected = "\
Step 1 of 1, FROM practice-os: base image, 1 layer.
Step 2 of 2, COPY <<EOF /x: ran, never built before. 6 bytes.
  hello
Step 3 of 3, RUN cat /x: ran, never built before.
Step 4 of 4, CMD [\"cat\", \"/x\"]: image settings only, no layer.
hello
Dockerfile is written (4 instructions).
";
    assert_eq!((out.as_str(), err.as_str(), code), (expected, "", 0));
}

#[test]
fn the_exit_code_is_that_of_the_last_line() {
    let home = Home::new();
    assert_eq!(piped(&home, "run practice-os sh -c 'exit 7'").2, 7);
    assert_eq!(piped(&home, "nonsense\nversion\n").2, 0);
    assert_eq!(piped(&home, "exit 5\nversion\n").2, 5);
    let (_, err, code) = piped(&home, "in 1\nFROM practice-os\nin 1\n");
    assert_eq!(code, 1);
    assert!(err.contains("a shell needs a terminal"), "{err}");
}

#[test]
fn a_program_in_the_pipe_does_not_read_the_next_lines() {
    let home = Home::new();
    let (out, _, code) = piped(&home, "!cat\nrun -i practice-os cat\nversion\n");
    assert_eq!(code, 0);
    assert!(out.starts_with("strata version"), "{out}");
}

#[test]
fn a_pipe_begins_with_an_empty_draft_each_time() {
    let home = Home::new();
    piped(&home, "FROM practice-os\n");
    let (out, _, _) = piped(&home, "draft\n");
    assert!(out.contains("The draft is empty"), "{out}");
}
