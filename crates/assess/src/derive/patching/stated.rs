//! What people stated about clocks, and the days on which versions could be had.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::civil::Date;
use rusqlite::Connection;
use standing_patching::Reading;
use standing_patching::clock::{
    Bound, Candidate, Case, Covers, Event, Exception, Ground, Policy, Request, Revision, Saw,
    Source, Starts, cyber_essentials, dspt, kev,
};

use crate::index::IndexError;
use crate::time::day_of;

/// A row by its columns.
type Cells = BTreeMap<String, String>;

/// What a statement may be about, by every name that it ever had.
pub(super) struct About<'a> {
    pub(super) assets: &'a BTreeSet<Rc<str>>,
    pub(super) components: Vec<&'a String>,
    pub(super) vulnerability: &'a str,
    pub(super) names: &'a BTreeSet<String>,
}

impl About<'_> {
    fn is_meant_by(&self, row: &Cells) -> bool {
        let [named, asset, component] =
            ["vulnerability", "asset", "component"].map(|column| text(row, column));
        let called = |name: &str| name.eq_ignore_ascii_case(named);
        let mut assets = self.assets.iter();
        let mut components = self.components.iter();
        (called(self.vulnerability) || self.names.iter().any(|name| called(name)))
            && (asset.is_empty() || assets.any(|name| name.eq_ignore_ascii_case(asset)))
            && (component.is_empty() || components.any(|name| name.eq_ignore_ascii_case(component)))
    }
}

pub(super) struct Statements {
    pub(super) policies: Vec<Policy>,
    exceptions: Vec<(Cells, Exception)>,
    dates: Vec<Cells>,
    evidence: Vec<Cells>,
    /// By ecosystem and package, in small letters.
    releases: BTreeMap<(String, String), Vec<Cells>>,
}

impl Statements {
    pub(super) fn read(connection: &Connection, at: &str) -> Result<Self, IndexError> {
        let exceptions = rows(connection, "select * from temp.patch_exception")?;
        let mut releases: BTreeMap<_, Vec<Cells>> = BTreeMap::new();
        for row in rows(connection, "select * from temp.package_release")? {
            let key = (
                text(&row, "ecosystem").to_lowercase(),
                text(&row, "package").to_lowercase(),
            );
            releases.entry(key).or_default().push(row);
        }
        Ok(Statements {
            policies: policies(connection, at)?,
            exceptions: exceptions
                .into_iter()
                .filter_map(|row| Some((row.clone(), exception(&row)?)))
                .collect(),
            dates: rows(connection, "select * from temp.fix_date")?,
            evidence: rows(connection, "select * from temp.patch_evidence")?,
            releases,
        })
    }

    /// Adds what was stated about one vulnerability of one component.
    pub(super) fn add_to(&self, clock: &About<'_>, case: &mut Case) {
        let about = |row: &Cells| clock.is_meant_by(row);
        let exceptions = self.exceptions.iter().filter(|(row, _)| about(row));
        case.exceptions
            .extend(exceptions.map(|(_, exception)| exception.clone()));
        for row in self.dates.iter().filter(|row| about(row)) {
            let [by, day, reason, evidence] =
                ["stated_by", "released_on", "reason", "evidence"].map(|column| text(row, column));
            case.candidates
                .extend(Candidate::by_person(by, day, reason, evidence));
        }
        for row in self.evidence.iter().filter(|row| about(row)) {
            if let Ok(on) = text(row, "done_on").parse() {
                case.events.push(Event {
                    on,
                    source: text(row, "done_by").to_owned(),
                    saw: Saw::Evidence(text(row, "evidence").to_owned()),
                });
            }
        }
    }

