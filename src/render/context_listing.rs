//! The files a build can see, and those an ignore file leaves out: largest first, with sums.

use super::grid::{Column, Grid, Side, picture_width};
use super::quantity;
use super::screen::Screen;
use super::text::{Line, Style, Text};
use super::width::{cut_left, width};
use crate::language::Language;
use crate::session::{ContextListing, LeftOut, Sum};

/// Rows of a picture; the rest is a sum. With it, the sentences and the prompt it fills a terminal
/// of 24 lines, so that the largest files stay in sight. A pipe gets all.
const ROWS: usize = 16;
/// Columns of a size such as `1.05 MB`.
const SIZE: usize = 8;
/// The fewest columns for a path.
const PATH: usize = 16;

crate::messages! {
    files_en(count: u64) { en: "{count} files", ko: "파일 {count}개" }
    one_file() { en: "1 file", ko: "파일 1개" }
    seen(context: &str, sum: &str) {
        en: "a build of {context} can see {sum}",
        ko: "{context} 폴더를 빌드하면 {sum}를 볼 수 있습니다",
    }
    nothing_seen(context: &str) {
        en: "a build of {context} can see no file",
        ko: "{context} 폴더에는 빌드에서 볼 수 있는 파일이 없습니다",
    }
    left_out(file: &str, sum: &str) {
        en: "{file} leaves out {sum}",
        ko: "{file} 때문에 {sum}가 빠집니다",
    }
    how_to_see_them() {
        en: "`context ls --excluded` shows which, and by which line",
        ko: "무엇이 어느 줄 때문에 빠지는지는 `context ls --excluded`로 볼 수 있습니다",
    }
    nothing_left_out(file: &str) {
        en: "{file} leaves nothing out",
        ko: "{file} 때문에 빠지는 파일은 없습니다",
    }
    no_ignore_file() {
        en: "there is no .dockerignore: nothing is left out",
        ko: ".dockerignore가 없어서 빠지는 파일이 없습니다",
    }
    more(sum: &str) {
        en: "and {sum} more; --all lists them",
        ko: "이 밖에 {sum}. --all로 모두 볼 수 있습니다",
    }
    size_head() { en: "size", ko: "크기" }
    path_head() { en: "path", ko: "경로" }
    files_head() { en: "files", ko: "파일" }
    line_head() { en: "left out by line", ko: "빠지게 한 줄" }
}

/// Draws what a build can see.
pub fn context_files(listing: &ContextListing, all: bool, screen: &Screen) -> Text {
    let language = screen.language;
    let shown = shown(listing.files.len(), all, screen);
    let grid = |path| Grid::new(vec![Column::right(0, SIZE), Column::left(2, path)]);
    let rows = &listing.files[..shown];
    let path = path_columns(rows.iter().map(|it| it.path.as_str()), SIZE + 2, screen);
    let grid = grid(path);
    let mut text = Text::new();
    if !screen.is_plain() && !rows.is_empty() {
        text.push(grid.heads(&[size_head(language), path_head(language)]));
    }
    for file in rows {
        text.push(grid.row(&[size(file.size), path_cell(&file.path, path)]));
    }
    let rest = sum_of(listing.files[shown..].iter().map(|it| (1, it.size)));
    text.append(more_rows(rest, screen));
    text.append(sentence(&seen_sentence(listing, language), screen));
    text.append(sentence(&left_out_sentence(listing, language), screen));
    if !listing.excluded.is_empty() {
        text.append(sentence(&how_to_see_them(language), screen));
    }
    text
}

