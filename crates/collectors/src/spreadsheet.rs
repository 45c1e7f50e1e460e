//! Rows of an Excel workbook (`.xlsx`), checked before anything is unpacked into memory.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, SheetVisible, Xlsx};
use standing_facts::GapCode;
use zip::ZipArchive;

use crate::dates;

/// The longest workbook read, as a file.
pub(crate) const FILE_BYTES: u64 = 64 << 20;
/// The most that its parts may unpack to.
const UNPACKED_BYTES: u64 = 256 << 20;
/// The most parts it may have.
const PARTS: usize = 5_000;
/// Excel's own limit; a cell beyond it is a trick.
const COLUMNS: u32 = 16_384;
/// The last row that a sheet can have.
const ROWS: usize = 1_048_576;

/// Why a workbook is not read.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// `TooLarge` or `Malformed`.
    pub(crate) code: GapCode,
    /// The rest of a sentence that begins with the file's name.
    pub(crate) why: String,
}

fn malformed(why: &str) -> Refusal {
    Refusal {
        code: GapCode::Malformed,
        why: why.into(),
    }
}

fn too_large(why: String) -> Refusal {
    Refusal {
        code: GapCode::TooLarge,
        why,
    }
}

/// What was odd in a workbook.
#[derive(Debug, Default)]
pub(crate) struct Oddities {
    /// Cells whose value is a formula's stored result.
    pub(crate) formulas: u64,
    /// Rows and one-based columns of cells that hold an error value, at most 100 of them.
    pub(crate) errors: Vec<(u64, usize)>,
    /// Sheets that were not read.
    pub(crate) other_sheets: usize,
    /// Whether dates count from 1904.
    pub(crate) since_1904: bool,
}

/// Refuses a workbook that would unpack to more than the limit, by what its directory declares and
/// by what its parts really hold, and one whose XML declares entities.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Refusal> {
    check_within(bytes, UNPACKED_BYTES)
}

fn check_within(bytes: &[u8], limit: u64) -> Result<(), Refusal> {
    let mut zip = ZipArchive::new(Cursor::new(bytes))
        .map_err(|_| malformed("is not a readable workbook: its zip directory is damaged"))?;
    if zip.len() > PARTS {
        return Err(too_large(format!(
            "has {} parts; a workbook may have {PARTS}",
            zip.len()
        )));
    }
    let mut declared = 0u64;
    for index in 0..zip.len() {
        let part = zip.by_index_raw(index).map_err(|_| damaged())?;
        declared = declared.saturating_add(part.size());
    }
    if declared > limit {
        return Err(too_large(format!(
            "declares {declared} bytes unpacked; at most {limit} are read"
        )));
    }
    let mut left = limit;
    for index in 0..zip.len() {
        let part = zip.by_index(index).map_err(|_| damaged())?;
        left = unpack(part, left).map_err(|e| match e {
            Fault::Long => too_large(format!(
                "unpacks to more than {limit} bytes, though it declares {declared}"
            )),
            Fault::Damaged => damaged(),
            Fault::Declarations => {
                malformed("declares a document type, which no workbook needs: refused")
            }
        })?;
    }
    Ok(())
}

fn damaged() -> Refusal {
    malformed("is not a readable workbook: one of its parts is damaged")
}

enum Fault {
    Long,
    Damaged,
    Declarations,
}

/// Reads one part to its end and keeps nothing; gives how many bytes may still come.
fn unpack(mut part: impl Read, limit: u64) -> Result<u64, Fault> {
    const MARK: &[u8] = b"<!DOCTYPE";
    let mut left = limit;
    let mut chunk = vec![0; 64 << 10];
    let mut seen: Vec<u8> = Vec::new();
    loop {
        let count = part.read(&mut chunk).map_err(|_| Fault::Damaged)?;
        if count == 0 {
            return Ok(left);
        }
        left = left.checked_sub(count as u64).ok_or(Fault::Long)?;
        // Zero bytes are left out so that UTF-16 hides nothing.
        seen.extend(chunk[..count].iter().copied().filter(|b| *b != 0));
        if seen
            .windows(MARK.len())
            .any(|w| w.eq_ignore_ascii_case(MARK))
        {
            return Err(Fault::Declarations);
        }
        seen.drain(..seen.len().saturating_sub(MARK.len()));
    }
}

