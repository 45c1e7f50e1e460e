//! A register that people keep in a spreadsheet: any table of the facts whose headings it has.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use standing_facts::{Cell, Column, ColumnKind, GapCode, Row, Table, tables};

use crate::tabular::{self, Columns, Record, Wanted};
use crate::{About, Asks, Collector, Parts, Setting, Settings, Sink};

/// Reads one table of facts from a kept list.
pub struct Register;

static ABOUT: About = About {
    kind: "register",
    summary: "a register kept as CSV or Excel: accounts and grants of any system, suppliers, assets …",
    revision: 1,
    asks: Asks::Files,
    tables: &[
        "account",
        "agreement",
        "asset",
        "backup",
        "certificate",
        "credential_factor",
        "data_element",
        "flow",
        "grant",
        "incident",
        "package_release",
        "restore",
        "risk",
        "role_entitlement",
        "store",
        "supplier",
        "support",
        "system",
        "training_need",
    ],
    settings: &[
        Setting {
            name: "table",
            meaning: "the table of facts that the register fills, for example supplier",
            default: "",
            required: true,
        },
        Setting {
            name: "system",
            meaning: "the system that every row is about, where the file has no column for it",
            default: "",
            required: false,
        },
        Setting {
            name: "accounts",
            meaning: "of grants: the source that lists the accounts, where it is another one",
            default: "",
            required: false,
        },
    ],
    how: "Save the register as CSV or .xlsx with one row a thing and one heading a column. \
Headings are the table's columns as the reference of facts lists them, in any case, with blanks or \
underscores; others are named under [columns]. Days are British or ISO, truth values are yes and \
no, and a blank or the word unknown means that it is not known. An id column keeps ids stable; \
without one the name is the id. Any system's accounts come in as table = \"account\" and their \
rights as table = \"grant\", whose column login names the account by its login (or account by its \
id); the setting system names the system where the file has no column for it. Nothing but reading the file is needed.",
};

impl Collector for Register {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn tables(&self, settings: &Settings) -> Vec<&'static str> {
        table(settings).map(|t| t.name).into_iter().collect()
    }

    fn wants(&self, relative: &str) -> bool {
        tabular::is_table(relative)
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(table) = table(settings) else {
            let known = ABOUT.tables.join(", ");
            let why = format!("the setting table must be one of: {known}");
            sink.fail(GapCode::Malformed, why);
            return;
        };
        let names: Vec<&'static str> = table.columns.iter().map(|c| c.name).collect();
        let names = names.into_iter().chain(by_login(table).then_some(LOGIN));
        let names: Vec<&'static str> = names.collect();
        let plainly: Vec<String> = names.iter().map(|name| tabular::plain(name)).collect();
        let known: Vec<[&str; 1]> = plainly.iter().map(|p| [p.as_str()]).collect();
        let wanted = names.iter().zip(&known);
        let wanted: Vec<Wanted<'_>> = wanted.map(|(n, known)| (*n, known.as_slice())).collect();
        let of = Of { table, settings };
        let mut ids = HashMap::new();
        for part in parts.list() {
            let wanted = (table.name, wanted.as_slice(), settings);
            let columns = tabular::read(parts, part, wanted, sink, &mut |columns, record, sink| {
                of.row(&mut ids, columns, record, sink);
            });
            if let Some(columns) = columns {
                of.account_for(&columns, &part.name, sink);
            }
        }
    }
}

fn table(settings: &Settings) -> Option<&'static Table> {
    let name = settings.value("table");
    tables::table(name).filter(|t| ABOUT.tables.contains(&t.name))
}

/// The column by which a row may name an account of the same register or of another.
const LOGIN: &str = "login";

/// Whether rows of the table refer to accounts.
fn by_login(table: &Table) -> bool {
    table.name == "grant"
}

/// What a register is of.
struct Of<'a> {
    table: &'static Table,
    settings: &'a Settings,
}

