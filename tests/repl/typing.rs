//! Instructions that are typed, and verbs that look at what they made.

use crate::common::strata::Home;
use crate::common::terminal::Terminal;

fn home() -> Home {
    let home = Home::new();
    home.file("a.txt", "hello");
    home.file("server.js", "one");
    home
}

/// The first steps of the issue's acceptance.
fn typed(home: &Home) -> Terminal {
    let mut terminal = Terminal::begin(home);
    terminal.line("FROM practice-os", "1  BASE");
    terminal.line("WORKDIR /app", "2  MISS");
    terminal.line("COPY . /app", "2 files");
    terminal.line("RUN echo hi > /app/x", "4  MISS       +3 B");
    terminal.line("ENV A=1", "5  META");
    terminal.line("EXPOSE 80", "6  META");
    terminal.line("CMD [\"cat\",\"/app/x\"]", "7  META");
    terminal
}

#[test]
fn each_line_is_carried_out_and_the_draft_runs() {
    let home = home();
    let mut terminal = typed(&home);
    terminal.line("run", "hi");
    for _ in 0..4 {
        terminal.line("undo", "taken back");
    }
    let news = terminal.line("RUN echo hi > /app/x", "4  HIT");
    assert!(!news.contains("MISS"), "{news}");
    terminal.line("redo", "nothing to do again");
}

#[test]
fn a_word_is_expanded_as_after_the_draft() {
    let home = home();
    let mut terminal = Terminal::begin(&home);
    terminal.line("expand '${A:-nothing}'", "nothing");
    terminal.line("FROM practice-os", "1  BASE");
    terminal.line("ENV A=one", "2  META");
    terminal.line("ARG B=two A=three", "3  META");
    terminal.line("expand '$A $B ${PATH##*:}'", "three two /bin");
    terminal.line("expand --env B=mine '$B'", "mine");
}

#[test]
fn a_list_that_is_no_json_is_remarked_as_it_is_typed() {
    let home = home();
    let mut terminal = Terminal::begin(&home);
    terminal.line("FROM practice-os", "1  BASE");
    let news = terminal.line("CMD [\"echo\", 'hi']", "2  META");
    assert!(
        news.contains("line 2: this looks like a JSON array"),
        "{news}"
    );
    let news = terminal.line("ENV A=1", "3  META");
    assert!(!news.contains("JSON"), "said once is enough: {news}");
}

#[test]
fn a_draft_that_was_written_is_all_hit_in_the_shell() {
    let home = home();
    let mut terminal = typed(&home);
    terminal.keys("write Dockerfile\r");
    terminal.expect("Step 3, COPY . /app, now sees Dockerfile as well");
    terminal.expect("Add them?");
    terminal.line("y", "No step sees it any more");
    assert_eq!(home.states(""), "BASE HIT HIT HIT META META META");
}

#[test]
fn a_changed_file_is_foreseen_and_explained() {
    let home = home();
    let mut terminal = typed(&home);
    home.file("server.js", "two");
    terminal.line(
        "plan",
        "3  MISS             COPY . /app                    server.js: new content",
    );
    let news = terminal.line("why 4", "earlier steps         changed: step 3");
    assert!(news.contains("server.js"), "{news}");
    terminal.line("build", "4 layers: 1 base, 1 reused, 2 rebuilt");
    terminal.line("files 3", "A      3 B  /app/server.js");
}

#[test]
fn changes_in_the_middle_say_first_what_has_to_run() {
    let home = home();
    let mut terminal = typed(&home);
    let news = terminal.line("insert 3 RUN echo \"it's\"", "8  META");
    assert!(news.starts_with("Steps 3, 4, 5 go to MISS."), "{news}");
    let news = terminal.line("drop 3", "7  META");
    assert!(news.starts_with("No step has to run"), "{news}");
    terminal.line("move 6 5", "5  META      (0 B)  EXPOSE 80");
    terminal.line("replace 7 CMD [\"echo\",\"new\"]", "7  META");
    terminal.line("run", "new");
    terminal.line("undo", "back again: CMD [\"cat\",\"/app/x\"]");
    terminal.line("run", "hi");
    terminal.line("drop 9", "there is no line 9: the draft has 7");
}

#[test]
fn a_whole_dockerfile_is_pasted_and_stops_at_its_first_failure() {
    let home = home();
    let mut terminal = Terminal::begin(&home);
    let file = "FROM practice-os\n\n# why\nRUN echo a \\\n  && echo b\nRUN exit 4\nCMD [\"ls\"]\nEXPOSE 1\n";
    terminal.keys(&format!("\u{1b}[200~{file}\u{1b}[201~"));
    terminal.expect("EXPOSE 1");
    let news = terminal.line("", "Stopped here: 2 more");
    assert!(
        news.contains("3  FAIL") && news.contains("RUN exit 4"),
        "{news}"
    );
    assert_eq!(news.matches("FROM practice-os").count(), 1, "{news}");
    let draft = terminal.line("draft", "2  RUN echo a");
    assert!(
        draft.contains("# why") && !draft.contains("exit 4"),
        "{draft}"
    );
}

