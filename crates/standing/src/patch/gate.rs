//! `standing patch gate`: lockfiles judged before they are merged.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use standing_assess::advisories::{Bytes, Edition};
use standing_assess::clocks::{grade_words, level_of};
use standing_collectors::{LockfileReading, Unread, lockfile};
use standing_patching::{Damaged, Database, Reading, Severity, VendorWord, Verdict};

use super::command::{FailOn, Gate};
use super::sarif;
use crate::cli::{Format, Global};
use crate::failure::Failure;
use crate::home::Home;
use crate::text::{self, Style, count, counted, plain};

/// One vulnerability, or a piece of information, about one locked package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Found {
    pub(super) file: PathBuf,
    pub(super) line: Option<u64>,
    pub(super) package: String,
    pub(super) version: String,
    pub(super) purl: String,
    pub(super) vulnerability: String,
    pub(super) advisories: Vec<String>,
    pub(super) summary: Option<String>,
    pub(super) fixed: Option<String>,
    /// `critical`, `high`, `medium`, `low`, `none`; null: nobody has said.
    pub(super) severity: Option<&'static str>,
    pub(super) tenths: Option<u8>,
    pub(super) grade: String,
    pub(super) exploited: bool,
    /// Why this is no vulnerability, where it is none.
    pub(super) informational: Option<String>,
    /// Whether the version could be compared.
    pub(super) compared: bool,
    /// Whether it stops the merge.
    pub(super) stops: bool,
}

/// What was judged.
#[derive(Default)]
pub(super) struct Judged {
    pub(super) packages: u64,
    pub(super) found: Vec<Found>,
    /// What keeps the answer from being whole.
    pub(super) doubts: Vec<String>,
}

/// Runs the command. Exit code 0 if nothing stops, 1 if something does, 2 if it could not tell.
///
/// # Errors
/// When there are no advisories, or a file cannot be read.
pub fn gate(home: &Home, gate: &Gate, format: Format, global: &Global) -> Result<u8, Failure> {
    let index = home.index()?;
    let as_of = crate::judge::as_of(gate.as_of.as_deref())?;
    let edition = index.edition(&as_of)?.ok_or_else(|| {
        Failure::usage("no advisories are held, so nothing can be compared")
            .hint("`standing advisories update` takes them in")
    })?;
    let mut judged = Judged::default();
    if edition.fresh_until < as_of.date {
        let until = text::day(edition.fresh_until);
        judged.doubts.push(format!(
            "the advisories held were to be relied upon until {until}"
        ));
    }
    let database = database(&edition)?;
    for path in &gate.files {
        file(database, path, gate.fail_on, &mut judged)?;
    }
    if let Some(path) = &gate.sarif {
        let text = format!("{:#}\n", sarif::document(&judged.found));
        std::fs::write(path, text)
            .map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))?;
    }
    let stops = judged.found.iter().filter(|found| found.stops).count();
    match format {
        Format::Json => say!(
            "{:#}",
            json!({"advisories": {"entry": edition.entry, "as_of": edition.collected_at},
                "packages": judged.packages, "found": judged.found, "doubts": judged.doubts,
                "stops": stops})
        ),
        Format::Text => put!("{}", page(&judged, stops, global.verbose)),
    }
    Ok(match (stops, judged.doubts.is_empty()) {
        (1.., _) => 1,
        (0, false) => 2,
        (0, true) => 0,
    })
}

fn database(edition: &Arc<Edition>) -> Result<&Database<Bytes>, Failure> {
    edition
        .database
        .as_ref()
        .map_err(|why| Failure::integrity(why.clone()))
}

fn file(
    database: &Database<Bytes>,
    path: &Path,
    fail_on: FailOn,
    judged: &mut Judged,
) -> Result<(), Failure> {
    let shown = path.display();
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    let reading = lockfile(&path.to_string_lossy(), &bytes).ok_or_else(|| {
        Failure::usage(format!(
            "{shown} has no name that a package manager gives its lockfile"
        ))
        .hint("`standing source kinds lockfiles` lists the names that are known")
    })?;
    if let Some(refused) = &reading.refused {
        return Err(Failure::usage(place(path, refused)));
    }
    doubts(path, &reading, judged);
    let mut compared: BTreeMap<&str, u32> = BTreeMap::new();
    for component in &reading.components {
        judged.packages += 1;
        if !compared.contains_key(component.ecosystem) {
            let packages = database.packages_of(component.ecosystem)?;
            compared.insert(component.ecosystem, packages);
        }
        of_component(database, path, component, fail_on, &mut judged.found)?;
    }
    for (ecosystem, packages) in compared {
        if packages == 0 {
            let what = format!("{shown}: no advisories for {ecosystem} are held");
            judged.doubts.push(what);
        }
    }
    Ok(())
}

/// A place that was not understood: file, line and what was expected.
fn place(path: &Path, unread: &Unread) -> String {
    let line = unread
        .line
        .map_or_else(String::new, |line| format!(" line {line}"));
    format!("{}{line}: {}", path.display(), unread.what)
}

