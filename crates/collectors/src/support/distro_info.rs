//! The tables of Debian's package distro-info-data. `eol` is the end of the support that is open to
//! everybody; Debian's `eol-lts` and Ubuntu's `eol-esm` are extended, as in the catalogue. Paid years
//! beyond these are passed over.

use std::collections::BTreeMap;

use standing_facts::Date;

use super::{Dates, row};
use crate::unpacked::{Document, Refusal};
use crate::{Sink, dates, separated};

const SAID_BY: &str = "Debian distro-info-data";

/// Which distribution's table it is: the columns of extended support tell.
struct Table {
    product: &'static str,
    extended: &'static str,
    at: BTreeMap<String, usize>,
}

impl Table {
    fn of(headings: &[String]) -> Option<Table> {
        let at: BTreeMap<String, usize> = headings.iter().cloned().zip(0..).collect();
        let has = |name: &str| at.contains_key(name);
        let (product, extended) = match () {
            () if !(has("version") && has("series") && has("eol")) => return None,
            () if has("eol-lts") => ("debian", "eol-lts"),
            () if has("eol-esm") => ("ubuntu", "eol-esm"),
            () => return None,
        };
        Some(Table {
            product,
            extended,
            at,
        })
    }

    /// Rows end where nothing more is known.
    fn cell<'c>(&self, cells: &'c [String], name: &str) -> Option<&'c str> {
        let text = cells.get(*self.at.get(name)?)?;
        (!text.is_empty()).then_some(text.as_str())
    }
}

/// Reads one table.
pub(super) fn read(
    document: &Document<'_>,
    dates: &mut Dates,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    let encoding = separated::encoding(document.raw()?).map_err(Refusal::new)?;
    let mut table = None;
    let mut is_other = false;
    let read = separated::rows(document.raw()?, encoding, &mut |line, cells| match &table {
        _ if is_other => {}
        None => {
            table = Table::of(cells);
            is_other = table.is_none();
        }
        Some(table) => release(table, cells, (&document.part, line), dates, sink),
    });
    read.map_err(Refusal::new)?;
    if is_other {
        return Err(Refusal::new(
            "is no table of distro-info: expected the columns version, series, eol and eol-lts or eol-esm",
        ));
    }
    Ok(())
}

fn release(
    table: &Table,
    cells: &[String],
    (part, line): (&str, u64),
    dates: &mut Dates,
    sink: &mut Sink<'_>,
) {
    let Some(version) = table.cell(cells, "version") else {
        return dates.leave("releases without a version, left out");
    };
    let cycle = version.trim_end_matches(" LTS");
    let mut day = |name: &str| -> Option<Date> {
        let text = table.cell(cells, name)?;
        let day = dates::parse(text);
        if day.is_none() {
            let what = "expected a day such as 2026-12-31";
            sink.problem(part, Some(line), Some(name), what);
        }
        day
    };
    let (ends_on, extended) = (day("eol"), day(table.extended));
    if ends_on.is_none() {
        return dates.leave("releases whose end is not told, left out");
    }
    let mut row = row(table.product, cycle, ends_on, extended);
    row.said_by = Some(SAID_BY.to_owned());
    dates.put(&row, sink);
}