/// Draws what is left out, and by which line.
pub fn context_excluded(listing: &ContextListing, all: bool, screen: &Screen) -> Text {
    let language = screen.language;
    let shown = shown(listing.excluded.len(), all, screen);
    let rows = &listing.excluded[..shown];
    let columns = ExcludedColumns::of(rows, screen);
    let grid = columns.grid();
    let mut text = Text::new();
    if !screen.is_plain() && !rows.is_empty() {
        let heads = [
            size_head(language),
            files_head(language),
            path_head(language),
            line_head(language),
        ];
        text.push(grid.heads(&heads));
    }
    for row in rows {
        let files = if row.path.ends_with('/') {
            row.files.to_string()
        } else {
            String::new()
        };
        let line = Line::styled(Style::Number, row.line.to_string())
            .with(Style::Plain, ": ")
            .with(Style::Code, &row.pattern);
        text.push(grid.row(&[
            size(row.size),
            Line::styled(Style::Number, files),
            path_cell(&row.path, columns.path),
            line,
        ]));
    }
    let rest = sum_of(
        listing.excluded[shown..]
            .iter()
            .map(|it| (it.files, it.size)),
    );
    text.append(more_rows(rest, screen));
    text.append(sentence(&left_out_sentence(listing, language), screen));
    text
}

/// The columns of what is left out; a narrow screen has no room for the number of files.
struct ExcludedColumns {
    files: usize,
    path: usize,
    line: usize,
}

impl ExcludedColumns {
    fn of(rows: &[LeftOut], screen: &Screen) -> Self {
        let files = rows.iter().map(|it| it.files.to_string().len()).max();
        let files = files.unwrap_or(0).max(width(&files_head(screen.language)));
        let room = if screen.is_plain() {
            usize::MAX / 2
        } else {
            picture_width(screen)
        };
        let narrow = room < 60;
        let lines = rows
            .iter()
            .map(|it| width(&format!("{}: {}", it.line, it.pattern)))
            .max();
        let line = lines
            .unwrap_or(0)
            .max(width(&line_head(screen.language)))
            .min(room.saturating_sub(SIZE + 4) / 2);
        let before = SIZE + 2 + line + 3 + if narrow { 0 } else { files + 2 };
        Self {
            files: if narrow { 0 } else { files },
            path: path_columns(rows.iter().map(|it| it.path.as_str()), before, screen),
            line,
        }
    }

    fn grid(&self) -> Grid {
        let gap = if self.files == 0 { 0 } else { 2 };
        Grid::new(vec![
            Column::right(0, SIZE),
            Column {
                gap,
                columns: self.files,
                side: Side::Right,
            },
            Column::left(2, self.path),
            Column::left(3, self.line),
        ])
    }
}

/// How many rows are drawn.
fn shown(rows: usize, all: bool, screen: &Screen) -> usize {
    // One row instead of the sum of one.
    if all || screen.is_plain() || rows <= ROWS + 1 {
        rows
    } else {
        ROWS
    }
}

/// As wide as the widest path, as far as there is room.
fn path_columns<'a>(paths: impl Iterator<Item = &'a str>, before: usize, screen: &Screen) -> usize {
    let widest = paths.map(width).max().unwrap_or(0);
    let widest = widest.max(width(&path_head(screen.language)));
    if screen.is_plain() && screen.width == usize::MAX {
        return widest;
    }
    let room = picture_width(screen).saturating_sub(before);
    // On a screen of a few columns all is cut.
    widest.min(room.max(PATH.min(screen.width.saturating_sub(before))))
}

/// The end of a path says the most.
fn path_cell(path: &str, columns: usize) -> Line {
    Line::styled(Style::Path, cut_left(&super::width::clean(path), columns))
}

fn size(bytes: u64) -> Line {
    Line::styled(Style::Number, quantity::size(bytes))
}

fn sum_of(rows: impl Iterator<Item = (u64, u64)>) -> Sum {
    rows.fold(Sum::default(), |sum, (files, size)| Sum {
        files: sum.files + files,
        size: sum.size + size,
    })
}

fn more_rows(rest: Sum, screen: &Screen) -> Text {
    if rest == Sum::default() {
        return Text::new();
    }
    let line = more(screen.language, &sum_in_words(rest, screen.language));
    let line = Line::plain(" ".repeat(SIZE + 2)).with(Style::Dim, line);
    screen.wrap(&line, SIZE + 2)
}

fn sum_in_words(sum: Sum, language: Language) -> String {
    let files = match sum.files {
        1 => one_file(language),
        count => files_en(language, count),
    };
    format!("{files}, {}", quantity::size(sum.size))
}