fn doubts(path: &Path, reading: &LockfileReading, judged: &mut Judged) {
    let shown = path.display();
    for unread in &reading.unread {
        judged.doubts.push(place(path, unread));
    }
    for left_out in reading
        .left_out
        .iter()
        .filter(|left_out| left_out.why.is_gap())
    {
        judged.doubts.push(format!("{shown}: {left_out}"));
    }
    for include in &reading.includes {
        judged.doubts.push(format!(
            "{shown}: includes {include}, which is to be named too"
        ));
    }
}

/// One entry a vulnerability, whatever the number of advisories about it.
fn of_component(
    database: &Database<Bytes>,
    path: &Path,
    component: &standing_collectors::LockedPackage,
    fail_on: FailOn,
    found: &mut Vec<Found>,
) -> Result<(), Damaged> {
    let mut of_name: BTreeMap<String, (Found, Severity)> = BTreeMap::new();
    for hit in database.judge(component.ecosystem, &component.name, &component.version)? {
        let entry = database.entry(hit.entry)?;
        for vulnerability in &entry.advisory.about {
            let one = of_name
                .entry(vulnerability.name.to_owned())
                .or_insert_with(|| {
                    let found = Found {
                        file: path.to_owned(),
                        line: component.line,
                        package: component.name.clone(),
                        version: component.version.clone(),
                        purl: component.purl(),
                        vulnerability: vulnerability.name.to_owned(),
                        advisories: Vec::new(),
                        summary: None,
                        fixed: None,
                        severity: None,
                        tenths: None,
                        grade: String::new(),
                        exploited: vulnerability.exploited.is_some(),
                        informational: entry.informational.map(str::to_owned),
                        compared: false,
                        stops: false,
                    };
                    let severity = Severity {
                        ratings: Vec::new(),
                        vendor: VendorWord::NotHeld,
                    };
                    (found, severity)
                });
            one.0.advisories.push(entry.advisory.id.to_owned());
            one.0.summary = one
                .0
                .summary
                .take()
                .or(entry.advisory.summary.map(str::to_owned));
            one.0.fixed = one.0.fixed.take().or_else(|| hit.fixed.clone());
            one.0.compared |= hit.verdict == Verdict::Affected;
            // What one advisory calls a vulnerability is one.
            if entry.informational.is_none() {
                one.0.informational = None;
            }
            one.1.ratings.extend(entry.ratings.iter().cloned());
        }
    }
    for (mut one, severity) in of_name.into_values() {
        one.severity = level_of(&severity);
        one.tenths = severity
            .ratings
            .iter()
            .filter_map(|rating| rating.tenths)
            .max();
        one.grade = grade_words(&severity, Reading::default());
        one.stops = stops(&one, fail_on);
        found.push(one);
    }
    Ok(())
}

fn stops(found: &Found, fail_on: FailOn) -> bool {
    let rated = match fail_on {
        FailOn::Any => true,
        FailOn::Exploited => found.exploited,
        FailOn::High => !matches!(found.severity, Some("medium" | "low" | "none")),
        FailOn::Critical => !matches!(found.severity, Some("high" | "medium" | "low" | "none")),
    };
    found.informational.is_none() && (rated || found.exploited)
}

fn page(judged: &Judged, stops: usize, verbose: bool) -> String {
    let style = Style::stdout();
    let (info, real): (Vec<&Found>, Vec<&Found>) = judged
        .found
        .iter()
        .partition(|found| found.informational.is_some());
    let mut text = String::new();
    let rows: Vec<Vec<String>> = real
        .iter()
        .map(|found| {
            let shape = if found.stops { "✗" } else { "–" };
            let fixed = found.fixed.as_deref();
            let fixed = fixed.map_or_else(|| "no fix named".into(), |v| format!("fixed in {v}"));
            let doubt = if found.compared {
                ""
            } else {
                ", not known whether affected"
            };
            vec![
                format!(
                    "  {shape} {} {}",
                    plain(&found.package),
                    plain(&found.version)
                ),
                plain(&found.vulnerability),
                found.severity.unwrap_or("not rated").to_owned(),
                format!("{}{doubt}", plain(&fixed)),
            ]
        })
        .collect();
    text.push_str(&text::table(&rows));
    for doubt in &judged.doubts {
        let _ = writeln!(text, "  ? {}", style.fold(4, &plain(doubt)));
    }
    if verbose {
        for found in &info {
            let word = found.informational.as_deref().unwrap_or_default();
            let what = format!("{} {} is {word}", found.package, found.version);
            let _ = writeln!(
                text,
                "  – {}: {}",
                plain(&what),
                found.advisories.join(", ")
            );
        }
    }
    let vulnerabilities = counted(real.len() as u64, "vulnerability", "vulnerabilities");
    let packages = count(judged.packages, "package");
    let _ = writeln!(
        text,
        "{packages}: {vulnerabilities}, {} of which stop; {} informational.",
        text::number(stops as u64),
        text::number(info.len() as u64)
    );
    text
}