#[test]
fn a_shell_opens_in_the_image_of_a_step() {
    let home = home();
    let mut terminal = typed(&home);
    terminal.keys("in 3\r");
    terminal.expect("A shell in the image as step 3 left it");
    terminal.expect("#");
    terminal.keys("pwd; ls; echo A=$A.\r");
    terminal.expect("/app");
    terminal.expect("a.txt  server.js");
    terminal.expect("A=.");
    terminal.keys("exit\r");
    terminal.line("", "");
    terminal.line("in 4 cat /app/x", "hi");
    terminal.line("ps -a", "CONTAINER ID");
    assert_eq!(home.ok("ps -aq"), "");
}

#[test]
fn every_sentence_is_there_in_korean() {
    let home = home();
    let mut terminal = Terminal::open_with(&home, &[("STRATA_LANG", "ko")]);
    terminal.expect("레슨");
    terminal.keys("p\r");
    terminal.expect("strata>");
    terminal.line("FROM practice-os", "레이어 1개");
    terminal.line("RUN exit 3", "`in 2`로 2단계 직전의 이미지");
    terminal.line("help COPY", "빌드 컨텍스트나 다른 스테이지");
    terminal.line("fooo", "strata 명령이 아닙니다");
    terminal.line("lang en", "Messages are in English");
    terminal.line("undo", "taken back: FROM practice-os");
}

#[test]
fn tab_completes_instructions_images_paths_and_verbs() {
    let home = home();
    let mut terminal = Terminal::begin(&home);
    terminal.keys("FR\tpractice-o\t\r");
    terminal.expect("1  BASE");
    terminal.line("WORKDIR /app", "2  MISS");
    terminal.keys("COPY ser\t/\r");
    terminal.expect("3  MISS");
    terminal.keys("und\t\r");
    terminal.expect("taken back: COPY server.js /");
}

#[test]
fn what_goes_on_says_how_it_ends_and_is_one_line_of_the_history() {
    let home = home();
    let mut terminal = Terminal::begin(&home);
    terminal.line("FROM practice-os", "1  BASE");
    terminal.keys("RUN <<EOF\r");
    terminal.expect("`EOF` on a line of its own ends it; Ctrl-C gives all of it up.");
    terminal.keys("echo one > /one\r");
    terminal.expect("  ... echo one");
    terminal.line("EOF", "2  MISS");
    terminal.keys("RUN echo two \\\r");
    terminal.expect("A line that does not end in \\ is the last; Ctrl-C gives all of it up.");
    terminal.keys("# why\r> /two \\\r");
    terminal.expect("  ... > /two");
    terminal.line("&& true", "3  MISS");
    let text = terminal.text();
    assert_eq!(text.matches("all of it up").count(), 2, "said once: {text}");
    terminal.line("in 3 cat /one /two", "one\ntwo");
    // The arrow brings back all of it, to be carried out with one key.
    terminal.line("undo", "taken back");
    terminal.keys("\u{1b}[A\u{1b}[A\u{1b}[A");
    terminal.expect("&& true");
    terminal.line("", "3  HIT");
}

#[test]
fn ctrl_c_gives_up_all_of_what_goes_on() {
    let home = home();
    let mut terminal = Terminal::open_with(&home, &[("STRATA_LANG", "ko")]);
    terminal.expect("레슨");
    terminal.keys("p\r");
    terminal.expect("strata>");
    terminal.line("# escape=`", "");
    terminal.line("FROM practice-os", "1  BASE");
    for (line, end) in [
        (
            "COPY <<END /x",
            "`END`만 적은 줄로 끝납니다. Ctrl-C를 누르면 전부 취소합니다.",
        ),
        ("RUN exit 1 `", "끝에 ` 없이 적은 줄이 마지막 줄입니다."),
    ] {
        terminal.keys(&format!("{line}\r"));
        terminal.expect(end);
        terminal.keys("more\r\u{3}");
        terminal.expect("  ... more");
        terminal.expect("build>");
    }
    let draft = terminal.line("draft", "FROM practice-os");
    assert!(!draft.contains("COPY") && !draft.contains("RUN"), "{draft}");
}

#[test]
fn lines_that_are_typed_while_a_step_runs_come_after_it() {
    let home = home();
    let mut terminal = Terminal::begin(&home);
    terminal.keys("FROM practice-os\rRUN sleep 1\rENV A=1\rENV A=1\r");
    terminal.expect("4  META");
    terminal.line("undo", "taken back: ENV A=1");
    terminal.line("draft", "3  ENV A=1");
}
