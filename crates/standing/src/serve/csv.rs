//! Comma-separated values that a spreadsheet may open without harm: the one writer of them.
//!
//! As RFC 4180 has it: lines end in CR LF, cells with commas, quotes or line ends are quoted. What
//! begins like a formula is made text by an apostrophe; numbers stay numbers.

use std::fmt::Display;
use std::io::{self, Write};

use crate::text;

/// What such a body is called.
pub const KIND: &str = "text/csv; charset=utf-8";

/// One cell.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// Not known.
    Empty,
    /// A whole number.
    Number(i64),
    /// Text of whatever origin.
    Text(&'a str),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Cell::Text(text)
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Cell::Text(text)
    }
}

impl From<u64> for Cell<'_> {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Cell::Empty, Cell::Number)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Empty, Into::into)
    }
}

/// A table on its way out, row by row.
pub struct Table<W> {
    out: W,
    columns: usize,
}

impl<W: Write> Table<W> {
    /// Begins with the row of headings.
    ///
    /// # Errors
    /// When the reader is gone.
    pub fn begin(mut out: W, headings: &[&str]) -> io::Result<Self> {
        // Without this mark Excel takes UTF-8 for something else.
        out.write_all("\u{feff}".as_bytes())?;
        let mut table = Table {
            out,
            columns: headings.len(),
        };
        let cells: Vec<Cell<'_>> = headings.iter().map(|h| Cell::Text(h)).collect();
        table.row(&cells)?;
        Ok(table)
    }

    /// One row.
    ///
    /// # Errors
    /// When the reader is gone.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        debug_assert_eq!(cells.len(), self.columns);
        for (i, one) in cells.iter().enumerate() {
            if i > 0 {
                self.out.write_all(b",")?;
            }
            match one {
                Cell::Empty => {}
                Cell::Number(n) => write!(self.out, "{n}")?,
                Cell::Text(text) => self.out.write_all(cell(text).as_bytes())?,
            }
        }
        self.out.write_all(b"\r\n")
    }

    /// One row of whatever can be shown.
    ///
    /// # Errors
    /// When the reader is gone.
    pub fn texts(&mut self, cells: &[&dyn Display]) -> io::Result<()> {
        let texts: Vec<String> = cells.iter().map(ToString::to_string).collect();
        let cells: Vec<Cell<'_>> = texts.iter().map(Cell::from).collect();
        self.row(&cells)
    }
}

/// Text as a cell that no spreadsheet will run and no terminal obeys: what begins like a formula is
/// made text, and of the control characters only those of tables stay.
pub fn cell(value: &str) -> String {
    let begins = value.trim_start();
    let risky = (begins.starts_with(['=', '+', '-', '@']) || value.starts_with(['\t', '\r', '\n']))
        && begins.parse::<f64>().is_err();
    let mut cell = String::from(if risky { "'" } else { "" });
    cell.extend(value.chars().map(|c| match c {
        '\t' | '\r' | '\n' => c,
        c => text::shown(c),
    }));
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_text() {
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("+cmd|' /C calc'!A0"), "'+cmd|' /C calc'!A0");
        assert_eq!(cell("-2+3"), "'-2+3");
        assert_eq!(cell("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(cell("  =1"), "'  =1");
        assert_eq!(cell("\tx"), "'\tx");
        assert_eq!(cell("\rx"), "\"'\rx\"");
        assert_eq!(cell("\n=x"), "\"'\n=x\"");
    }

    #[test]
    fn numbers_stay_numbers_and_quotes_are_doubled() {
        assert_eq!(cell("-12.5"), "-12.5");
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("a \"b\"\r\nc"), "\"a \"\"b\"\"\r\nc\"");
    }

    #[test]
    fn rows_end_as_the_standard_says() {
        let mut out = Vec::new();
        let mut table = Table::begin(&mut out, &["name", "count", "until"]).unwrap();
        table
            .row(&["=x".into(), 7_u64.into(), None::<&str>.into()])
            .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\u{feff}name,count,until\r\n'=x,7,\r\n"
        );
    }
}
