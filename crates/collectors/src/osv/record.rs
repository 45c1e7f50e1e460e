//! One OSV record as rows. Source: <https://ossf.github.io/osv-schema/>.

use serde::Deserialize;
use serde_json::Value;
use standing_facts::tables::Advisory;

use super::severity::{self, Severity, Stated};
use crate::{Sink, dates};

/// What was left out of one file, for a reason that is no fault.
#[derive(Default)]
pub(super) struct Tally {
    records: u64,
    /// Affected entries that name commits and no package.
    commits: u64,
    /// Files of an archive that are no records.
    pub(super) others: u64,
}

impl Tally {
    pub(super) fn report(&self, part: &str, sink: &mut Sink<'_>) {
        for (count, what) in [
            (self.commits, "entries that name commits and no package"),
            (self.others, "files that are no records"),
        ] {
            if count > 0 {
                sink.notice(part, None, None, format!("{what}, left out: {count}"));
            }
        }
        if self.records == 0 && !sink.failed() {
            sink.notice(part, None, None, "holds no record");
        }
    }
}

#[derive(Deserialize)]
struct Record {
    id: Option<String>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    #[serde(default)]
    upstream: Option<Vec<String>>,
    #[serde(default)]
    published: Option<String>,
    #[serde(default)]
    withdrawn: Option<String>,
    #[serde(default)]
    severity: Option<Vec<Stated>>,
    #[serde(default)]
    database_specific: Value,
    #[serde(default)]
    affected: Option<Vec<Affected>>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(default)]
    package: Option<Package>,
    #[serde(default)]
    ranges: Option<Vec<Range>>,
    #[serde(default)]
    versions: Option<Vec<String>>,
    #[serde(default)]
    severity: Option<Vec<Stated>>,
    #[serde(default)]
    ecosystem_specific: Value,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct Range {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<Value>,
}

/// Turns one record into rows: one for each package and range, counted through the record.
pub(super) fn take(
    value: Value,
    part: &str,
    line: Option<u64>,
    place: Option<&str>,
    tally: &mut Tally,
    sink: &mut Sink<'_>,
) {
    tally.records += 1;
    let Ok(record) = serde_json::from_value::<Record>(value) else {
        let what = "a member is not of the type that OSV gives it; the record was left out";
        return sink.problem(part, line, place, what);
    };
    let Some(id) = record.id.clone().filter(|id| !id.trim().is_empty()) else {
        return sink.problem(part, line, place, "expected an id; the record was left out");
    };
    let affected = record.affected.as_deref().unwrap_or_default();
    if affected.is_empty() {
        let what = "the record names nothing that is affected";
        return match record.withdrawn {
            Some(_) => sink.notice(part, line, place, what),
            None => sink.problem(part, line, place, what),
        };
    }
    let mut ordinal = 0;
    for affected in affected {
        let Some(package) = &affected.package else {
            tally.commits += 1;
            continue;
        };
        for events in ranges(affected) {
            sink.fact(&row(&id, &record, affected, package, ordinal, events));
            ordinal += 1;
        }
    }
}

/// The event lists to keep. Ranges of commits are no ranges of versions; where nothing else is
/// left, one row still carries the listed versions, or says that the package is concerned.
fn ranges(affected: &Affected) -> Vec<Option<&[Value]>> {
    let ranges = affected.ranges.as_deref().unwrap_or_default();
    let kept: Vec<_> = ranges
        .iter()
        .filter(|r| r.kind != "GIT" && !r.events.is_empty())
        .map(|r| Some(r.events.as_slice()))
        .collect();
    if kept.is_empty() { vec![None] } else { kept }
}

fn row(
    id: &str,
    record: &Record,
    affected: &Affected,
    package: &Package,
    ordinal: i64,
    events: Option<&[Value]>,
) -> Advisory {
    let Severity { word, cvss_tenths } = severity(record, affected, &package.ecosystem);
    let fixed = events.into_iter().flatten();
    let fixed = fixed
        .filter_map(|e| e.get("fixed").and_then(Value::as_str))
        .next();
    let versions = affected.versions.as_ref().filter(|v| !v.is_empty());
    let day = |text: &Option<String>| text.as_deref().and_then(dates::parse);
    Advisory {
        id: id.to_owned(),
        ecosystem: package.ecosystem.clone(),
        package: package.name.clone(),
        ordinal,
        aliases: aliases(record),
        events: events.and_then(|e| serde_json::to_string(e).ok()),
        versions: versions.and_then(|v| serde_json::to_string(v).ok()),
        fixed: fixed.map(str::to_owned),
        severity: word.map(str::to_owned),
        cvss_tenths,
        published_on: day(&record.published),
        withdrawn_on: day(&record.withdrawn),
    }
}

/// A record with one upstream is a distribution's own word on that vulnerability. One with several
/// is an update that mends them all, which makes them no aliases of each other.
fn aliases(record: &Record) -> Option<String> {
    let upstream = record.upstream.as_deref().unwrap_or_default();
    let single = upstream.iter().filter(|_| upstream.len() == 1);
    let mut all: Vec<&str> = Vec::new();
    for alias in record.aliases.iter().flatten().chain(single) {
        if !alias.is_empty() && !all.contains(&alias.as_str()) {
            all.push(alias);
        }
    }
    (!all.is_empty()).then(|| all.join(" "))
}

/// What is said of the package goes before what is said of the record.
fn severity(record: &Record, affected: &Affected, ecosystem: &str) -> Severity {
    let specific = [
        &affected.ecosystem_specific,
        &affected.database_specific,
        &record.database_specific,
    ];
    let words = specific
        .into_iter()
        .flat_map(|v| [v.get("severity"), v.get("urgency")])
        .flatten()
        .filter_map(Value::as_str);
    let summary = record.summary.as_deref().unwrap_or_default();
    let prefix = summary.split_once(':').map(|(prefix, _)| prefix);
    let prefix = prefix.filter(|_| ecosystem.starts_with("AlmaLinux"));
    let package = affected.severity.as_deref().unwrap_or_default();
    let scores = match package {
        [] => record.severity.as_deref().unwrap_or_default(),
        own => own,
    };
    severity::judge(words.chain(prefix), scores)
}
