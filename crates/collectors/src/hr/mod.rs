//! People from an HR system's export: CSV or Excel.

mod headings;
mod merge;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use standing_facts::tables::Person;
use standing_facts::{Date, GapCode};

use crate::tabular::{self, Columns, Record};
use crate::{About, Asks, Collector, Parts, Settings, Sink};
use merge::{Held, Row};

/// Reads people, leavers included, from HR exports.
pub struct Hr;

static ABOUT: About = About {
    kind: "hr",
    summary: "people from an HR system's CSV or Excel export (BambooHR, HiBob, Personio, ESR, any)",
    revision: 1,
    asks: Asks::Files,
    tables: &["person"],
    settings: &[],
    how: "Export the list of staff as CSV or .xlsx: employee number, name, work e-mail, department, \
job title, manager, start date and leaving date. Include leavers: most systems hide them until a \
filter is changed (BambooHR: all employees, not only active; HiBob: show inactive; Personio: every \
status; ESR: EX_EMP as well as EMP), and without them nothing can be said about leavers. A report \
role that sees these columns and no others is enough; leave out pay, home address, date of birth \
and National Insurance number, which are not needed and the last of which is never read. Headings \
are recognised; where they are not, name them under [columns]. Several files in one folder are \
read as one list.",
};

impl Collector for Hr {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        tabular::is_table(relative)
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let repeated = repeated(settings, parts);
        let mut held = Held::default();
        let mut seen = Seen::default();
        for part in parts.list() {
            let wanted = ("hr", headings::WANTED, settings);
            let columns = tabular::read(parts, part, wanted, sink, &mut |columns, record, sink| {
                let Some(row) = row(columns, record, sink) else {
                    return;
                };
                seen.people += 1;
                seen.leavers += u64::from(row.ended || row.person.left_on.is_some());
                if repeated.contains(&digest(&row.person.id)) {
                    held.add(row, sink);
                } else {
                    give(row, sink);
                }
            });
            if let Some(columns) = columns {
                columns.report_unread(&part.name, sink);
                seen.tells_leavers |= tells_leavers(&columns);
            }
        }
        for row in held.merged() {
            give(row, sink);
        }
        seen.report(sink);
    }
}

#[derive(Default)]
struct Seen {
    people: u64,
    leavers: u64,
    tells_leavers: bool,
}

impl Seen {
    fn report(&self, sink: &mut Sink<'_>) {
        if sink.failed() {
            return;
        }
        if self.people == 0 && sink.lost_count == 0 {
            sink.gap(Some("person"), GapCode::Missing, "the export lists nobody");
        }
        if !self.tells_leavers {
            let why = "no leaving dates or status column: leavers cannot be told";
            sink.gap(Some("person"), GapCode::NotAsked, why);
        } else if self.people > 0 && self.leavers == 0 {
            let what =
                "nobody in the export has left: leavers are known only if they were asked for";
            sink.notice("export", None, None, what);
        }
    }
}

fn tells_leavers(columns: &Columns) -> bool {
    ["left_on", "status", "person_type"]
        .iter()
        .any(|c| columns.has(c))
}

/// Digests of the ids that stand in more than one row. Eight bytes a row are all that is kept of a
/// large file; two ids with one digest are merely looked at more closely.
fn repeated(settings: &Settings, parts: &Parts<'_>) -> HashSet<u64> {
    let mut ids = Vec::new();
    let mut nowhere = |_| {};
    let mut quiet = Sink::new(&settings.source, &mut nowhere);
    for part in parts.list() {
        let wanted = ("hr", headings::WANTED, settings);
        tabular::read(
            parts,
            part,
            wanted,
            &mut quiet,
            &mut |columns, record, _| {
                ids.extend(native_id(columns, record).map(|id| digest(&id)));
            },
        );
    }
    ids.sort_unstable();
    let pairs = ids.windows(2).filter(|pair| pair[0] == pair[1]);
    pairs.map(|pair| pair[0]).collect()
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn native_id(columns: &Columns, record: &Record<'_>) -> Option<String> {
    let number = columns.owned(record, "employee_number");
    number
        .or_else(|| columns.owned(record, "id"))
        .or_else(|| email(columns, record).map(|e| e.to_lowercase()))
}

fn email(columns: &Columns, record: &Record<'_>) -> Option<String> {
    columns.owned(record, "email").filter(|e| e.contains('@'))
}

fn row(columns: &Columns, record: &Record<'_>, sink: &mut Sink<'_>) -> Option<Row> {
    let Some(id) = native_id(columns, record) else {
        let what = "expected an employee number or an e-mail; the row was left out";
        sink.problem(record.part, Some(record.line), None, what);
        return None;
    };
    let text = |column| columns.owned(record, column);
    if text("employee_number").is_none() && columns.has("employee_number") {
        let heading = columns.heading("employee_number");
        let what = "no employee number; the person is known by e-mail";
        sink.notice(record.part, Some(record.line), heading, what);
    }
    if text("email").is_some() && email(columns, record).is_none() {
        let heading = columns.heading("email");
        let what = "not an e-mail address; left out";
        sink.notice(record.part, Some(record.line), heading, what);
    }
    let person_type = text("person_type");
    let status = text("status");
    Some(Row {
        ended: status.as_deref().is_some_and(headings::is_over)
            || person_type.as_deref().is_some_and(headings::is_over),
        primary: text("primary").is_some_and(|p| headings::is_yes(&p)),
        assignments: tells_leavers(columns) || columns.has("primary"),
        part: record.part.to_owned(),
        line: record.line,
        person: Person {
            id,
            employee_number: text("employee_number"),
            name: name(columns, record),
            email: email(columns, record),
            department: text("department"),
            previous_department: text("previous_department"),
            moved_on: columns.date(record, "moved_on", sink),
            job_title: text("job_title"),
            manager: text("manager"),
            kind: text("kind").or(person_type).map(|k| headings::kind(&k)),
            started_on: columns.date(record, "started_on", sink),
            left_on: left_on(columns, record, sink),
        },
    })
}

fn name(columns: &Columns, record: &Record<'_>) -> Option<String> {
    let parts = ["first_name", "last_name"].map(|c| columns.text(record, c));
    let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    columns
        .owned(record, "name")
        .or(Some(joined).filter(|n| !n.is_empty()))
}

/// Oracle-based systems, ESR among them, write an end that never comes as a day in 4712 or 9999.
fn left_on(columns: &Columns, record: &Record<'_>, sink: &mut Sink<'_>) -> Option<Date> {
    let text = columns.text(record, "left_on")?;
    if text.contains("4712") || text.contains("9999") {
        return None;
    }
    columns.date(record, "left_on", sink)
}

/// One person. Somebody who has left on a day nobody wrote down is a gap in the source.
fn give(mut row: Row, sink: &mut Sink<'_>) {
    if row.ended && row.person.left_on.is_none() {
        let what = "the status says that this person has left, and there is no leaving date";
        sink.problem(&row.part, Some(row.line), None, what);
    }
    row.person.id = sink.id(&row.person.id);
    sink.fact(&row.person);
}
