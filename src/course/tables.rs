//! Lists and reports, drawn: the state comes first, as that is what people look for.

use super::coverage::{Coverage, NotesCoverage, WordCoverage};
use super::list::{ListLine, ListState};
use super::report::{LessonReport, Report, StepReportLine};
use crate::lesson::StepMark;
use crate::messages;
use crate::render::{Line, Screen, Style, Text, width};

messages! {
    state_new() { en: "-", ko: "-" }
    state_passed() { en: "passed", ko: "통과" }
    state_passed_before() { en: "passed (lesson has changed)", ko: "통과 (내용이 바뀜)" }
    state_seen() { en: "seen", ko: "봄" }
    state_skipped() { en: "skipped", ko: "건너뜀" }
    minutes(minutes: u32) { en: "{minutes} min", ko: "{minutes}분" }
    lessons_passed(passed: usize, of: usize) {
        en: "lessons: {passed} of {of} passed",
        ko: "레슨: {of}개 중 {passed}개 통과",
    }
    one_try() { en: "1 line", ko: "1줄" }
    tries(tries: u32) { en: "{tries} lines", ko: "{tries}줄" }
    predicted(score: &str) { en: "{score} right", ko: "예측 {score}" }
    with_solution() { en: "solution seen", ko: "풀이를 봄" }
    skipped_steps(skipped: usize) { en: "{skipped} skipped", ko: "{skipped}개 건너뜀" }
    words_taught() { en: "taught: where it is typed", ko: "가르치는 말: 입력하는 단계" }
    never_typed() { en: "(an idea; never typed)", ko: "(개념; 입력하지 않음)" }
    notes_taught(file: &str, taught: usize, claims: usize) {
        en: "{file}: {taught} of {claims} claims taught",
        ko: "{file}: 내용 {claims}개 중 {taught}개를 가르침",
    }
    still_open(lesson: &str) { en: "to be written: {lesson}", ko: "아직 없음: {lesson}" }
}

/// Draws the list of lessons.
pub fn lesson_list(lines: &[ListLine], screen: &Screen) -> Text {
    let states: Vec<String> = lines.iter().map(|line| state(line, screen)).collect();
    let state_column = widest(states.iter().map(String::as_str));
    let id_column = widest(lines.iter().map(|line| line.id.as_str()));
    let rows = lines.iter().zip(&states).map(|(line, state)| {
        let sign = if line.current { ">" } else { " " };
        let number = line.number.map_or(String::new(), |it| format!("{it:02}"));
        let style = match line.state {
            ListState::Passed => Style::Good,
            _ => Style::Dim,
        };
        let row = Line::styled(Style::Number, format!("{sign} {number:>2}  "));
        let row = row.with(style, state).pad(6 + state_column + 2);
        let row = row.with(Style::Code, &line.id);
        let row = row.pad(6 + state_column + 2 + id_column + 2);
        let row = row.with(Style::Plain, line.title.get(screen.language).value);
        let minutes = minutes(screen.language, line.minutes);
        row.with(Style::Dim, format!("  {minutes}"))
            .cut(screen.width)
    });
    rows.collect()
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(width).max().unwrap_or(0)
}

fn state(line: &ListLine, screen: &Screen) -> String {
    let language = screen.language;
    match line.state {
        ListState::New => state_new(language),
        ListState::Begun { passed, steps } => format!("{passed}/{steps}"),
        ListState::Passed => state_passed(language),
        ListState::PassedBefore => state_passed_before(language),
    }
}

/// Draws how far a learner got: every lesson that was opened with its steps.
pub fn lesson_report(report: &Report, screen: &Screen) -> Text {
    let mut text = Text::new();
    let total = lessons_passed(screen.language, report.passed, report.lessons.len());
    text.push(Line::styled(Style::Strong, total));
    for lesson in &report.lessons {
        let opened = lesson.steps.iter().any(|step| step.state.is_some());
        text.push(reported(lesson, screen));
        if opened {
            text.append(
                lesson
                    .steps
                    .iter()
                    .map(|it| reported_step(it, screen))
                    .collect(),
            );
        }
    }
    text
}

fn reported(lesson: &LessonReport, screen: &Screen) -> Line {
    let done = format!("{}/{}", lesson.passed, lesson.steps.len());
    let style = if lesson.passed == lesson.steps.len() {
        Style::Good
    } else {
        Style::Dim
    };
    let mut row = Line::styled(style, done).pad(7);
    row.push(Style::Code, &lesson.id);
    row.push(
        Style::Plain,
        format!("  {}", lesson.title.get(screen.language).value),
    );
    if lesson.skipped > 0 {
        let skipped = skipped_steps(screen.language, lesson.skipped);
        row.push(Style::Dim, format!("  {skipped}"));
    }
    row.cut(screen.width)
}

