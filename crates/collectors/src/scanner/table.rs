//! Reports that are tables. Titles may stand above the headings; the headings tell whose it is.

use std::collections::BTreeMap;
use std::io::Read;

use super::finding::Desk;
use super::{openvas, qualys, tenable};
use crate::separated;
use crate::tabular::plain;
use crate::unpacked::{Document, Refusal};

/// Whose table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Tenable,
    Qualys,
    OpenVas,
}

/// The headings are looked for in this many first rows.
const HEADINGS_WITHIN: usize = 20;
/// And in this much of the file.
const HEAD_BYTES: u64 = 1 << 20;

/// Headings without case and marks, with their places and as they are written.
#[derive(Debug, Default)]
pub(super) struct Headings {
    at: BTreeMap<String, usize>,
    written: Vec<String>,
}

impl Headings {
    fn of(cells: &[String]) -> Self {
        let mut at = BTreeMap::new();
        for (index, cell) in cells.iter().enumerate() {
            at.entry(plain(cell)).or_insert(index);
        }
        Headings {
            at,
            written: cells.to_vec(),
        }
    }

    /// Whether one of these is among them.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.at.contains_key(*name))
    }

    fn kind(&self) -> Option<Kind> {
        if self.has(&["definitionid", "pluginid", "plugin"]) && self.has(&["severity", "risk"]) {
            Some(Kind::Tenable)
        } else if self.has(&["qid"]) && self.has(&["severity"]) {
            Some(Kind::Qualys)
        } else if self.has(&["nvtoid"]) && self.has(&["severity"]) {
            Some(Kind::OpenVas)
        } else {
            None
        }
    }
}

/// One row under the headings.
pub(super) struct Row<'r> {
    pub(super) line: Option<u64>,
    pub(super) headings: &'r Headings,
    cells: &'r [String],
}

impl<'r> Row<'r> {
    /// The first of the named cells that says something.
    pub(super) fn get(&self, names: &[&str]) -> Option<&'r str> {
        self.find(names).map(|(text, _)| text)
    }

    /// The same, with its heading as the file writes it.
    pub(super) fn find(&self, names: &[&str]) -> Option<(&'r str, &'r str)> {
        names.iter().find_map(|name| {
            let at = *self.headings.at.get(*name)?;
            let text = self.cells.get(at).filter(|text| !text.is_empty())?;
            Some((text.as_str(), self.headings.written[at].as_str()))
        })
    }
}

/// Recognises a table by its headings.
pub(super) fn kind(document: &Document<'_>) -> Result<Kind, Refusal> {
    let encoding = separated::encoding(document.raw()?).map_err(Refusal::new)?;
    let mut found = None;
    let mut seen = 0;
    let read = separated::rows(
        document.raw()?.take(HEAD_BYTES),
        encoding,
        &mut |_, cells| {
            seen += 1;
            if found.is_none() && seen <= HEADINGS_WITHIN {
                found = Headings::of(cells).kind();
            }
        },
    );
    match (found, read) {
        (Some(kind), _) => Ok(kind),
        (None, Err(why)) => Err(Refusal::new(why)),
        (None, Ok(())) => Err(Refusal::new("is not a report that this kind knows")),
    }
}

/// Reads the rows one by one.
pub(super) fn read(
    document: &Document<'_>,
    kind: Kind,
    desk: &mut Desk<'_, '_>,
) -> Result<(), Refusal> {
    let encoding = separated::encoding(document.raw()?).map_err(Refusal::new)?;
    if !separated::is_certain(encoding) {
        let what = "is not UTF-8; read as Windows-1252";
        desk.sink.notice(desk.part, None, None, what);
    }
    let mut headings: Option<Headings> = None;
    let read = separated::rows(
        document.raw()?,
        encoding,
        &mut |line, cells| match &headings {
            None => headings = Some(Headings::of(cells)).filter(|h| h.kind() == Some(kind)),
            Some(_) if cells.iter().all(String::is_empty) => {}
            Some(headings) => one(kind, headings, line, cells, desk),
        },
    );
    read.map_err(Refusal::new)
}

fn one(kind: Kind, headings: &Headings, line: u64, cells: &[String], desk: &mut Desk<'_, '_>) {
    let width = headings.written.len();
    let spill = cells.iter().skip(width).any(|cell| !cell.is_empty());
    if spill || cells.len() < width {
        let what = format!(
            "{} cells under {width} headings; the row was left out",
            cells.len()
        );
        return desk.odd(Some(line), None, &what);
    }
    let row = Row {
        line: Some(line),
        headings,
        cells,
    };
    match kind {
        Kind::Tenable => tenable::row(&row, desk),
        Kind::Qualys => qualys::row(&row, desk),
        Kind::OpenVas => openvas::row(&row, desk),
    }
}
