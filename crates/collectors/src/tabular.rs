//! Tables that people export: CSV in its varieties and Excel workbooks, as rows under headings.

use std::collections::BTreeMap;

use standing_facts::{Date, GapCode};

use crate::{Kept, Parts, Settings, Sink, dates, separated, spreadsheet};

/// The headings are looked for in this many first rows: reports put titles above them.
const HEADINGS_WITHIN: usize = 20;

/// A column of the facts and the headings by which exports are known to call it, as [`plain`]
/// writes them.
pub(crate) type Wanted<'a> = (&'static str, &'a [&'a str]);

/// Which column of the file holds what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    at: BTreeMap<&'static str, usize>,
    headings: Vec<String>,
}

/// One row of the file.
pub(crate) struct Record<'a> {
    /// The file.
    pub(crate) part: &'a str,
    /// Its line, or row of the sheet, from 1.
    pub(crate) line: u64,
    cells: &'a [String],
    /// In a workbook numbers may be days: whether they count from 1904.
    serials: Option<bool>,
}

impl Columns {
    /// Finds the wanted columns among headings: those that the settings name, then those known.
    fn find(wanted: &[Wanted<'_>], settings: &Settings, headings: &[String]) -> Self {
        let plainly: Vec<String> = headings.iter().map(|h| plain(h)).collect();
        let at = |name: &str| {
            let index = plainly.iter().position(|h| *h == name)?;
            (!is_forbidden(&plainly[index])).then_some(index)
        };
        let found = wanted.iter().filter_map(|(column, known)| {
            let index = match settings.columns.get(*column) {
                Some(heading) => at(&plain(heading)),
                None => known.iter().find_map(|name| at(name)),
            };
            index.map(|i| (*column, i))
        });
        Columns {
            at: found.collect(),
            headings: headings.to_vec(),
        }
    }

    /// The columns of an answer whose fields are known: ours, and the system's word for each.
    pub(crate) fn of(fields: &[(&'static str, &str)]) -> Self {
        let at = fields.iter().enumerate();
        Columns {
            at: at.map(|(i, (column, _))| (*column, i)).collect(),
            headings: fields.iter().map(|(_, field)| (*field).into()).collect(),
        }
    }

    /// Whether the file has that column.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.at.contains_key(column)
    }

    /// Headings that no column was found in and that are not refused.
    pub(crate) fn strangers(&self) -> impl Iterator<Item = &str> {
        let known = |index: &usize| !self.at.values().any(|at| at == index);
        let named = self.headings.iter().enumerate();
        named
            .filter(move |(i, h)| known(i) && !h.is_empty() && !is_forbidden(&plain(h)))
            .map(|(_, h)| h.as_str())
    }

    /// Says in one line which columns of the file were not read.
    pub(crate) fn report_unread(&self, part: &str, sink: &mut Sink<'_>) {
        let unread: Vec<&str> = self.strangers().collect();
        if !unread.is_empty() {
            sink.notice(part, None, None, format!("not read: {}", unread.join(", ")));
        }
    }

    /// Headings that are never read.
    fn forbidden(&self) -> impl Iterator<Item = &str> {
        let all = self.headings.iter().map(String::as_str);
        all.filter(|h| is_forbidden(&plain(h)))
    }

    /// The heading over that column, for messages.
    pub(crate) fn heading(&self, column: &str) -> Option<&str> {
        self.at.get(column).map(|i| self.headings[*i].as_str())
    }

    /// The cell's text, if there is any.
    pub(crate) fn text<'r>(&self, record: &'r Record<'_>, column: &str) -> Option<&'r str> {
        let cell = record.cells.get(*self.at.get(column)?)?;
        (!cell.is_empty()).then_some(cell.as_str())
    }

    /// The same, to keep.
    pub(crate) fn owned(&self, record: &Record<'_>, column: &str) -> Option<String> {
        self.text(record, column).map(str::to_owned)
    }

    /// The cell's day. An unreadable one is a problem.
    pub(crate) fn date(
        &self,
        record: &Record<'_>,
        column: &str,
        sink: &mut Sink<'_>,
    ) -> Option<Date> {
        let text = self.text(record, column)?;
        if matches!(
            text.to_ascii_lowercase().as_str(),
            "-" | "n/a" | "none" | "null"
        ) {
            return None;
        }
        let serial = || {
            let since_1904 = record.serials?;
            dates::from_serial(text.parse().ok()?, since_1904)
        };
        let day = dates::parse(text).or_else(serial);
        if day.is_none() {
            sink.problem(
                record.part,
                Some(record.line),
                self.heading(column),
                "expected a day such as 31/12/2026 or 2026-12-31",
            );
        }
        day
    }
}

impl<'a> Record<'a> {
    /// One row of an answer, under the columns that [`Columns::of`] gives.
    pub(crate) fn of(part: &'a str, line: u64, cells: &'a [String]) -> Self {
        Record {
            part,
            line,
            cells,
            serials: None,
        }
    }
}

/// A heading without case, blanks and marks: `Employee #` and `employee_number` become
/// `employeenumber`.
pub(crate) fn plain(heading: &str) -> String {
    let heading = heading.replace('#', "number");
    heading
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// National Insurance numbers and their like are never read, whatever the settings say.
fn is_forbidden(plain: &str) -> bool {
    const WITHIN: [&str; 3] = ["nationalinsurance", "ninumber", "socialsecurity"];
    const WHOLE: [&str; 6] = ["ni", "nin", "nino", "nicode", "ssn", "nationalid"];
    WITHIN.iter().any(|w| plain.contains(w)) || WHOLE.contains(&plain)
}

/// Whether a column of this name is never read.
pub(crate) fn is_never_read(heading: &str) -> bool {
    is_forbidden(&plain(heading))
}

/// Whether the file's name is one of a table.
pub(crate) fn is_table(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".csv", ".tsv", ".txt", ".xlsx", ".xlsm"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Reads one file, handing out the rows under its headings. `None` when it could not be read,
/// which the sink then knows.
pub(crate) fn read(
    parts: &Parts<'_>,
    part: &Kept,
    (of, wanted, settings): (&str, &[Wanted<'_>], &Settings),
    sink: &mut Sink<'_>,
    each: &mut dyn FnMut(&Columns, &Record<'_>, &mut Sink<'_>),
) -> Option<Columns> {
    let mut table = Table {
        part,
        of,
        wanted,
        settings,
        columns: None,
        early: Vec::new(),
        is_wide: false,
        each,
    };
    let form = match magic(parts, part) {
        Ok(form) => form,
        Err(why) => {
            sink.fail(GapCode::Malformed, format!("{} {why}", part.name));
            return None;
        }
    };
    let done = match form {
        Form::Text => text(parts, part, &mut table, sink),
        Form::Workbook => workbook(parts, part, &mut table, sink),
    };
    if let Err((code, why)) = done {
        sink.fail(code, format!("{} {why}", part.name));
        return None;
    }
    table.settle(sink);
    if table.columns.is_none() && !sink.failed() {
        let unknown = "has no row of headings that are understood; name them under [columns]";
        let why = if table.is_wide { unknown } else { NO_TABLE };
        sink.fail(GapCode::Malformed, format!("{} {why}", part.name));
    }
    table.columns.filter(|_| !sink.failed())
}

/// Reads rows that have their headings beside them, handing them out as [`read`] does.
pub(crate) fn listed(
    part: &Kept,
    (of, wanted, settings): (&str, &[Wanted<'_>], &Settings),
    (headings, rows): (&[String], &[Vec<String>]),
    sink: &mut Sink<'_>,
    each: &mut dyn FnMut(&Columns, &Record<'_>, &mut Sink<'_>),
) -> Option<Columns> {
    let mut table = Table {
        part,
        of,
        wanted,
        settings,
        columns: None,
        early: Vec::new(),
        is_wide: true,
        each,
    };
    let columns = Columns::find(wanted, settings, headings);
    if let Some(why) = table.mapped_in_vain(&columns) {
        sink.fail(GapCode::Malformed, why);
        return None;
    }
    table.columns = Some(columns);
    for (line, cells) in (1..).zip(rows) {
        table.row(line, cells, None, sink);
    }
    table.columns.filter(|_| !sink.failed())
}

enum Form {
    Text,
    Workbook,
}

/// What the first bytes say the file is, whatever its name says.
fn magic(parts: &Parts<'_>, part: &Kept) -> Result<Form, String> {
    use std::io::Read as _;
    let cannot = |e: std::io::Error| format!("cannot be read: {}", e.kind());
    let mut first = Vec::new();
    let bytes = parts.open(part).map_err(cannot)?;
    bytes.take(512).read_to_end(&mut first).map_err(cannot)?;
    let start = String::from_utf8_lossy(&first)
        .trim_start()
        .to_ascii_lowercase();
    if first.starts_with(b"PK\x03\x04") || first.starts_with(b"PK\x05\x06") {
        Ok(Form::Workbook)
    } else if first.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        Err("is an old or password-protected workbook; save it as .xlsx without a password".into())
    } else if ["<html", "<!doctype", "<table", "<?xml"]
        .iter()
        .any(|m| start.starts_with(m))
    {
        Err("is a web page or XML, not a table; save it as CSV or .xlsx".into())
    } else if is_workbook(&part.name) && !first.is_empty() {
        Err("is not a workbook (.xlsx)".into())
    } else if start.starts_with(['{', '[']) || is_markdown(&part.name) {
        Err(NO_TABLE.into())
    } else if first.is_empty() {
        Err("is empty: not even headings".into())
    } else {
        Ok(Form::Text)
    }
}

const NO_TABLE: &str = "is not a table with headings (CSV or XLSX)";

fn is_workbook(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".xlsx", ".xlsm"].iter().any(|end| name.ends_with(end))
}

fn is_markdown(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".md", ".markdown"].iter().any(|end| name.ends_with(end))
}

type Refused = (GapCode, String);

fn text(
    parts: &Parts<'_>,
    part: &Kept,
    table: &mut Table<'_, '_>,
    sink: &mut Sink<'_>,
) -> Result<(), Refused> {
    let open = || {
        let opened = parts.open(part);
        opened.map_err(|e| (GapCode::Malformed, format!("cannot be read: {}", e.kind())))
    };
    let malformed = |why: String| (GapCode::Malformed, why);
    let encoding = separated::encoding(open()?).map_err(malformed)?;
    if !separated::is_certain(encoding) {
        sink.notice(&part.name, None, None, "is not UTF-8; read as Windows-1252");
    }
    separated::rows(open()?, encoding, &mut |line, cells| {
        table.row(line, cells, None, sink);
    })
    .map_err(malformed)
}

fn workbook(
    parts: &Parts<'_>,
    part: &Kept,
    table: &mut Table<'_, '_>,
    sink: &mut Sink<'_>,
) -> Result<(), Refused> {
    let whole = parts.whole(part, spreadsheet::FILE_BYTES);
    let bytes = whole.map_err(|e| (GapCode::Malformed, format!("cannot be read: {}", e.kind())))?;
    let limit = spreadsheet::FILE_BYTES;
    let bytes = bytes.ok_or_else(|| {
        let why = format!("is larger than {limit} bytes; save it as CSV");
        (GapCode::TooLarge, why)
    })?;
    let odd = spreadsheet::rows(&bytes, &mut |line, cells, since_1904| {
        table.row(line, cells, Some(since_1904), sink);
    })
    .map_err(|refusal| (refusal.code, refusal.why))?;
    let name = part.name.as_str();
    if odd.formulas > 0 {
        let count = odd.formulas;
        let what = format!("cells that hold formulas, read as their stored results: {count}");
        sink.notice(name, None, None, what);
    }
    if odd.other_sheets > 0 {
        let what = format!(
            "only the first visible of {} sheets was read",
            odd.other_sheets + 1
        );
        sink.notice(name, None, None, what);
    }
    for (row, column) in odd.errors {
        let column = column.to_string();
        sink.problem(
            name,
            Some(row),
            Some(&column),
            "the cell holds an error value",
        );
    }
    Ok(())
}

struct Early {
    line: u64,
    cells: Vec<String>,
    serials: Option<bool>,
}

/// One file on its way: first rows are kept until the headings are found among them.
struct Table<'a, 'f> {
    part: &'a Kept,
    /// Whose columns are wanted: a kind or a table of facts.
    of: &'a str,
    wanted: &'a [Wanted<'a>],
    settings: &'a Settings,
    columns: Option<Columns>,
    early: Vec<Early>,
    /// Some row has more than one cell: where none has, it is prose.
    is_wide: bool,
    each: &'f mut dyn FnMut(&Columns, &Record<'_>, &mut Sink<'_>),
}

impl Table<'_, '_> {
    fn row(&mut self, line: u64, cells: &[String], serials: Option<bool>, sink: &mut Sink<'_>) {
        if sink.failed() || cells.iter().all(String::is_empty) {
            return;
        }
        self.is_wide |= cells.len() > 1;
        if self.columns.is_some() {
            self.give(line, cells, serials, sink);
            return;
        }
        let cells = cells.to_vec();
        self.early.push(Early {
            line,
            cells,
            serials,
        });
        if self.early.len() == HEADINGS_WITHIN {
            self.settle(sink);
        }
    }

    /// Takes as headings the first of the early rows in which most columns are found, and gives
    /// the rows after it.
    fn settle(&mut self, sink: &mut Sink<'_>) {
        if self.columns.is_some() {
            return;
        }
        let early = std::mem::take(&mut self.early);
        let mut best: Option<(usize, Columns)> = None;
        for (index, row) in early.iter().enumerate() {
            let columns = Columns::find(self.wanted, self.settings, &row.cells);
            let most = best.as_ref().map_or(0, |(_, c)| c.at.len());
            if columns.at.len() > most {
                best = Some((index, columns));
            }
        }
        let lacking = best.is_none().then(Columns::default);
        let found = best.as_ref().map(|(_, columns)| columns);
        let why = found.or(lacking.as_ref().filter(|_| self.is_wide));
        if let Some(why) = why.and_then(|columns| self.mapped_in_vain(columns)) {
            sink.fail(GapCode::Malformed, why);
            return;
        }
        let Some((index, columns)) = best else { return };
        let name = self.part.name.as_str();
        if index > 0 {
            let what = format!("rows above the headings passed over: {index}");
            sink.notice(name, Some(early[0].line), None, what);
        }
        for heading in columns.forbidden() {
            let what = "looks like National Insurance numbers, which are never read";
            sink.notice(name, Some(early[index].line), Some(heading), what);
        }
        self.columns = Some(columns);
        for row in early.into_iter().skip(index + 1) {
            self.give(row.line, &row.cells, row.serials, sink);
        }
    }

    /// A heading that the settings name and the file lacks, or a column that is not one.
    fn mapped_in_vain(&self, columns: &Columns) -> Option<String> {
        let missing = self
            .settings
            .columns
            .iter()
            .find(|(c, _)| !columns.has(c))?;
        let (column, heading) = missing;
        if !self.wanted.iter().any(|(c, _)| c == column) {
            return Some(self.no_such_column(column));
        }
        Some(format!(
            "{} has no readable column {heading:?}, which [columns] names for {column}",
            self.part.name
        ))
    }

    fn no_such_column(&self, column: &str) -> String {
        let of = self.of;
        let known: Vec<&str> = self.wanted.iter().map(|(c, _)| *c).collect();
        let near = nearest(column, &known);
        let hint = near.map_or_else(String::new, |n| format!("; did you mean {n:?}?"));
        let known = known.join(", ");
        format!("{of} has no column {column:?}, which [columns] names; known are {known}{hint}")
    }

    fn give(&mut self, line: u64, cells: &[String], serials: Option<bool>, sink: &mut Sink<'_>) {
        let Some(columns) = &self.columns else { return };
        let (width, found) = (columns.headings.len(), cells.len());
        let spill = cells.iter().skip(width).any(|c| !c.is_empty());
        if spill || (found < width && serials.is_none()) {
            let what = format!("{found} cells under {width} headings; the row was left out");
            sink.problem(&self.part.name, Some(line), None, what);
            return;
        }
        let record = Record {
            part: &self.part.name,
            line,
            cells,
            serials,
        };
        (self.each)(columns, &record, sink);
    }
}

/// The known name that the written one begins, ends or nearly is.
fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let written = plain(written);
    let near = known.iter().map(|name| {
        let name_plain = plain(name);
        let part = written.len() >= 4 && name_plain.starts_with(&written);
        let apart = if part {
            0
        } else {
            distance(&written, &name_plain)
        };
        (apart, *name)
    });
    let best = near.min_by_key(|(apart, _)| *apart);
    best.filter(|(apart, _)| *apart <= 1 + written.len() / 4)
        .map(|(_, name)| name)
}

/// How many letters must be put in, taken out or changed.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = before + usize::from(a != *b);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}