impl Of<'_> {
    /// Every heading is accounted for, and every column that may not be null is there.
    fn account_for(&self, columns: &Columns, part: &str, sink: &mut Sink<'_>) {
        let table = self.table;
        for heading in columns.strangers() {
            let what = format!("not a column of {}; not read", table.name);
            sink.notice(part, None, Some(heading), what);
        }
        let telling = telling(table);
        if !columns.has("id") && !telling.iter().any(|c| columns.has(c)) {
            let (names, table) = (telling.join(" or "), table.name);
            let why =
                format!("{part} has no column {names}, which tells the rows of {table} apart");
            sink.fail(GapCode::Malformed, why);
        }
        let needed = table
            .columns
            .iter()
            .filter(|c| !c.nullable && c.name != "id");
        for column in needed.filter(|c| !columns.has(c.name) && self.default(c).is_none()) {
            if column.name == "account" && columns.has(LOGIN) {
                continue;
            }
            let (name, table) = (column.name, table.name);
            let why = format!("{part} has no column {name}, which every row of {table} needs");
            sink.fail(GapCode::Malformed, why);
        }
    }

    /// Somebody wrote the register, so what it says is registered unless it says otherwise; and it
    /// is about the system that the settings name.
    fn default(&self, column: &Column) -> Option<Cell> {
        match column.name {
            "basis" => Some(Cell::Text("registered".into())),
            "system" => self.system().map(|s| Cell::Text(s.to_owned())),
            _ => None,
        }
    }

    fn system(&self) -> Option<&str> {
        Some(self.settings.value("system")).filter(|s| !s.is_empty())
    }

    /// The account that a row names: by the id that its source gives it, or by its login.
    fn account(&self, columns: &Columns, record: &Record<'_>) -> Option<String> {
        let source = match self.settings.value("accounts") {
            "" => self.settings.source.as_str(),
            name => name,
        };
        let login = columns.text(record, LOGIN);
        let by_login = login.map(|login| self.of_system(columns, record, login));
        let native = columns.owned(record, "account").or(by_login)?;
        Some(format!("{source}/{native}"))
    }

    /// What an account register makes of a system and a login where it has no ids.
    fn of_system(&self, columns: &Columns, record: &Record<'_>, login: &str) -> String {
        let system = columns.text(record, "system").or(self.system());
        let texts = system.into_iter().chain([login]);
        texts.collect::<Vec<_>>().join("/").to_lowercase()
    }

    /// The id column, or the texts of the columns that tell one row of the table from another.
    fn native_id(&self, columns: &Columns, record: &Record<'_>) -> Option<String> {
        if let Some(id) = columns.owned(record, "id") {
            return Some(id);
        }
        let texts = telling(self.table).iter().filter_map(|c| {
            let text = columns.text(record, c);
            let text = text.or((*c == "system").then(|| self.system()).flatten());
            text.map(|t| (*c, t))
        });
        let texts: Vec<(&str, &str)> = texts.collect();
        // A system that the settings name tells no row from another.
        let tells = texts.iter().any(|(c, _)| *c != "system" || columns.has(c));
        let texts: Vec<&str> = texts.into_iter().map(|(_, text)| text).collect();
        tells.then(|| texts.join("/").to_lowercase())
    }

    fn row(
        &self,
        ids: &mut HashMap<String, (u64, u64)>,
        columns: &Columns,
        record: &Record<'_>,
        sink: &mut Sink<'_>,
    ) {
        let table = self.table;
        let mut cells = Vec::with_capacity(table.columns.len());
        for column in table.columns {
            let cell = match column.name {
                "id" => {
                    let id = self.native_id(columns, record);
                    id.map(|id| Cell::Text(sink.id(&id)))
                }
                "account" if by_login(table) => self.account(columns, record).map(Cell::Text),
                _ => cell(column, columns, record, sink),
            };
            let Some(cell) = cell.or_else(|| self.default(column)) else {
                if !column.nullable {
                    let mut names = telling(table).iter().copied();
                    let name = match column.name {
                        "id" => names.find(|c| columns.has(c)),
                        "account" if columns.has(LOGIN) => Some(LOGIN),
                        name => Some(name),
                    };
                    // A file without any of those columns is refused as a whole.
                    let Some(name) = name else { return };
                    let what = "a value must stand here; the row was left out";
                    sink.problem(record.part, Some(record.line), Some(name), what);
                    return;
                }
                cells.push(Cell::Null);
                continue;
            };
            cells.push(cell);
        }
        let row = Row { table, cells };
        let place = (record.part, Some(record.line));
        match ids.get(&row.key()) {
            Some((line, same)) if *same == digest(&row) => {
                let what = format!("the same row as line {line}");
                sink.notice(place.0, place.1, None, what);
            }
            Some((line, _)) => {
                let what = format!("the same id as line {line} with other particulars; left out");
                sink.problem(place.0, place.1, None, what);
            }
            None => {
                ids.insert(row.key(), (record.line, digest(&row)));
                sink.row(row);
            }
        }
    }
}

fn digest(row: &Row) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.cells.hash(&mut hasher);
    hasher.finish()
}

/// The columns that tell one row of the table from another where there is no id.
fn telling(table: &Table) -> &'static [&'static str] {
    match table.name {
        "account" => &["system", "login"],
        "agreement" => &["employee_number", "email", "kind", "signed_on"],
        "backup" => &["target", "taken_on", "outcome"],
        "certificate" => &["holder", "scheme", "number"],
        "credential_factor" => &["account", "kind"],
        "data_element" => &["store", "name"],
        "grant" => &["system", "login", "account", "resource", "entitlement"],
        "flow" => &["origin", "destination", "protocol"],
        "incident" => &["title", "found_on"],
        "package_release" => &["ecosystem", "package", "version", "kind"],
        "restore" => &["target", "tested_on", "outcome"],
        "risk" => &["title", "about"],
        "role_entitlement" => &["role", "system", "resource", "entitlement"],
        "training_need" => &["role", "course"],
        _ => &["name"],
    }
}

fn cell(
    column: &Column,
    columns: &Columns,
    record: &Record<'_>,
    sink: &mut Sink<'_>,
) -> Option<Cell> {
    let text = columns.text(record, column.name)?;
    if text.eq_ignore_ascii_case("unknown") {
        return None;
    }
    let (cell, expected) = match column.kind {
        ColumnKind::Text => (Some(Cell::Text(text.to_owned())), ""),
        ColumnKind::Date => {
            let day = columns.date(record, column.name, sink)?;
            (Some(Cell::Text(day.to_string())), "")
        }
        ColumnKind::Truth => (truth(text), "expected yes, no or unknown"),
        ColumnKind::Integer => (
            text.parse().ok().map(Cell::Integer),
            "expected a whole number",
        ),
    };
    if cell.is_none() {
        let heading = columns.heading(column.name);
        sink.problem(record.part, Some(record.line), heading, expected);
    }
    cell
}

fn truth(text: &str) -> Option<Cell> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" => Some(Cell::Integer(1)),
        "no" | "n" | "false" | "0" => Some(Cell::Integer(0)),
        _ => None,
    }
}
