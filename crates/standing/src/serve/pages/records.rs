//! `/records`: registers kept by hand, each with a form made from its table's own declaration.

use askama::Template;
use standing_facts::{Cell, Column, ColumnKind, Row, Table, tables};

use super::form::{Entered, title};
use super::frame::Frame;
use super::paging::{Paging, link};
use super::words;
use crate::commands::{self, KINDS, needs_attesting};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit, Who};

const SEE: Access = Access::With(Right::Read);
const MAY: Access = Access::With(Right::Record);

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/records", SEE, kinds),
    Route::get("/records/{kind}", SEE, list),
    Route::get("/records/{kind}/new", MAY, ask),
    Route::form("/records/{kind}/new", MAY, add),
    Route::get("/records/{kind}/{entry}/change", MAY, ask),
    Route::form("/records/{kind}/{entry}/change", MAY, add),
    Route::get("/records/{kind}/{entry}/end", MAY, ask_end),
    Route::form("/records/{kind}/{entry}/end", MAY, end),
];

/// Records on a page.
const ON_A_PAGE: usize = 100;
/// Registers of people.
const PERSONAL: &[&str] = &[
    "account_decision",
    "agreement",
    "link",
    "person",
    "training_completion",
];
/// Columns that hold a name which nobody types: it is that of whoever states or decides it.
const STATED_BY: &[&str] = &["stated_by", "decided_by"];

struct Register {
    kind: &'static str,
    name: String,
    doc: String,
    count: u64,
    place: String,
}

#[derive(Template)]
#[template(path = "records.html")]
struct Kinds {
    frame: Frame,
    registers: Vec<Register>,
    statements: Vec<Register>,
}

struct Line {
    entry: u64,
    cells: Vec<String>,
}

#[derive(Template)]
#[template(path = "record_list.html")]
struct List {
    frame: Frame,
    kind: &'static str,
    name: String,
    doc: String,
    headings: Vec<String>,
    lines: Vec<Line>,
    paging: Paging,
    may: bool,
}

/// A field of the form.
struct Field {
    name: &'static str,
    label: String,
    help: String,
    kind: ColumnKind,
    nullable: bool,
}

#[derive(Template)]
#[template(path = "record_form.html")]
struct Form {
    frame: Frame,
    kind: &'static str,
    name: String,
    doc: String,
    fields: Vec<Field>,
    /// What a change leaves as it is: column and value.
    fixed: Vec<(String, String)>,
    entered: Entered,
    action: String,
    changes: Option<u64>,
    stated_by: Option<String>,
}

#[derive(Template)]
#[template(path = "record_end.html")]
struct End {
    frame: Frame,
    kind: &'static str,
    name: String,
    entry: u64,
    shown: Vec<(String, String)>,
    entered: Entered,
}

/// A doc comment as help: on one line, with quotation marks where code would stand.
fn help(doc: &str) -> String {
    let mut text = String::new();
    for (i, part) in doc.split('`').enumerate() {
        if i > 0 {
            text.push(if i % 2 == 1 { '‘' } else { '’' });
        }
        text.push_str(part);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shown(column: &Column, cell: &Cell) -> String {
    match (column.kind, cell) {
        (_, Cell::Null) => String::new(),
        (ColumnKind::Truth, Cell::Integer(n)) => if *n == 0 { "no" } else { "yes" }.to_owned(),
        (_, Cell::Integer(n)) => n.to_string(),
        (ColumnKind::Date, Cell::Text(day)) => {
            day.parse().map_or_else(|_| day.clone(), |d| words::day(&d))
        }
        (_, Cell::Text(text)) => text.clone(),
    }
}

/// A cell as it stands in a field of the form.
fn typed(column: &Column, cell: &Cell) -> String {
    match (column.kind, cell) {
        (ColumnKind::Date, Cell::Text(day)) => day.clone(),
        _ => shown(column, cell),
    }
}

/// Where the records of a kind are looked at.
fn place(kind: &str) -> String {
    match kind {
        "attestation" => "/items".into(),
        "exception" => "/exceptions".into(),
        kind => format!("/records/{kind}"),
    }
}

fn kinds(visit: &Visit) -> Answer {
    let who = visit.who()?;
    let index = visit.app.index()?;
    let (mut registers, mut statements) = (Vec::new(), Vec::new());
    for table in KINDS.iter().filter_map(|kind| tables::table(kind)) {
        if !may_see(who, table) {
            continue;
        }
        let register = Register {
            kind: table.name,
            name: title(table.name),
            doc: help(table.doc),
            count: index.records(table)?.len() as u64,
            place: place(table.name),
        };
        if needs_attesting(table.name) {
            statements.push(register);
        } else {
            registers.push(register);
        }
    }
    let page = Kinds {
        frame: Frame::of(visit, "/items"),
        registers,
        statements,
    };
    Ok(Reply::page(page.render()?))
}

fn may_see(who: &Who, table: &Table) -> bool {
    !PERSONAL.contains(&table.name) || who.may(Right::ReadPersonal)
}

fn may_keep(who: &Who, table: &Table) -> bool {
    who.may(Right::Record) && (!needs_attesting(table.name) || who.may(Right::Attest))
}

/// The register that the path names.
fn register(visit: &Visit) -> Result<&'static Table, Trouble> {
    let name = visit.parameter("kind");
    let table = KINDS
        .contains(&name)
        .then(|| tables::table(name))
        .flatten()
        .ok_or_else(|| {
            Trouble::missing(format!("There is no register {name:?}."))
                .hint("the page of registers lists those that there are")
        })?;
    if !may_see(visit.who()?, table) {
        return Err(Trouble::forbidden(
            "This register is about people: seeing it needs the right \"read-personal\".",
        ));
    }
    Ok(table)
}

/// The register that the path names, for whoever may write in it here.
fn kept_here(visit: &Visit) -> Result<&'static Table, Trouble> {
    let table = register(visit)?;
    match table.name {
        "attestation" => Err(Trouble::forbidden(
            "Statements about items are not kept as lines of a register.",
        )
        .hint("open the item under Items and state there how it is")),
        "exception" => Err(
            Trouble::forbidden("Exceptions are not kept as lines of a register.")
                .hint("open /exceptions, or the subject on the page of its check"),
        ),
        _ if !may_keep(visit.who()?, table) => Err(Trouble::forbidden(
            "Saying that a list is complete is a statement: it needs the right \"attest\".",
        )),
        _ => Ok(table),
    }
}

