//! Hosts as Fleet gives them: `{"host": {…}}` with software, or `{"hosts": […]}` without.
//!
//! Source: <https://fleetdm.com/docs/rest-api/rest-api#get-host>.

use serde_json::{Map, Value};
use standing_facts::GapCode;

use super::machine::{Left, Machine, text};
use super::table::Table;
use crate::tabular::{Columns, Record};
use crate::{Sink, dates};

/// Columns of the list of hosts as CSV.
pub(super) const WANTED: [(&str, &[&str]); 6] = [
    ("id", &["uuid", "id"]),
    ("name", &["hostname", "computername", "displayname"]),
    ("os_version", &["osversion"]),
    ("platform", &["platform"]),
    ("last_seen_on", &["seentime"]),
    ("encrypted", &["diskencryptionenabled"]),
];

/// One host of a JSON answer.
pub(super) fn host(part: &str, place: &str, value: &Value, sink: &mut Sink<'_>) {
    let row = value.as_object();
    let named = row.and_then(|row| {
        let names = ["hostname", "computer_name", "display_name"];
        Some((row, names.iter().find_map(|name| text(row, name))?))
    });
    let Some((row, name)) = named else {
        let what = "expected a host with a hostname; it was left out";
        return sink.problem(part, None, Some(place), what);
    };
    let mut machine = Machine::named(name);
    machine.id = text(row, "uuid").unwrap_or(name).to_owned();
    machine.tells_sources = false;
    says_os(&mut machine, text(row, "os_version"), text(row, "platform"));
    machine.seen_on = text(row, "seen_time").and_then(dates::parse);
    machine.encrypted = row.get("disk_encryption_enabled").and_then(Value::as_bool);
    sink.fact(&machine.asset(sink));
    match row.get("software").and_then(Value::as_array) {
        Some(software) => all(part, place, &machine, software, sink),
        None => {
            let why = format!("{part}: hosts without software; save the detail of each host");
            let is_said = sink.gaps.iter().any(|gap| gap.detail == why);
            if !is_said {
                sink.gap(Some("component"), GapCode::NotAsked, why);
            }
        }
    }
}

/// Fleet has `Windows 11 Pro 23H2 10.0.22631.3296` and `Ubuntu 22.04.3 LTS`.
fn says_os(machine: &mut Machine, os: Option<&str>, platform: Option<&str>) {
    let numbered = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let words = || {
        os.into_iter()
            .flat_map(str::split_whitespace)
            .filter(numbered)
    };
    let build = words().find(|word| word.matches('.').count() >= 2 && word.starts_with("10.0."));
    machine.says_os(os.or(platform), build.or_else(|| words().next()));
}

fn all(part: &str, place: &str, machine: &Machine, software: &[Value], sink: &mut Sink<'_>) {
    let mut left = Left::default();
    let mut others = 0u64;
    for (position, value) in software.iter().enumerate() {
        let row = value.as_object();
        let table = row.and_then(|row| text(row, "source")).map(Table::by_name);
        let taken = match (row, table) {
            (Some(row), Some(Some(table))) => machine.software(table, row, &mut left, sink),
            (Some(_), Some(None)) => {
                others += 1;
                Some(())
            }
            _ => None,
        };
        if taken.is_none() {
            let place = format!("{place}.software[{position}]");
            let what = "expected software with a name and a source; it was left out";
            sink.problem(part, None, Some(&place), what);
        }
    }
    if others > 0 {
        let what = format!("extensions and other software, not read: {others}");
        sink.notice(part, None, None, what);
    }
    machine.finish(part, &left, sink);
}

/// One host of the list as CSV.
pub(super) fn listed(columns: &Columns, record: &Record<'_>, sink: &mut Sink<'_>) {
    let Some(name) = columns.text(record, "name") else {
        let what = "expected a hostname; the row was left out";
        return sink.problem(record.part, Some(record.line), None, what);
    };
    let mut machine = Machine::named(name);
    machine.id = columns
        .owned(record, "id")
        .unwrap_or_else(|| name.to_owned());
    says_os(
        &mut machine,
        columns.text(record, "os_version"),
        columns.text(record, "platform"),
    );
    machine.seen_on = columns.date(record, "last_seen_on", sink);
    machine.encrypted = match columns.text(record, "encrypted") {
        Some("true" | "1") => Some(true),
        Some("false" | "0") => Some(false),
        _ => None,
    };
    sink.fact(&machine.asset(sink));
}

/// Whether a member of an answer holds one host.
pub(super) fn is_host(name: &str, value: &Value) -> bool {
    name == "host"
        && value
            .as_object()
            .is_some_and(|host: &Map<_, _>| !host.is_empty())
}
