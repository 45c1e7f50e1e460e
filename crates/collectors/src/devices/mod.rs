//! Devices as Intune and other systems that manage devices export them.

use std::collections::HashMap;

use standing_facts::GapCode;
use standing_facts::tables::Asset;

use crate::tabular::{self, Columns, Record, Wanted};
use crate::{About, Asks, Collector, Parts, Setting, Settings, Sink, systems};

/// Reads lists of devices.
pub struct Devices;

static ABOUT: About = About {
    kind: "devices",
    summary: "laptops, phones and other managed devices, from Intune's list or another's",
    revision: 1,
    asks: Asks::Files,
    tables: &["asset"],
    settings: &[Setting {
        name: "kind",
        meaning: "what all devices are whose row does not say it, such as laptop",
        default: "",
        required: false,
    }],
    how: "In Intune choose Devices, All devices, Export, and save the CSV that the archive holds; the \
role Read Only Operator suffices. From any other system save the list of devices as CSV or .xlsx with \
one row a device and its columns of name, system, version, encryption, last contact and user. Headings \
that are not understood are named under [columns]. Days are British or ISO: an export that writes the \
month first is to be made with another language. Builds of Windows are given as the releases that \
end-of-life tables name, and unknown ones as they are written. Whether a device complies is the \
system's own word and is not read. Numbers of phones and SIM cards are not read.",
};

const WANTED: &[Wanted<'_>] = &[
    ("id", &["deviceid", "udid", "assetid", "serialnumber"]),
    (
        "name",
        &[
            "devicename",
            "computername",
            "hostname",
            "displayname",
            "name",
        ],
    ),
    ("kind", &["kind", "devicetype", "type", "chassistype"]),
    ("model", &["model", "modelname"]),
    (
        "os",
        &[
            "os",
            "operatingsystem",
            "osname",
            "platform",
            "devicefamily",
        ],
    ),
    (
        "os_version",
        &[
            "osversion",
            "operatingsystemversion",
            "osbuild",
            "systemversion",
        ],
    ),
    (
        "encrypted",
        &[
            "encrypted",
            "isencrypted",
            "encryptionstatus",
            "filevault2status",
            "diskencryption",
        ],
    ),
    (
        "last_seen_on",
        &[
            "lastcheckin",
            "lastsyncdatetime",
            "lastseen",
            "lastcontact",
            "lastcheckintime",
            "lastinventoryupdate",
        ],
    ),
    (
        "owner",
        &[
            "primaryuseremailaddress",
            "useremail",
            "emailaddress",
            "owner",
        ],
    ),
    (
        "login",
        &["primaryuserupn", "userprincipalname", "username"],
    ),
];

/// Beginnings of models whose kind they say.
const MODELS: [(&str, &str); 4] = [
    ("iphone", "phone"),
    ("ipad", "tablet"),
    ("macbook", "laptop"),
    ("surface laptop", "laptop"),
];

impl Collector for Devices {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        tabular::is_table(relative)
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let mut lines: HashMap<String, u64> = HashMap::new();
        for part in parts.list() {
            let wanted = ("devices", WANTED, settings);
            let columns = tabular::read(parts, part, wanted, sink, &mut |columns, record, sink| {
                device(columns, record, settings, &mut lines, sink);
            });
            if let Some(columns) = columns {
                columns.report_unread(&part.name, sink);
                demand(&columns, &part.name, sink);
            }
        }
    }
}

/// Without these a file says nothing about devices.
fn demand(columns: &Columns, part: &str, sink: &mut Sink<'_>) {
    for (column, what) in [
        ("name", "the device's name"),
        ("os", "its operating system"),
    ] {
        if !columns.has(column) {
            let why = format!("{part} has no column for {what}; name it under [columns]");
            sink.fail(GapCode::Malformed, why);
        }
    }
}

fn device(
    columns: &Columns,
    record: &Record<'_>,
    settings: &Settings,
    lines: &mut HashMap<String, u64>,
    sink: &mut Sink<'_>,
) {
    let line = Some(record.line);
    let Some(name) = columns.owned(record, "name") else {
        let what = "expected the name of a device; the row was left out";
        return sink.problem(record.part, line, columns.heading("name"), what);
    };
    let id = columns.owned(record, "id").unwrap_or_else(|| name.clone());
    if let Some(other) = lines.insert(id.to_lowercase(), record.line) {
        let what = format!("the same device as line {other}; the later row counts");
        sink.notice(record.part, line, columns.heading("id"), what);
    }
    let os = columns.text(record, "os").map(systems::word);
    let version = columns.text(record, "os_version");
    let release = os
        .as_deref()
        .zip(version)
        .map(|(os, v)| systems::release(os, v));
    let asset = Asset {
        id: sink.id(&id),
        name,
        kind: kind(columns, record, settings),
        system: None,
        owner: columns
            .owned(record, "owner")
            .or_else(|| columns.owned(record, "login")),
        os,
        os_version: release.or_else(|| version.map(str::to_owned)),
        encrypted: encrypted(columns, record, sink),
        antimalware: None,
        antimalware_updated_on: None,
        internet_facing: None,
        region: None,
        last_seen_on: columns.date(record, "last_seen_on", sink),
        retired_on: None,
        kernel: None,
    };
    sink.fact(&asset);
}

fn kind(columns: &Columns, record: &Record<'_>, settings: &Settings) -> Option<String> {
    let stated = columns.text(record, "kind").map(str::to_lowercase);
    let model = columns
        .text(record, "model")
        .unwrap_or_default()
        .to_lowercase();
    let by_model = || {
        let known = MODELS.iter().find(|(start, _)| model.starts_with(start));
        known.map(|(_, kind)| (*kind).to_owned())
    };
    let all = || Some(settings.value("kind").to_owned()).filter(|kind| !kind.is_empty());
    stated.or_else(by_model).or_else(all)
}

/// A word that is neither a yes nor a no is a problem: what it means is not guessed.
fn encrypted(columns: &Columns, record: &Record<'_>, sink: &mut Sink<'_>) -> Option<bool> {
    let word = columns.text(record, "encrypted")?.to_lowercase();
    match word.as_str() {
        "true" | "yes" | "encrypted" | "enabled" | "1" => Some(true),
        "false" | "no" | "not encrypted" | "notencrypted" | "disabled" | "0" => Some(false),
        "unknown" | "n/a" | "not applicable" | "-" => None,
        _ => {
            let what = "expected true, false or unknown";
            sink.problem(
                record.part,
                Some(record.line),
                columns.heading("encrypted"),
                what,
            );
            None
        }
    }
}
