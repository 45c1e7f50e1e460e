//! What osquery told: rows of its tables, its log of results, and hosts as Fleet gives them.

mod fleet;
mod machine;
mod results;
mod table;

use std::collections::BTreeMap;
use std::io::Read as _;

use serde_json::{Map, Value};
use standing_facts::GapCode;

use crate::json::{Piece, stream_objects};
use crate::{About, Asks, Collector, Kept, Parts, Setting, Settings, Sink, tabular};
use machine::{Left, Machine};
use table::Table;

/// Reads exports of osquery's and Fleet's.
pub struct Osquery;

static ABOUT: About = About {
    kind: "osquery",
    summary: "machines and their software, from osquery's tables or log of results, or from Fleet",
    revision: 1,
    asks: Asks::Files,
    tables: &["asset", "component"],
    settings: &[Setting {
        name: "asset",
        meaning: "the machine's name, where files of one machine lie in the source's own folder",
        default: "",
        required: false,
    }],
    how: "Save rows as JSON in a folder named after each machine: osqueryi --json 'select * from \
os_version' as MACHINE/os_version.json, and so for kernel_info, deb_packages, rpm_packages, programs, \
apps, python_packages and npm_packages, whichever it has. Or let osqueryd take these as snapshots and \
save its log of results (.log or .jsonl): of each machine and table the last snapshot counts; logs of \
differences are not read. Or save from Fleet the detail of each host as JSON, or the list of hosts as \
JSON or CSV, which has no software. A token of an observer suffices. Fleet does not tell the sources of \
Debian's packages, which advisories name: there it leaves a gap, and dpkg's own records are better. \
Programs of Windows and macOS are listed and compared with nothing.",
};

impl Collector for Osquery {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        let name = relative.to_ascii_lowercase();
        [".json", ".jsonl", ".log", ".csv"]
            .iter()
            .any(|end| name.ends_with(end))
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let mut rows: BTreeMap<String, Vec<&Kept>> = BTreeMap::new();
        let mut logs = Vec::new();
        let alone = parts.list().len() == 1;
        for part in parts.list() {
            let told = match form(parts, part) {
                Ok(Form::Rows) => {
                    rows.entry(machine_of(part, settings))
                        .or_default()
                        .push(part);
                    Ok(())
                }
                Ok(Form::Log) => {
                    logs.push(part);
                    Ok(())
                }
                Ok(Form::Document) => document(parts, part, sink),
                Ok(Form::Table) => {
                    let wanted = ("osquery", &fleet::WANTED[..], settings);
                    let columns = tabular::read(parts, part, wanted, sink, &mut fleet::listed);
                    if columns.is_some_and(|columns| !columns.has("name")) {
                        let why = format!("{} has no column of hostnames", part.name);
                        sink.fail(GapCode::Malformed, why);
                    }
                    let why = format!("{}: a list of hosts has no software", part.name);
                    sink.gap(Some("component"), GapCode::NotAsked, why);
                    Ok(())
                }
                Err(why) => Err(why),
            };
            if let Err(why) = told {
                refuse(part, alone, &why, sink);
            }
        }
        for (name, files) in &rows {
            tables(name, files, alone, parts, sink);
        }
        results::read(&logs, parts, sink);
    }
}

fn refuse(part: &Kept, alone: bool, why: &str, sink: &mut Sink<'_>) {
    match alone {
        true => sink.fail(GapCode::Malformed, format!("{} {why}", part.name)),
        false => sink.problem(&part.name, None, None, why),
    }
}

enum Form {
    Rows,
    Log,
    Document,
    Table,
}

/// What the first bytes say a file is: a log has one whole object a line.
fn form(parts: &Parts<'_>, part: &Kept) -> Result<Form, String> {
    if part.name.to_ascii_lowercase().ends_with(".csv") {
        return Ok(Form::Table);
    }
    let cannot = |e: std::io::Error| format!("cannot be read: {}", e.kind());
    let mut first = Vec::new();
    let bytes = parts.open(part).map_err(cannot)?;
    bytes
        .take(4 << 10)
        .read_to_end(&mut first)
        .map_err(cannot)?;
    let first = String::from_utf8_lossy(&first);
    let first = first.trim_start_matches('\u{feff}').trim_start();
    if first.starts_with('[') {
        Ok(Form::Rows)
    } else if !first.starts_with('{') {
        Err("is not JSON".into())
    } else if first.contains("\"hostIdentifier\"")
        || first.contains("\"snapshot\"")
        || !part.name.ends_with(".json")
    {
        Ok(Form::Log)
    } else {
        Ok(Form::Document)
    }
}

/// The machine that rows are of: the folder they lie in.
fn machine_of(part: &Kept, settings: &Settings) -> String {
    let folder = part.name.rsplit_once('/').map(|(folder, _)| folder);
    let last = folder.and_then(|folder| folder.rsplit('/').next());
    let stated = Some(settings.value("asset")).filter(|s| !s.is_empty());
    let path = settings
        .path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned());
    let path = path.filter(|_| !settings.path.to_string_lossy().ends_with(".json"));
    last.or(stated)
        .map(str::to_owned)
        .or(path)
        .unwrap_or_else(|| settings.source.clone())
}