    /// Adds the days on which the fixed version could be had. Where the channel that the hosts install
    /// from is listed and the fixed version is not in it, the fix is announced and no more.
    pub(super) fn date(
        &self,
        ecosystem: &str,
        component: &str,
        fixed: Option<&str>,
        case: &mut Case,
    ) {
        let key = (ecosystem.to_lowercase(), component.to_lowercase());
        let (Some(fixed), Some(releases)) = (fixed, self.releases.get(&key)) else {
            return;
        };
        let order =
            |row: &Cells| standing_patching::compare(ecosystem, text(row, "version"), fixed);
        for row in releases
            .iter()
            .filter(|row| order(row).is_some_and(|o| o.is_eq()))
        {
            let source = match text(row, "kind") {
                "registry" => Source::Registry,
                "changelog" => Source::Changelog,
                _ => continue,
            };
            let name = format!("{component} {}", text(row, "version"));
            let read = Candidate::read(source, &name, text(row, "released_on"));
            case.candidates.extend(read.map(|candidate| Candidate {
                bound: match text(row, "bound") {
                    "upper" => Bound::Upper,
                    "lower" => Bound::Lower,
                    _ => candidate.bound,
                },
                ..candidate
            }));
        }
        let mut listed = releases
            .iter()
            .filter(|row| text(row, "kind") == "channel")
            .peekable();
        if listed.peek().is_some() && !listed.any(|row| order(row).is_some_and(|o| o.is_ge())) {
            for candidate in &mut case.candidates {
                candidate.installable = candidate.source == Source::Person;
            }
        }
    }
}

fn text<'a>(row: &'a Cells, column: &str) -> &'a str {
    row.get(column).map_or("", String::as_str)
}

fn rows(connection: &Connection, sql: &str) -> Result<Vec<Cells>, IndexError> {
    let mut statement = connection.prepare(sql)?;
    let names: Vec<String> = statement
        .column_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let mut cells = Cells::new();
        for (i, name) in names.iter().enumerate() {
            let value: rusqlite::types::Value = row.get(i)?;
            match value {
                rusqlite::types::Value::Text(text) => cells.insert(name.clone(), text),
                rusqlite::types::Value::Integer(n) => cells.insert(name.clone(), n.to_string()),
                _ => None,
            };
        }
        rows.push(cells);
    }
    Ok(rows)
}

/// The ground of an exception by its word.
pub(crate) fn ground(word: &str) -> Option<Ground> {
    Some(match word {
        "accepted risk" => Ground::AcceptedRisk,
        "removed" => Ground::Removed,
        "out of scope" => Ground::OutOfScope,
        "mitigated" => Ground::Mitigated,
        "false positive" => Ground::FalsePositive,
        _ => return None,
    })
}

fn exception(row: &Cells) -> Option<Exception> {
    let owned = |column| text(row, column).to_owned();
    Exception::new(Request {
        policy: owned("policy"),
        ground: ground(text(row, "ground"))?,
        reason: owned("reason"),
        owner: owned("owner"),
        approver: owned("approved_by"),
        from: owned("from_on"),
        expires: owned("expires_on"),
        evidence: owned("evidence"),
    })
    .ok()
}

/// The rules', then the firm's own. A revision that is recorded later than it says holds from the day
/// of its recording: no deadline that was set before is moved.
fn policies(connection: &Connection, at: &str) -> Result<Vec<Policy>, IndexError> {
    let mut policies = vec![cyber_essentials(), dspt(), kev()];
    let stated = rows(
        connection,
        &format!(
            "select * from history_patch_policy where valid_from <= '{at}'
             and name in (select name from temp.patch_policy) order by valid_from, entry"
        ),
    )?;
    for row in stated {
        let name = text(&row, "name");
        let (Some(mut revision), false) =
            (revision(&row), policies[..3].iter().any(|p| p.name == name))
        else {
            continue;
        };
        match policies.iter_mut().find(|policy| policy.name == name) {
            Some(policy) => {
                let recorded = day_of(text(&row, "valid_from")).unwrap_or(revision.from);
                revision.from = revision.from.max(recorded);
                policy.revisions.push(revision);
            }
            None => policies.push(Policy {
                name: name.to_owned(),
                revisions: vec![revision],
            }),
        }
    }
    Ok(policies)
}

fn revision(row: &Cells) -> Option<Revision> {
    let from: Date = text(row, "from_on").parse().ok()?;
    Some(Revision {
        from,
        days: text(row, "days").parse().ok()?,
        covers: match text(row, "covers") {
            "grave" => Covers::Grave,
            "all" => Covers::All,
            "exploited" => Covers::Listed,
            _ => return None,
        },
        starts: match text(row, "starts") {
            "fix" => Starts::FixReleased,
            "seen" => Starts::FirstSeen,
            "listed" => Starts::Listed,
            _ => return None,
        },
        accepts_risk: text(row, "accepts_risk") == "1",
        restarts: text(row, "restarts") == "1",
        reads: Reading {
            missing_is_high: text(row, "missing_is_grave") == "1",
            counts_version4: text(row, "counts_cvss_4") != "0",
            words_count: text(row, "counts_words") != "0",
            ..Reading::default()
        },
    })
}