fn list(visit: &Visit) -> Answer {
    let table = register(visit)?;
    let elsewhere = place(table.name);
    if elsewhere != visit.path {
        return Ok(Reply::see(elsewhere));
    }
    let page: u64 = visit
        .asked("page")
        .and_then(|p| p.parse().ok())
        .unwrap_or(1)
        .max(1);
    let records = visit.app.index()?.records(table)?;
    let total = records.len() as u64;
    let from = usize::try_from(page - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(ON_A_PAGE);
    let here: Vec<(u64, Row)> = records.into_iter().skip(from).take(ON_A_PAGE).collect();
    let used: Vec<usize> = (0..table.columns.len())
        .filter(|i| table.columns[*i].name != "id")
        .filter(|i| here.iter().any(|(_, row)| row.cells[*i] != Cell::Null))
        .collect();
    let lines = here.iter().map(|(entry, row)| Line {
        entry: *entry,
        cells: used
            .iter()
            .map(|i| shown(&table.columns[*i], &row.cells[*i]))
            .collect(),
    });
    let list = List {
        frame: Frame::of(visit, "/items"),
        kind: table.name,
        name: title(table.name),
        doc: help(table.doc),
        headings: used.iter().map(|i| title(table.columns[*i].name)).collect(),
        lines: lines.collect(),
        paging: Paging::new(page, ON_A_PAGE, total, "record", |page| {
            link(&place(table.name), &[("page", &page.to_string())])
        }),
        may: may_keep(visit.who()?, table),
    };
    Ok(Reply::page(list.render()?))
}

/// The record that the path names, where it names one.
fn meant(visit: &Visit, table: &'static Table) -> Result<Option<(u64, Row)>, Trouble> {
    let word = visit.parameter("entry");
    if word.is_empty() {
        return Ok(None);
    }
    let missing = || {
        Trouble::missing(format!(
            "No {} stands in entry {word}: it was changed or ended since.",
            table.name.replace('_', " ")
        ))
        .hint("the register shows what stands now")
    };
    let entry: u64 = word.parse().map_err(|_| missing())?;
    let row = commands::find(&*visit.app.index()?, table, entry).map_err(|_| missing())?;
    Ok(Some((entry, row)))
}

fn ask(visit: &Visit) -> Answer {
    let table = kept_here(visit)?;
    let before = meant(visit, table)?;
    let mut entered = Entered::default();
    if let Some((_, row)) = &before {
        for (column, cell) in table.columns.iter().zip(&row.cells) {
            entered = entered.with(column.name, typed(column, cell));
        }
    } else if let Some(now) = visit.app.snapshot_if_any() {
        entered = entered.with("stated_on", now.day().to_string());
        for (name, value) in &visit.query {
            entered = entered.with(name, value.clone());
        }
    }
    show(visit, table, before.as_ref(), entered)
}

fn show(
    visit: &Visit,
    table: &'static Table,
    before: Option<&(u64, Row)>,
    entered: Entered,
) -> Answer {
    let stays = |column: &Column| column.name == "id" || (before.is_some() && column.key);
    let fields = table
        .columns
        .iter()
        .filter(|c| !stays(c) && !STATED_BY.contains(&c.name));
    let status = if entered.is_right() { 200 } else { 422 };
    let form = Form {
        frame: Frame::of(visit, "/items"),
        kind: table.name,
        name: table.name.replace('_', " "),
        doc: help(table.doc),
        fields: fields
            .map(|column| Field {
                name: column.name,
                label: format!(
                    "{}{}",
                    title(column.name),
                    if column.nullable { " (optional)" } else { "" }
                ),
                help: help(column.doc),
                kind: column.kind,
                nullable: column.nullable,
            })
            .collect(),
        fixed: before.map_or_else(Vec::new, |(_, row)| {
            let cells = table.columns.iter().zip(&row.cells);
            cells
                .filter(|(column, _)| column.key && column.name != "id")
                .map(|(column, cell)| (title(column.name), shown(column, cell)))
                .collect()
        }),
        entered,
        action: visit.path.clone(),
        changes: before.map(|(entry, _)| *entry),
        stated_by: table
            .columns
            .iter()
            .any(|c| STATED_BY.contains(&c.name))
            .then(|| visit.who().map(|who| who.name.clone()))
            .transpose()?,
    };
    Ok(Reply::page(form.render()?).status(status))
}

fn add(visit: &Visit) -> Answer {
    let table = kept_here(visit)?;
    let before = match meant(visit, table) {
        Err(_) if visit.once.is_some() => return add_again(visit, table),
        other => other?,
    };
    let mut entered = Entered::sent(visit);
    let values = values(visit, table, before.as_ref(), &entered)?;
    let attests = visit.who()?.may(Right::Attest);
    let acted = entered.act(visit, |home, index, by| {
        commands::within_rights(table.name, &values, attests)?;
        Ok(commands::record(home, index, by, table.name, &values)?.entry)
    })?;
    match acted {
        Some(acted) => Ok(Reply::see(format!(
            "{}?kept={}",
            place(table.name),
            acted.entry
        ))),
        None => show(visit, table, before.as_ref(), entered),
    }
}

/// A form whose record is gone: if it was this very form that replaced it, what it asked for is done.
fn add_again(visit: &Visit, table: &'static Table) -> Answer {
    let gone = || Trouble::conflict("What the form was to change was changed or ended since.");
    let acted = visit
        .app
        .act(visit.by()?, |_, _| Err::<u64, Trouble>(gone()))?;
    Ok(Reply::see(format!(
        "{}?kept={}",
        place(table.name),
        acted.entry
    )))
}

/// What is typed, with what nobody types: the key of what is changed, and who states it.
fn values(
    visit: &Visit,
    table: &'static Table,
    before: Option<&(u64, Row)>,
    entered: &Entered,
) -> Result<Vec<(String, String)>, Trouble> {
    let mut values = Vec::new();
    for (i, column) in table.columns.iter().enumerate() {
        let value = match before {
            Some((_, row)) if column.key => typed(column, &row.cells[i]),
            None if column.name == "id" => String::new(),
            _ if STATED_BY.contains(&column.name) => visit.who()?.name.clone(),
            _ => entered.value(column.name).to_owned(),
        };
        if !value.is_empty() {
            values.push((column.name.to_owned(), value));
        }
    }
    Ok(values)
}

fn ask_end(visit: &Visit) -> Answer {
    let table = kept_here(visit)?;
    match meant(visit, table)? {
        Some(record) => show_end(visit, table, &record, Entered::default()),
        None => Err(Trouble::missing("There is no such record.")),
    }
}

fn show_end(
    visit: &Visit,
    table: &'static Table,
    (entry, row): &(u64, Row),
    entered: Entered,
) -> Answer {
    let status = if entered.is_right() { 200 } else { 422 };
    let cells = table.columns.iter().zip(&row.cells);
    let end = End {
        frame: Frame::of(visit, "/items"),
        kind: table.name,
        name: table.name.replace('_', " "),
        entry: *entry,
        shown: cells
            .filter(|(column, cell)| column.name != "id" && **cell != Cell::Null)
            .map(|(column, cell)| (title(column.name), shown(column, cell)))
            .collect(),
        entered,
    };
    Ok(Reply::page(end.render()?).status(status))
}

fn end(visit: &Visit) -> Answer {
    let table = kept_here(visit)?;
    let record = match meant(visit, table) {
        Err(_) if visit.once.is_some() => return add_again(visit, table),
        other => other?.ok_or_else(|| Trouble::missing("There is no such record."))?,
    };
    let mut entered = Entered::sent(visit);
    entered.wanted("reason", "Say why it is to count no longer");
    let reason = entered.value("reason").to_owned();
    let acted = if entered.is_right() {
        entered.act(visit, |home, index, by| {
            commands::end_record(home, index, by, table.name, record.0, &reason)
        })?
    } else {
        None
    };
    match acted {
        Some(acted) => Ok(Reply::see(format!(
            "{}?kept={}",
            place(table.name),
            acted.entry
        ))),
        None => show_end(visit, table, &record, entered),
    }
}
