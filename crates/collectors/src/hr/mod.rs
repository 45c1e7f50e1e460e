//! People from an HR system's export: CSV or Excel.

pub(crate) mod asked;
pub(crate) mod headings;
mod merge;
pub(crate) mod people;

use std::collections::HashSet;

use crate::tabular;
use crate::{About, Asks, Collector, Parts, Settings, Sink};
use people::{People, digest, native_id};

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
        let mut people = People::repeating(repeated(settings, parts));
        for part in parts.list() {
            let wanted = ("hr", headings::WANTED, settings);
            let columns = tabular::read(parts, part, wanted, sink, &mut |columns, record, sink| {
                people.take(columns, record, sink);
            });
            if let Some(columns) = columns {
                columns.report_unread(&part.name, sink);
                people.told_by(&columns);
            }
        }
        people.end(sink);
    }
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
