//! Aligned columns in the manner of systemctl: no lines, and the last column gives way.

use std::io::{self, IsTerminal};

use comfy_table::{Attribute, Cell, ColumnConstraint, ContentArrangement, Row, Table, presets};
use rustix::termios::tcgetwinsize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output::coloured;

/// Where the others leave the last column less than this, it goes on a line of its own.
const ROOM: usize = 20;
/// How far columns are apart.
const GAP: usize = 2;
/// With less room than this the last column says nothing.
const LAST_MIN: usize = 16;

/// Lays out rows under a header. On a terminal the last column is cut to what fits, and where next
/// to nothing would, every row becomes two lines; elsewhere nothing is cut.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: Vec<[String; N]>) -> String {
    render(header, rows, columns())
}

/// The same, but where a terminal is too narrow for the last column to say anything, others are left
/// out: those with these indexes, in this order, as far as need be.
pub(crate) fn fitting_table<const N: usize>(
    header: [&str; N],
    rows: Vec<[String; N]>,
    spare: &[usize],
) -> String {
    fit(header, rows, spare, columns())
}

/// The width of the terminal, where there is one.
pub(crate) fn columns() -> Option<u16> {
    let size = io::stdout().is_terminal().then(|| tcgetwinsize(io::stdout()).ok()).flatten();
    size.map(|size| size.ws_col).filter(|columns| *columns > 0)
}

fn fit<const N: usize>(
    header: [&str; N],
    rows: Vec<[String; N]>,
    spare: &[usize],
    width: Option<u16>,
) -> String {
    let Some(room) = width else { return align(header, rows, None) };
    let widest = |index: usize| {
        let cells = rows.iter().map(|row| row[index].chars().count());
        cells.chain([header[index].len()]).max().unwrap_or(0) + GAP
    };
    let mut kept: Vec<usize> = (0..N).collect();
    for index in spare {
        let fixed: usize = kept.iter().rev().skip(1).map(|index| widest(*index)).sum();
        if fixed + LAST_MIN <= usize::from(room) {
            break;
        }
        kept.retain(|kept| kept != index);
    }
    let header: Vec<_> = kept.iter().map(|index| header[*index]).collect();
    let row = |row: [String; N]| kept.iter().map(|index| row[*index].clone()).collect();
    align(header, rows.into_iter().map(row).collect::<Vec<Vec<_>>>(), width)
}

fn render<const N: usize>(header: [&str; N], rows: Vec<[String; N]>, width: Option<u16>) -> String {
    let others: usize = (0..N.saturating_sub(1))
        .map(|at| {
            let cells = rows.iter().map(|row| row[at].width());
            cells.max().unwrap_or_default().max(header[at].width()) + 2
        })
        .sum();
    match width.map(usize::from) {
        Some(columns) if others + ROOM > columns => stack(&rows, columns),
        _ => align(header, rows, width),
    }
}

/// Every row on two lines, for narrow terminals.
fn stack<const N: usize>(rows: &[[String; N]], width: usize) -> String {
    let mut lines = String::new();
    for row in rows {
        let Some((last, others)) = row.split_last() else { continue };
        // Whatever else is lost, its name is not.
        let name = others.first().map_or(0, |name| name.width());
        lines.push_str(&format!("{}\n", cut(&others.join("  "), width.max(name + 1))));
        lines.push_str(&format!("  {}\n", cut(last, width.saturating_sub(2).max(1))));
    }
    lines
}

/// As much of a text as has room, with an ellipsis where that is not all.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let fits = |c: &char| {
        let taken = c.width().unwrap_or_default();
        let fits = taken <= room;
        room = room.saturating_sub(taken);
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

fn align<'a, R>(
    header: impl IntoIterator<Item = &'a str>,
    rows: Vec<R>,
    width: Option<u16>,
) -> String
where
    R: IntoIterator<Item = String>,
{
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if !coloured() {
        table.force_no_tty();
    }
    if let Some(width) = width {
        table.set_width(width);
    }
    let header = header.into_iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold));
    table.set_header(header.collect::<Vec<_>>());
    for row in rows {
        let mut row = Row::from(row);
        row.max_height(1);
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for index in 0..table.column_count().saturating_sub(1) {
        if let Some(column) = table.column_mut(index) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let mut lines = String::new();
    for line in table.lines() {
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<[String; 3]> {
        let summary = "touch made && curl -s http://127.0.0.1:9 ; echo ok".to_owned();
        let wide = "日本語 ünïcode".to_owned();
        vec![["12345678".into(), "shop".into(), summary], ["9".into(), "a".into(), wide]]
    }

    #[test]
    fn the_last_column_gives_way_and_every_row_stays_one_line() {
        let shown = render(["ID", "SESSION", "SUMMARY"], rows(), Some(40));
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines.len(), 3, "{shown}");
        assert!(lines.iter().all(|line| line.chars().count() <= 40), "{shown}");
        assert!(lines[1].starts_with("12345678  shop     touch made") && lines[1].ends_with('…'));
    }

    #[test]
    fn where_nobody_looks_nothing_is_cut() {
        let shown = render(["ID", "SESSION", "SUMMARY"], rows(), None);
        assert!(
            shown.contains(
                "12345678  shop     touch made && curl -s http://127.0.0.1:9 ; echo ok\n"
            )
        );
        assert!(!shown.contains(" \n"));
    }

    #[test]
    fn what_can_be_spared_is_left_out_where_there_is_no_room() {
        for (width, header) in
            [(60, "ID        SESSION  SUMMARY"), (34, "ID        SUMMARY"), (20, "SUMMARY")]
        {
            let shown = fit(["ID", "SESSION", "SUMMARY"], rows(), &[1, 0], Some(width));
            assert_eq!(shown.lines().next(), Some(header), "{shown}");
            assert!(
                shown.lines().all(|line| line.chars().count() <= usize::from(width)),
                "{shown}"
            );
        }
        assert!(fit(["ID", "SESSION", "SUMMARY"], rows(), &[1], None).contains("SESSION"));
    }

    #[test]
    fn on_a_narrow_terminal_every_row_has_two_lines() {
        let shown = render(["ID", "SESSION", "SUMMARY"], rows(), Some(24));
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(
            lines,
            ["12345678  shop", "  touch made && curl -s…", "9  a", "  日本語 ünïcode"]
        );
    }

    #[test]
    fn no_terminal_is_too_narrow() {
        for width in [1, 2, 10, 20] {
            let shown = render(["ID", "SESSION", "SUMMARY"], rows(), Some(width));
            assert!(shown.contains("12345678"), "{width}: {shown}");
        }
    }
}