fn reported_step(step: &StepReportLine, screen: &Screen) -> Line {
    let language = screen.language;
    let state = match step.state {
        None => state_new(language),
        Some(_) if step.outdated => state_passed_before(language),
        Some(StepMark::Passed) => state_passed(language),
        Some(StepMark::Skipped) => state_skipped(language),
        Some(StepMark::Seen) => state_seen(language),
    };
    let mut more = Vec::new();
    if step.tries > 0 {
        more.push(match step.tries {
            1 => one_try(language),
            more => tries(language, more),
        });
    }
    more.extend(
        step.predicted
            .as_deref()
            .map(|score| predicted(language, score)),
    );
    if step.solution {
        more.push(with_solution(language));
    }
    let row = Line::styled(Style::Plain, "  ")
        .with(Style::Plain, state)
        .pad(12);
    let row = row.with(Style::Code, &step.id).pad(28);
    row.with(Style::Dim, more.join(", ")).cut(screen.width)
}

/// Draws what a course covers.
pub fn lesson_coverage(coverage: &Coverage, screen: &Screen) -> Text {
    let mut text = Text::new();
    text.push(Line::styled(Style::Strong, words_taught(screen.language)));
    let column = widest(coverage.words.iter().map(|word| word.word.as_str())) + 4;
    for word in &coverage.words {
        text.append(covered(word, column, screen));
    }
    for notes in &coverage.notes {
        text.append(noted(notes, screen));
    }
    for mistake in &coverage.mistakes {
        text.append(screen.wrap(&Line::styled(Style::Bad, mistake), 2));
    }
    text
}

fn covered(word: &WordCoverage, column: usize, screen: &Screen) -> Text {
    let row = Line::styled(Style::Code, format!("  {}", word.word)).pad(column);
    let row = if word.steps.is_empty() {
        row.with(
            Style::Dim,
            format!("{}  {}", word.lesson, never_typed(screen.language)),
        )
    } else {
        row.with(Style::Plain, word.steps.join("  "))
    };
    screen.wrap(&row, column)
}

fn noted(notes: &NotesCoverage, screen: &Screen) -> Text {
    let language = screen.language;
    let head = notes_taught(language, &notes.file, notes.taught, notes.claims);
    let mut text = screen.wrap(&Line::styled(Style::Strong, head), 0);
    for open in &notes.open {
        let line = Line::styled(Style::Dim, format!("  {}", still_open(language, open)));
        text.append(screen.wrap(&line, 4));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course;
    use crate::language::Language;
    use crate::lesson::{Course, Progress};
    use crate::render::Chrome;

    fn begun() -> (Course, Progress) {
        let course = course::library::scripted();
        let mut progress = Progress::new(&course.id);
        let lesson = course.lesson("cache-order").unwrap();
        let built = progress.step_mut(&lesson.id, "first-build");
        (built.state, built.tries, built.solution) = (StepMark::Passed, 2, true);
        let guessed = progress.step_mut(&lesson.id, "guess");
        (guessed.state, guessed.predicted) = (StepMark::Passed, Some("2/3".to_owned()));
        progress.step_mut(&lesson.id, "notes").state = StepMark::Skipped;
        (course, progress)
    }

    #[test]
    fn a_list_has_the_state_first() {
        let (course, progress) = begun();
        let lines = course::list(&course, &progress, Some("cache-order"), "");
        let screen = Screen::new(60, Language::Ko, Chrome::Ascii);
        insta::assert_snapshot!(lesson_list(&lines, &screen).to_string());
    }

    #[test]
    fn a_report_tells_predictions_and_solutions() {
        let (course, progress) = begun();
        let report = course::report(&course, &progress);
        let screen = Screen::new(80, Language::En, Chrome::Ascii);
        insta::assert_snapshot!(lesson_report(&report, &screen).to_string());
    }

    #[test]
    fn coverage_shows_what_is_open_and_what_is_wrong() {
        let coverage = Coverage {
            words: vec![
                WordCoverage {
                    word: "run --rm".to_owned(),
                    lesson: "a".to_owned(),
                    steps: vec!["a/one".to_owned(), "b/two".to_owned()],
                },
                WordCoverage {
                    word: "HIT".to_owned(),
                    lesson: "b".to_owned(),
                    steps: Vec::new(),
                },
            ],
            notes: vec![NotesCoverage {
                file: "notes.txt".to_owned(),
                taught: 1,
                claims: 2,
                open: vec!["7-9 ports".to_owned()],
            }],
            mistakes: vec!["coverage.txt:3: there is no step `a/gone`".to_owned()],
        };
        let screen = Screen::new(60, Language::En, Chrome::Ascii);
        insta::assert_snapshot!(lesson_coverage(&coverage, &screen).to_string());
    }
}