fn seen_sentence(listing: &ContextListing, language: Language) -> String {
    let context = listing.context.display().to_string();
    if listing.files.is_empty() {
        return nothing_seen(language, &context);
    }
    seen(language, &context, &sum_in_words(listing.total, language))
}

fn left_out_sentence(listing: &ContextListing, language: Language) -> String {
    match &listing.ignore_file {
        None => no_ignore_file(language),
        Some(file) if listing.excluded.is_empty() => nothing_left_out(language, file),
        Some(file) => {
            let sum = sum_in_words(listing.excluded_total, language);
            left_out(language, file, &sum)
        }
    }
}

fn sentence(words: &str, screen: &Screen) -> Text {
    screen.wrap(&Line::plain(words), 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Chrome;
    use crate::session::Listed;

    fn listing() -> ContextListing {
        let file = |path: &str, size| Listed {
            path: path.to_owned(),
            size,
        };
        let left = |path: &str, size, files, pattern: &str, line| LeftOut {
            path: path.to_owned(),
            size,
            files,
            pattern: pattern.to_owned(),
            line,
        };
        ContextListing {
            context: "/home/me/shop".into(),
            ignore_file: Some(".dockerignore".to_owned()),
            files: vec![
                file("data/video.mp4", 12_000_000),
                file(
                    "src/한글/a-very-long-name-that-needs-much-room/and-more/of-it/server.js",
                    3_400,
                ),
                file("package.json", 71),
            ],
            total: Sum {
                files: 3,
                size: 12_003_471,
            },
            excluded: vec![
                left("node_modules/", 50_000_000, 1_234, "node_modules", 1),
                left("logs/today.log", 9, 1, "**/*.log", 12),
            ],
            excluded_total: Sum {
                files: 1_235,
                size: 50_000_009,
            },
        }
    }

    fn screen(width: usize, language: Language) -> Screen {
        Screen::new(width, language, Chrome::Unicode)
    }

    #[test]
    fn files_at_sixty_columns() {
        insta::assert_snapshot!(context_files(&listing(), false, &screen(60, Language::En)));
    }

    #[test]
    fn files_at_eighty_columns_in_korean() {
        insta::assert_snapshot!(context_files(&listing(), false, &screen(80, Language::Ko)));
    }

    #[test]
    fn excluded_at_sixty_columns_in_korean() {
        insta::assert_snapshot!(context_excluded(
            &listing(),
            false,
            &screen(60, Language::Ko)
        ));
    }

    #[test]
    fn excluded_at_eighty_columns() {
        insta::assert_snapshot!(context_excluded(
            &listing(),
            false,
            &screen(80, Language::En)
        ));
    }

    #[test]
    fn nothing_is_wider_than_the_screen() {
        for width in [24, 40, 60, 80, 120] {
            for language in Language::ALL {
                let screen = screen(width, language);
                let files = context_files(&listing(), false, &screen);
                let excluded = context_excluded(&listing(), false, &screen);
                assert!(files.width() <= width, "{width}:\n{files}");
                assert!(excluded.width() <= width, "{width}:\n{excluded}");
            }
        }
    }

    #[test]
    fn many_files_are_summed_up_in_a_picture_and_listed_in_a_pipe() {
        let mut listing = listing();
        listing.files = (0..30)
            .map(|number| Listed {
                path: format!("f{number:02}"),
                size: 1,
            })
            .collect();
        let drawn = context_files(&listing, false, &screen(80, Language::En)).to_string();
        assert!(drawn.contains("f15") && !drawn.contains("f16"), "{drawn}");
        assert!(drawn.contains("and 14 files, 14 B more"), "{drawn}");
        let all = context_files(&listing, true, &screen(80, Language::En)).to_string();
        assert!(all.contains("f29"), "{all}");
        let pipe = Screen::new(usize::MAX, Language::En, Chrome::Plain);
        assert!(
            context_files(&listing, false, &pipe)
                .to_string()
                .contains("f29")
        );
    }
}
