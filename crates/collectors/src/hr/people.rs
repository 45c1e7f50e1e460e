//! Rows of any source of people, as people: shared by every kind that reads them.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use standing_facts::tables::Person;
use standing_facts::{Date, GapCode};

use super::headings;
use super::merge::{Held, Row};
use crate::tabular::{Columns, Record};
use crate::{Settings, Sink};

/// Takes rows one by one; gives one person for each id.
#[derive(Default)]
pub(crate) struct People {
    /// Digests of the ids that stand in more than one row; `None` where nobody has looked, and every
    /// row is held to the end.
    repeated: Option<HashSet<u64>>,
    held: Held,
    seen: Seen,
}

impl People {
    /// Of rows that were looked through before: only those with these ids are held in memory.
    pub(super) fn repeating(ids: HashSet<u64>) -> Self {
        People {
            repeated: Some(ids),
            ..People::default()
        }
    }

    /// One row.
    pub(crate) fn take(&mut self, columns: &Columns, record: &Record<'_>, sink: &mut Sink<'_>) {
        let Some(row) = row(columns, record, sink) else {
            return;
        };
        self.seen.people += 1;
        self.seen.leavers += u64::from(row.ended || row.person.left_on.is_some());
        let repeats = |ids: &HashSet<u64>| ids.contains(&digest(&row.person.id));
        if self.repeated.as_ref().is_none_or(repeats) {
            self.held.add(row, sink);
        } else {
            give(row, sink);
        }
    }

    /// What the columns of one list can tell.
    pub(crate) fn told_by(&mut self, columns: &Columns) {
        self.seen.tells_leavers |= tells_leavers(columns);
    }

    /// Gives the rows that were held; says how many rows had left and how many there were.
    fn give_held(self, sink: &mut Sink<'_>) -> Seen {
        for row in self.held.merged() {
            give(row, sink);
        }
        self.seen
    }

    /// As [`People::end`], of a source that was asked for leavers: without one the list is not whole.
    pub(crate) fn end_of_asked(self, settings: &Settings, sink: &mut Sink<'_>) {
        let seen = self.give_held(sink);
        if sink.failed() {
            return;
        }
        if seen.people == 0 {
            if sink.lost_count == 0 {
                sink.gap(Some("person"), GapCode::Missing, "it lists nobody");
            }
        } else if !seen.tells_leavers {
            let why = "no leaving dates or status column: leavers cannot be told";
            sink.gap(Some("person"), GapCode::NotAsked, why);
        } else if seen.leavers == 0 && settings.value("nobody_left") != "yes" {
            let why = "leavers were asked for and nobody in the answer has left: let former staff \
                       be seen, or set nobody_left = \"yes\" if nobody ever has";
            sink.gap(Some("person"), GapCode::NotAsked, why);
        }
    }

    /// Gives the rows that were held, and says what the list as a whole does not tell.
    pub(crate) fn end(self, sink: &mut Sink<'_>) {
        self.give_held(sink).report(sink);
    }
}

/// How many rows there were, and what they can tell.
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

pub(super) fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

pub(super) fn native_id(columns: &Columns, record: &Record<'_>) -> Option<String> {
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
