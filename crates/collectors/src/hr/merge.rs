//! Several rows with one id: the same row twice, one person's several assignments, or a conflict.

use std::collections::BTreeMap;

use standing_facts::tables::Person;

use crate::Sink;

/// A row of the export as a person, with its place.
#[derive(Clone)]
pub(super) struct Row {
    /// The id is still the source's own.
    pub(super) person: Person,
    /// A status or person type says that it is over.
    pub(super) ended: bool,
    /// The export calls it the primary assignment.
    pub(super) primary: bool,
    /// The file has columns that tell one assignment of a person from another.
    pub(super) assignments: bool,
    pub(super) part: String,
    pub(super) line: u64,
}

/// Rows whose ids repeat, until the last file is read.
#[derive(Default)]
pub(super) struct Held(BTreeMap<String, Vec<Row>>);

impl Held {
    pub(super) fn add(&mut self, row: Row, sink: &mut Sink<'_>) {
        let rows = self.0.entry(row.person.id.clone()).or_default();
        let place = (row.part.clone(), Some(row.line));
        if let Some(same) = rows.iter().find(|r| r.says_the_same(&row)) {
            let what = format!("the same row as {} line {}", same.part, same.line);
            sink.notice(&place.0, place.1, None, what);
            return;
        }
        if let Some(first) = rows.first() {
            let other = format!("{} line {}", first.part, first.line);
            if !first.may_be_one_person(&row) {
                let what = format!("the same id as {other} with other particulars; left out");
                sink.problem(&place.0, place.1, None, what);
                return;
            }
            let what = format!("another assignment of the person in {other}");
            sink.notice(&place.0, place.1, None, what);
        }
        rows.push(row);
    }

    /// One row a person, in the order of their ids. A person has left only when the last
    /// assignment has ended; where the end of one is not known, neither is the person's.
    pub(super) fn merged(self) -> Vec<Row> {
        let people = self.0.into_values();
        people.filter_map(merge).collect()
    }
}

impl Row {
    fn says_the_same(&self, other: &Row) -> bool {
        self.person == other.person && self.ended == other.ended && self.primary == other.primary
    }

    fn may_be_one_person(&self, other: &Row) -> bool {
        self.assignments
            && other.assignments
            && agree(self.person.name.as_ref(), other.person.name.as_ref())
            && agree(self.person.email.as_ref(), other.person.email.as_ref())
    }

    /// Whether the assignment has an end, known or not.
    fn ends(&self) -> bool {
        self.ended || self.person.left_on.is_some()
    }
}

/// Values agree where either is missing.
fn agree(one: Option<&String>, other: Option<&String>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.to_lowercase() == other.to_lowercase(),
        _ => true,
    }
}

fn merge(mut rows: Vec<Row>) -> Option<Row> {
    // The row that speaks for the person: an open one before an ended one, then the primary one,
    // then the one that started last; of equals the first.
    rows.sort_by_key(|r| {
        let latest = std::cmp::Reverse(r.person.started_on);
        (r.ends(), !r.primary, latest)
    });
    let all_end = rows.iter().all(Row::ends);
    let ends: Vec<_> = rows.iter().map(|r| r.person.left_on).collect();
    let known = ends.iter().all(Option::is_some);
    let started_on = rows.iter().filter_map(|r| r.person.started_on).min();
    let email = rows.iter().find_map(|r| r.person.email.clone());
    let name = rows.iter().find_map(|r| r.person.name.clone());
    let mut row = rows.into_iter().next()?;
    row.ended = all_end;
    row.person.left_on = ends
        .into_iter()
        .max()
        .flatten()
        .filter(|_| all_end && known);
    row.person.started_on = started_on;
    row.person.email = email;
    row.person.name = name;
    Some(row)
}
