//! Writing the estate's files.

use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

/// The folder `estate/` and how many files stand in it.
pub(crate) struct Out {
    folder: PathBuf,
    pub(crate) files: usize,
}

impl Out {
    pub(crate) fn new(folder: &Path) -> Self {
        Out {
            folder: folder.join("estate"),
            files: 0,
        }
    }

    /// Takes away a folder below `estate/`, if it is there.
    pub(crate) fn clear(&self, folder: &str) -> io::Result<()> {
        match std::fs::remove_dir_all(self.folder.join(folder)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes one file below `estate/`.
    pub(crate) fn write(&mut self, path: &str, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let path = self.folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, bytes)?;
        self.files += 1;
        Ok(())
    }
}

/// A table in the making: headings, then rows of as many cells.
pub(crate) struct Csv(csv::Writer<Vec<u8>>);

impl Csv {
    pub(crate) fn new(headings: &[&str]) -> Self {
        let mut table = Csv(csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new()));
        table.row(headings);
        table
    }

    /// Writing into memory fails only for a row of another width, which the tests would show.
    pub(crate) fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        let cells = cells.iter().map(|c| c.as_ref().as_bytes());
        let written = self.0.write_record(cells);
        debug_assert!(written.is_ok(), "{written:?}");
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap_or_default()
    }
}

/// `31/12/2026`.
pub(crate) fn british(day: Date) -> String {
    format!("{:02}/{:02}/{}", day.day(), day.month(), day.year())
}

/// The same, or nothing.
pub(crate) fn british_or_blank(day: Option<Date>) -> String {
    day.map(british).unwrap_or_default()
}

/// `31 December 2026`.
pub(crate) fn long(day: Date) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = usize::from(day.month().unsigned_abs()) - 1;
    format!("{} {} {}", day.day(), MONTHS[month], day.year())
}

/// An instant of that day, RFC 3339: `2026-12-31T08:15:00Z`.
pub(crate) fn instant(day: Date, hour: i64, minute: i64) -> String {
    format!("{day}T{hour:02}:{minute:02}:00Z")
}

/// `yes` or `no`.
pub(crate) fn yes(truth: bool) -> &'static str {
    if truth { "yes" } else { "no" }
}
