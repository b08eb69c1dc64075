//! Files of the context, and the draft that outlives the session.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::common::strata::Home;
use crate::common::terminal::Terminal;

#[test]
fn a_file_that_is_there_is_kept_and_undo_brings_it_back() {
    let home = Home::with("FROM scratch\n");
    let read = |name: &str| fs::read_to_string(home.context().join(name)).ok();
    let mut terminal = Terminal::begin(&home);
    terminal.line("FROM practice-os", "1  BASE");
    terminal.line("write", "The Dockerfile that was there is now Dockerfile.1");
    assert_eq!(read("Dockerfile").as_deref(), Some("FROM practice-os\n"));
    assert_eq!(read("Dockerfile.1").as_deref(), Some("FROM scratch\n"));
    terminal.line("write", "already says this");
    terminal.line("undo", "Dockerfile is as it was");
    assert_eq!(read("Dockerfile").as_deref(), Some("FROM scratch\n"));
    assert_eq!(read("Dockerfile.1"), None);
    terminal.line("write other", "other is written (1 instructions)");
}

#[test]
fn the_draft_is_kept_for_its_folder_and_offered() {
    let home = Home::new();
    let mut terminal = Terminal::begin(&home);
    terminal.line("FROM practice-os", "1  BASE");
    terminal.line("CMD [\"echo\", \"kept\"]", "2  META");
    terminal.keys("\u{4}");
    assert_eq!(terminal.ended(), 0);

    let mut terminal = Terminal::open(&home);
    terminal.expect("Continue the draft of 2 lines?");
    terminal.line("", "2  CMD");
    terminal.line("run", "kept");
    terminal.keys("\u{4}");
    assert_eq!(terminal.ended(), 0);

    let mut terminal = Terminal::open(&home);
    terminal.expect("Continue the draft of 2 lines?");
    terminal.line("n", "strata>");
    terminal.line("undo", "back again: CMD");
    drop(terminal);

    // Somebody who answers with a line has gone on already.
    let mut terminal = Terminal::open(&home);
    terminal.expect("Continue the draft of 2 lines?");
    terminal.line("ENV A=1", "3  META");
}

#[test]
fn a_dockerfile_is_opened_and_written_byte_for_byte() {
    let text = "# syntax=docker/dockerfile:1\n\nFROM practice-os\n\n# why\nRUN echo a \\\n  > /a\n\nCMD ls\n";
    let home = Home::with(text);
    let mut terminal = Terminal::begin(&home);
    terminal.line("open Dockerfile", "2  MISS");
    terminal.line("write copy", "copy is written (3 instructions)");
    let copy = fs::read_to_string(home.context().join("copy")).unwrap();
    assert_eq!(copy, text);
    home.file("broken", "FROM practice-os\nRUNN x\n");
    terminal.line("open broken", "broken:2: error");
    terminal.line("draft", "3  CMD ls");
}

#[test]
fn the_draft_and_files_are_edited_in_an_editor() {
    let home = Home::new();
    home.file("server.js", "one");
    // An editor that puts `two` for `one`, with an option of its own.
    let editor = home.beside("editor");
    fs::write(
        &editor,
        "#!/bin/sh\n[ \"$1\" = -w ] && sed -i s/one/two/ \"$2\"\n",
    )
    .unwrap();
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
    let editor = format!("{} -w", editor.display());
    let mut terminal = Terminal::open_with(&home, &[("EDITOR", &editor)]);
    terminal.expect("free play");
    terminal.keys("p\r");
    terminal.expect("strata>");
    terminal.line("FROM practice-os", "1  BASE");
    terminal.line("COPY server.js /", "2  MISS");
    terminal.line("RUN echo one", "3  MISS");
    terminal.line("edit", "3  MISS        0 B  RUN echo two");
    terminal.line(
        "edit server.js",
        "server.js has changed: step 2, COPY server.js /, would run again",
    );
    terminal.line("edit server.js", "server.js is unchanged");
    terminal.line("undo", "server.js is as it was");
    terminal.line("undo", "back again: RUN echo one");
}
