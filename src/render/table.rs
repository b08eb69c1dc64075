//! docker's plain tables: upper-case heads, three spaces between columns.
//!
//! Scripts read them, so they are the same in every language, and nothing is cut in a pipe. At a
//! terminal that is too narrow, columns are cut or leave in an order that the table's owner gives.

use super::width::{clean, cut, width};

const GAP: &str = "   ";

/// Draws a table; every line ends with a line end. Missing cells are empty.
///
/// ```
/// let rows = [vec!["shop".to_owned(), "1.99MB".to_owned()]];
/// let table = strata::render::table(&["REPOSITORY", "SIZE"], &rows);
/// assert_eq!(table, "REPOSITORY   SIZE\nshop         1.99MB\n");
/// ```
pub fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let widest = |(column, head): (usize, &&str)| {
        let wide = cells(column).map(|cell| width(&clean(cell))).max();
        width(head).max(wide.unwrap_or(0))
    };
    let widths: Vec<usize> = heads.iter().enumerate().map(widest).collect();
    let mut drawn = String::new();
    draw(heads, &widths, &mut drawn);
    for row in rows {
        draw(row, &widths, &mut drawn);
    }
    drawn
}

/// What is done to a table that is too wide, the first thing first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Narrow {
    /// A column without any text leaves.
    Empty(&'static str),
    /// A column is cut, to so many columns at the least.
    Cut(&'static str, usize),
    /// A column leaves.
    Leave(&'static str),
}

/// Draws a table that fits into `columns`, if that can be had with what is listed.
///
/// ```
/// use strata::render::{Narrow, narrow_table};
/// let rows = [vec!["shop".to_owned(), "a remark".to_owned()]];
/// let narrow = [Narrow::Cut("TEXT", 4), Narrow::Leave("TEXT")];
/// let table = narrow_table(&["NAME", "TEXT"], &rows, 12, &narrow);
/// assert_eq!(table, "NAME   TEXT\nshop   a re~\n");
/// ```
pub fn narrow_table(
    heads: &[&str],
    rows: &[Vec<String>],
    columns: usize,
    narrow: &[Narrow],
) -> String {
    if columns == usize::MAX {
        // A pipe has room for everything.
        return table(heads, rows);
    }
    let (mut heads, mut rows) = (heads.to_vec(), rows.to_vec());
    for way in narrow {
        let too_much = whole_width(&heads, &rows).saturating_sub(columns);
        if too_much == 0 {
            break;
        }
        let (Narrow::Empty(name) | Narrow::Cut(name, _) | Narrow::Leave(name)) = way;
        let Some(at) = heads.iter().position(|head| head == name) else {
            continue;
        };
        let is_empty = rows.iter().all(|row| row[at].is_empty());
        match way {
            Narrow::Cut(_, least) => {
                let now = rows.iter().map(|row| width(&clean(&row[at]))).max();
                let room = now.unwrap_or(0).saturating_sub(too_much).max(*least);
                for row in &mut rows {
                    row[at] = cut(&clean(&row[at]), room);
                }
            }
            Narrow::Empty(_) if !is_empty => {}
            Narrow::Empty(_) | Narrow::Leave(_) => {
                heads.remove(at);
                for row in &mut rows {
                    row.remove(at);
                }
            }
        }
    }
    table(&heads, &rows)
}

/// Returns the width of the widest line; the last column is not padded.
fn whole_width(heads: &[&str], rows: &[Vec<String>]) -> usize {
    let drawn = table(heads, rows);
    drawn.lines().map(width).max().unwrap_or(0)
}

fn draw(row: &[impl AsRef<str>], widths: &[usize], drawn: &mut String) {
    for (column, &wide) in widths.iter().enumerate() {
        let text = clean(row.get(column).map_or("", AsRef::as_ref));
        drawn.push_str(&text);
        // docker pads every column but the last.
        if column + 1 < widths.len() {
            let spaces = wide.saturating_sub(width(&text));
            drawn.extend(std::iter::repeat_n(' ', spaces));
            drawn.push_str(GAP);
        }
    }
    drawn.push('\n');
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
    fn a_narrow_table_gives_way_in_the_order_it_is_told() {
        let rows = [row(&["1", "a long command", "2 minutes ago", "", "web"])];
        let heads = ["ID", "COMMAND", "CREATED", "PORTS", "NAMES"];
        let ways = [
            Narrow::Empty("PORTS"),
            Narrow::Cut("COMMAND", 8),
            Narrow::Leave("CREATED"),
            Narrow::Leave("COMMAND"),
        ];
        let drawn = |columns| {
            let drawn = narrow_table(&heads, &rows, columns, &ways);
            drawn.lines().last().unwrap_or_default().to_owned()
        };
        assert_eq!(
            drawn(usize::MAX),
            table(&heads, &rows).lines().last().unwrap()
        );
        assert_eq!(drawn(46), "1    a long command   2 minutes ago   web");
        assert_eq!(drawn(39), "1    a long co~   2 minutes ago   web");
        assert_eq!(drawn(30), "1    a long ~   web");
        assert_eq!(drawn(12), "1    web");
        assert_eq!(drawn(3), "1    web", "what must stay stays");
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