/// An answer of Fleet's.
fn document(parts: &Parts<'_>, part: &Kept, sink: &mut Sink<'_>) -> Result<(), String> {
    let bytes = parts
        .open(part)
        .map_err(|e| format!("cannot be read: {}", e.kind()))?;
    let mut is_one = false;
    let read = stream_objects(bytes, "hosts", &["software"], &mut |piece| match piece {
        Piece::Element(position, value) => {
            is_one = true;
            fleet::host(&part.name, &format!("hosts[{position}]"), &value, sink);
        }
        Piece::Member(name, value) if fleet::is_host(&name, &value) => {
            is_one = true;
            fleet::host(&part.name, "host", &value, sink);
        }
        Piece::Member(name, value) => is_one |= name == "hosts" && value.is_array(),
    });
    read.map_err(|error| broken(&error))?;
    match is_one {
        true => Ok(()),
        false => Err("holds neither rows of osquery's nor hosts of Fleet's".into()),
    }
}

/// The parser's own words may repeat values, so only its place is kept.
fn broken(error: &serde_json::Error) -> String {
    let what = if error.is_eof() {
        "ends in the middle"
    } else {
        "is not JSON as osquery writes it"
    };
    format!("{what} (line {})", error.line())
}

/// The files of one machine: first what it is, then its software.
fn tables(name: &str, files: &[&Kept], alone: bool, parts: &Parts<'_>, sink: &mut Sink<'_>) {
    let mut machine = Machine::named(name);
    let mut software: Vec<(&Kept, Option<Table>)> = Vec::new();
    for part in files {
        let stem = part.name.strip_suffix(".json").unwrap_or(&part.name);
        let table = Table::by_name(stem);
        let mut first = None;
        // Damage is told when the software is read, or below.
        let read = each(parts, part, &mut |_, row| {
            let row = row.as_object();
            match table.or_else(|| row.and_then(Table::by_row)) {
                Some(Table::Os) => row.into_iter().for_each(|row| machine.runs_os(row)),
                Some(Table::Kernel) => row.into_iter().for_each(|row| machine.runs_kernel(row)),
                found => first = first.or(found),
            }
        });
        let table = table.or(first);
        match read {
            Err(why) if !table.is_some_and(Table::is_software) => refuse(part, alone, &why, sink),
            _ => software.push((part, table)),
        }
    }
    software.retain(|(_, table)| table.is_none_or(Table::is_software));
    tell_missing(&machine, software.is_empty(), sink);
    sink.fact(&machine.asset(sink));
    let mut any = software.is_empty();
    for (part, table) in software {
        any |= rows(&machine, part, table, alone, parts, sink);
    }
    if !any {
        sink.gap(Some("component"), GapCode::Missing, no_software(name));
    }
}

fn no_software(name: &str) -> String {
    format!("no software at all is told of {name}; make sure that osquery may see the tables")
}

/// What a machine must tell for its packages to be compared.
fn tell_missing(machine: &Machine, no_software: bool, sink: &mut Sink<'_>) {
    let name = &machine.name;
    if machine.os.is_none() {
        let why = format!("no os_version tells the system of {name}");
        sink.gap(None, GapCode::Missing, why);
    }
    if no_software {
        let why = format!("no table of software was read for {name}");
        sink.gap(Some("component"), GapCode::Missing, why);
    }
}

/// Hands out the elements of a list.
fn each(parts: &Parts<'_>, part: &Kept, take: &mut dyn FnMut(u64, &Value)) -> Result<(), String> {
    let bytes = parts
        .open(part)
        .map_err(|e| format!("cannot be read: {}", e.kind()))?;
    stream_objects(bytes, "", &[], &mut |piece| {
        if let Piece::Element(position, row) = piece {
            take(position, &row);
        }
    })
    .map_err(|error| broken(&error))
}

/// Reads one file of software; whether it holds any row, or none could be made out.
fn rows(
    machine: &Machine,
    part: &Kept,
    table: Option<Table>,
    alone: bool,
    parts: &Parts<'_>,
    sink: &mut Sink<'_>,
) -> bool {
    let mut left = Left::default();
    let mut any = false;
    let read = each(parts, part, &mut |position, row| {
        any = true;
        let row: Option<&Map<String, Value>> = row.as_object();
        let taken = row.and_then(|row| {
            let table = table.or_else(|| Table::by_row(row))?;
            machine.software(table, row, &mut left, sink)
        });
        if taken.is_none() {
            let place = format!("[{position}]");
            let what = "expected a row of a table that is read; it was left out";
            sink.problem(&part.name, None, Some(&place), what);
        }
    });
    let is_damaged = read.is_err();
    if let Err(why) = read {
        refuse(part, alone, &why, sink);
    }
    machine.finish(&part.name, &left, sink);
    any || is_damaged
}
