//! Aligned columns in the manner of systemctl: no lines, and the last column gives way.

use comfy_table::{Attribute, Cell, ColumnConstraint, ContentArrangement, Row, Table, presets};

use crate::output::coloured;

/// Lays out rows under a header. On a terminal the last column is cut to what fits; elsewhere
/// nothing is.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: Vec<[String; N]>) -> String {
    render(header, rows, None)
}

fn render<const N: usize>(header: [&str; N], rows: Vec<[String; N]>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if !coloured() {
        table.force_no_tty();
    }
    if let Some(width) = width {
        table.set_width(width);
    }
    table.set_header(header.map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
    for row in rows {
        let mut row = Row::from(row);
        row.max_height(1);
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for index in 0..N.saturating_sub(1) {
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
    fn no_terminal_is_too_narrow() {
        for width in [1, 2, 10, 20] {
            let shown = render(["ID", "SESSION", "SUMMARY"], rows(), Some(width));
            assert!(shown.contains("12345678"), "{width}: {shown}");
        }
    }
}
