//! People by one query of a database.

use standing_facts::GapCode;

use crate::hr::asked::NOBODY_LEFT;
use crate::hr::headings;
use crate::hr::people::People;
use crate::rows;
use crate::sql::{CA_FILE, Engine, PASSWORD_ENV, PASSWORD_FILE, URL, USER, engine};
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink, tabular};

/// Reads people by a query of PostgreSQL, MySQL or MariaDB.
pub struct HrSql;

static ABOUT: About = About {
    kind: "hr-sql",
    summary: "people by one query of a PostgreSQL, MySQL or MariaDB database",
    revision: 1,
    asks: Asks::System,
    tables: &["person"],
    settings: &[
        URL,
        USER,
        PASSWORD_FILE,
        PASSWORD_ENV,
        CA_FILE,
        Setting {
            name: "database",
            meaning: "the database that holds the list of staff",
            default: "",
            required: true,
        },
        Setting {
            name: "query",
            meaning: "one SELECT that lists everybody, leavers included",
            default: "",
            required: true,
        },
        NOBODY_LEFT,
    ],
    how: "Make a view of the list of staff with these columns and no others: employee number, name, \
work e-mail, department, job title, manager, start date and leaving date; leave out pay, home \
address, date of birth and National Insurance number. Let the view list leavers too: a where clause \
that keeps active people only is the usual mistake. Make a database user that may select from the \
view and nothing else, and put its password in a file (mode 0600). Columns are recognised by their \
names as those of the kind hr are; others are named under [columns]. The query runs in a read-only \
session with a time limit.",
};

/// Most people that are read.
const PEOPLE: usize = 1_000_000;
const PART: &str = "people.jsonl";

impl Collector for HrSql {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let malformed = |why: String| FetchError::system(GapCode::Malformed, why);
        let settings = line.settings();
        let database = settings.value("database").to_owned();
        let query = one_select(settings.value("query"))
            .ok_or_else(|| malformed("query: expected one SELECT and no other statement".into()))?
            .to_owned();
        let clock = match engine(settings.value("url"))? {
            Engine::Postgres => "select extract(epoch from now())::bigint::text as epoch",
            Engine::MySql => "select unix_timestamp() as epoch",
        };
        let mut sql = line.sql(&database)?;
        let (_, now) = sql.table(clock)?;
        sql.compare_clocks(line, now.first().and_then(|row| row.first()?.as_deref()));
        let limit = PEOPLE + 1;
        let (columns, found) = sql.table(&format!(
            "select * from (\n{query}\n) as people limit {limit}"
        ))?;
        if let Some(column) = columns.iter().find(|c| tabular::is_never_read(c)) {
            return Err(malformed(format!(
                "query: the column {column} looks like National Insurance numbers, which are never \
                 read; leave it out of the query"
            )));
        }
        let bytes = rows::written(&columns, &found);
        if found.len() > PEOPLE || bytes.len() as u64 > crate::http::LONGEST {
            let why = "query: more people than are read";
            return Err(FetchError::system(GapCode::TooLarge, why));
        }
        line.keep(PART, &bytes)
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(found) = rows::of(parts, PART, "person", sink) else {
            return;
        };
        if found.rows.is_empty() {
            sink.gap(Some("person"), GapCode::Missing, "the query lists nobody");
            return;
        }
        let Some(part) = parts.list().iter().find(|p| p.name == PART) else {
            return;
        };
        let cells = found.rows.into_iter();
        let cells: Vec<Vec<String>> = cells
            .map(|row| row.into_iter().map(Option::unwrap_or_default).collect())
            .collect();
        let mut people = People::default();
        let wanted = ("hr-sql", headings::WANTED, settings);
        let rows = (found.columns.as_slice(), cells.as_slice());
        let columns = tabular::listed(part, wanted, rows, sink, &mut |columns, record, sink| {
            people.take(columns, record, sink);
        });
        let Some(columns) = columns else { return };
        columns.report_unread(PART, sink);
        people.told_by(&columns);
        people.end_of_asked(settings, sink);
    }
}

/// The query without a last semicolon, if it is one SELECT.
fn one_select(query: &str) -> Option<&str> {
    let query = query.trim().trim_end_matches(';').trim_end();
    let first = query.split(|c: char| !c.is_ascii_alphabetic()).next()?;
    let selects = ["select", "with"]
        .iter()
        .any(|w| first.eq_ignore_ascii_case(w));
    (selects && !query.contains(';')).then_some(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_select_and_nothing_else() {
        for query in [
            "select * from staff",
            " SELECT 1 ;\n",
            "with a as (select 1) select * from a",
        ] {
            assert!(one_select(query).is_some(), "{query}");
        }
        for query in [
            "",
            "delete from staff",
            "select 1; delete from staff",
            "selection",
            "do x",
        ] {
            assert!(one_select(query).is_none(), "{query}");
        }
    }
}
