//! docker's plain tables: upper-case heads, three spaces between columns, nothing cut.
//!
//! Scripts read them, so they are the same in every language and at every width.

use super::width::{clean, pad_right, width};

const GAP: &str = "   ";

/// Draws a table; every line ends with a line end. Missing cells are empty.
///
/// ```
/// let rows = [vec!["shop".to_owned(), "1.99MB".to_owned()]];
/// let table = strata::render::table(&["REPOSITORY", "SIZE"], &rows);
/// assert_eq!(table, "REPOSITORY   SIZE\nshop         1.99MB\n");
/// ```
pub fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let heads: Vec<String> = heads.iter().map(|&head| head.to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(&heads)
        .chain(rows)
        .map(|row| cleaned(row))
        .collect();
    let widths: Vec<usize> = (0..heads.len())
        .map(|column| widest(&lines, column))
        .collect();
    lines.iter().map(|line| draw(line, &widths)).collect()
}

fn cleaned(row: &[String]) -> Vec<String> {
    row.iter().map(|cell| clean(cell)).collect()
}

fn widest(lines: &[Vec<String>], column: usize) -> usize {
    let cells = lines.iter().filter_map(|line| line.get(column));
    cells.map(|cell| width(cell)).max().unwrap_or(0)
}

fn draw(line: &[String], widths: &[usize]) -> String {
    let cell = |(column, &width): (usize, &usize)| {
        let text = line.get(column).map_or("", String::as_str);
        // docker pads every column but the last.
        if column + 1 == widths.len() {
            text.to_owned()
        } else {
            pad_right(text, width)
        }
    };
    let cells: Vec<String> = widths.iter().enumerate().map(cell).collect();
    cells.join(GAP) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    #[test]
    fn columns_are_aligned_as_docker_does() {
        let rows = [
            row(&["hist", "buildkit", "About a minute ago", "1.99MB"]),
            row(&["<none>", "<none>", "14 minutes ago", "117MB"]),
        ];
        insta::assert_snapshot!(table(&["REPOSITORY", "TAG", "CREATED", "SIZE"], &rows), @r"
        REPOSITORY   TAG        CREATED              SIZE
        hist         buildkit   About a minute ago   1.99MB
        <none>       <none>     14 minutes ago       117MB
        ");
    }

    #[test]
    fn korean_cells_count_two_columns_a_syllable() {
        let drawn = table(
            &["CREATED", "SIZE"],
            &[row(&["약 1분 전", "1B"]), row(&["2분 전", "2B"])],
        );
        assert_eq!(drawn, "CREATED     SIZE\n약 1분 전   1B\n2분 전      2B\n");
    }

    #[test]
    fn a_table_without_rows_is_its_heads() {
        assert_eq!(
            table(&["CONTAINER ID", "NAMES"], &[]),
            "CONTAINER ID   NAMES\n"
        );
    }

    #[test]
    fn a_name_cannot_move_the_cursor() {
        assert_eq!(table(&["A"], &[row(&["x\x1b[2J"])]), "A\nx?[2J\n");
    }
}