/// Hands out every row of the first visible sheet with its row number, from 1.
pub(crate) fn rows(
    bytes: &[u8],
    each: &mut dyn FnMut(u64, &[String], bool),
) -> Result<Oddities, Refusal> {
    check(bytes)?;
    let broken = || malformed("is not a readable workbook (.xlsx)");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| broken())?;
    let mut odd = Oddities {
        since_1904: book.has_1904_epoch(),
        ..Oddities::default()
    };
    let sheets = book.sheets_metadata();
    let first = sheets
        .iter()
        .find(|s| s.visible == SheetVisible::Visible)
        .map(|s| s.name.clone())
        .ok_or_else(|| malformed("has no visible sheet"))?;
    odd.other_sheets = sheets.len() - 1;
    let since_1904 = odd.since_1904;
    cells(&mut book, &first, &mut odd, &mut |number, row| {
        each(number, row, since_1904)
    })?;
    Ok(odd)
}

/// One sheet of a workbook: its name and its rows, empty rows included, so that the position in the
/// list is the row number less one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkbookSheet {
    /// The name on the tab.
    pub name: String,
    /// Cells as text; rows differ in length.
    pub rows: Vec<Vec<String>>,
}

/// Every sheet of a workbook, within the limits that protect the reader.
///
/// # Errors
/// What is wrong with the workbook, as the end of a sentence that begins with its name.
pub fn workbook(bytes: &[u8]) -> Result<Vec<WorkbookSheet>, String> {
    let read = || -> Result<Vec<WorkbookSheet>, Refusal> {
        if bytes.len() as u64 > FILE_BYTES {
            return Err(too_large(format!("is larger than {FILE_BYTES} bytes")));
        }
        check(bytes)?;
        let broken = || malformed("is not a readable workbook (.xlsx)");
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| broken())?;
        let mut sheets = Vec::new();
        for name in book.sheet_names() {
            let mut odd = Oddities {
                since_1904: book.has_1904_epoch(),
                ..Oddities::default()
            };
            let mut rows: Vec<Vec<String>> = Vec::new();
            cells(&mut book, &name, &mut odd, &mut |number, row| {
                let at = usize::try_from(number)
                    .unwrap_or(usize::MAX)
                    .saturating_sub(1);
                if at < ROWS {
                    rows.resize(rows.len().max(at), Vec::new());
                    rows.push(row.to_vec());
                }
            })?;
            sheets.push(WorkbookSheet { name, rows });
        }
        Ok(sheets)
    };
    read().map_err(|refusal| refusal.why)
}

/// Hands out every row of one sheet that has a cell, with its row number, from 1.
fn cells(
    book: &mut Xlsx<Cursor<&[u8]>>,
    sheet: &str,
    odd: &mut Oddities,
    each: &mut dyn FnMut(u64, &[String]),
) -> Result<(), Refusal> {
    let broken = || malformed("is not a readable workbook (.xlsx)");
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|_| broken())?;
    let mut row: Vec<String> = Vec::new();
    let mut at = 0;
    loop {
        // The reader of workbooks counts without care: a number out of all bounds must not take the
        // program down.
        let next = catch_unwind(AssertUnwindSafe(|| cells.next_cell_with_formula_metadata()));
        let next = next.map_err(|_| broken())?.map_err(|_| broken())?;
        let Some(cell) = next else { break };
        if cell.pos.0 != at {
            if !row.is_empty() {
                each(u64::from(at) + 1, &row);
                row.clear();
            }
            at = cell.pos.0;
        }
        if cell.pos.1 >= COLUMNS {
            return Err(malformed("has a cell beyond the last column of a sheet"));
        }
        odd.formulas += u64::from(cell.formula.is_some());
        let column = cell.pos.1 as usize;
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        row[column] = match cell.value {
            DataRef::Error(_) => {
                if odd.errors.len() < 100 {
                    odd.errors.push((u64::from(at) + 1, column + 1));
                }
                String::new()
            }
            value => text(value, odd.since_1904),
        };
    }
    if !row.is_empty() {
        each(u64::from(at) + 1, &row);
    }
    Ok(())
}

/// A cell's text: days as ISO dates, whole numbers without a fraction.
fn text(value: DataRef<'_>, since_1904: bool) -> String {
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.trim().to_owned()
        }
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => n.to_string(),
        DataRef::Bool(b) => b.to_string(),
        DataRef::DateTime(stamp) => match dates::from_serial(stamp.as_f64(), since_1904) {
            Some(day) if stamp.is_datetime() => day.to_string(),
            _ => stamp.as_f64().to_string(),
        },
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

#[cfg(test)]
#[path = "spreadsheet_tests.rs"]
mod tests;
