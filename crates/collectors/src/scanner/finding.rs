//! One finding, and what all forms of report have in common.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher as _};

use serde_json::Value;
use standing_facts::tables::AdvisoryFinding;
use standing_facts::{Date, Fact as _, GapCode};
use standing_patching::{Level, Version, score};

use super::words::{self, Told};
use crate::Sink;
use crate::unpacked::Document;

/// One vulnerability in one component of one asset, as a report tells it.
#[derive(Clone, Debug, Default)]
pub(super) struct Finding {
    pub(super) asset: String,
    pub(super) component: String,
    pub(super) version: String,
    pub(super) advisory: String,
    pub(super) aliases: Vec<String>,
    /// The report itself says that it is mended, or not affected.
    pub(super) is_closed: bool,
    pub(super) ecosystem: Option<String>,
    /// How grave, and who says so.
    pub(super) severity: Option<(Level, String)>,
    /// Vectors, the first author's first.
    pub(super) cvss: Vec<String>,
    /// A base score that stands without a vector.
    pub(super) cvss_tenths: Option<i64>,
    pub(super) fixed: Option<String>,
    pub(super) fix_state: Option<&'static str>,
    /// The day of the fix, and the field that says so.
    pub(super) fix: Option<(Date, String)>,
    pub(super) published_on: Option<Date>,
    pub(super) first_seen_on: Option<Date>,
    /// The report says that a setting mends it.
    pub(super) by_setting: bool,
}

impl Finding {
    fn fact(self) -> AdvisoryFinding {
        let (cvss, scored) = scores(&self.cvss);
        let (severity, severity_by) = self.severity.unzip();
        let (fix_released_on, fix_dated_by) = self.fix.unzip();
        let remedy = match (self.fixed.is_some(), self.by_setting) {
            (true, true) => Some("both"),
            (true, false) => Some("package"),
            (false, true) => Some("setting"),
            (false, false) => None,
        };
        let aliases = distinct(self.aliases.into_iter().filter(|a| *a != self.advisory));
        AdvisoryFinding {
            asset: self.asset,
            component: self.component,
            advisory: self.advisory,
            version: self.version,
            affected: Some(!self.is_closed),
            aliases: joined(&aliases),
            severity: severity.map(|level| words::name(level).to_owned()),
            fixed: self.fixed,
            fix_released_on,
            ecosystem: self.ecosystem,
            severity_by,
            cvss: joined(&cvss),
            cvss_tenths: scored.or(self.cvss_tenths),
            fix_dated_by,
            published_on: self.published_on,
            first_seen_on: self.first_seen_on,
            fix_state: self.fix_state.map(str::to_owned),
            remedy: remedy.map(str::to_owned),
        }
    }
}

fn joined(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(" "))
}

fn distinct(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    words.filter(|word| seen.insert(word.clone())).collect()
}

/// The vectors that are some, and the base score of the best: version 3 goes before 4 and 4 before
/// 2, because the deadlines that are judged by it name version 3; of one version the first.
fn scores(vectors: &[String]) -> (Vec<String>, Option<i64>) {
    let vectors = vectors.iter().map(|v| v.trim().to_owned());
    let vectors: Vec<String> = distinct(vectors.filter(|v| score(v).is_some()));
    let best = vectors.iter().filter_map(|v| score(v));
    let best = best.min_by_key(|scores| match scores.version {
        Version::V30 | Version::V31 => 0,
        Version::V40 => 1,
        Version::V2 => 2,
    });
    (vectors, best.map(|scores| i64::from(scores.base)))
}

/// The level of the best vector, for whoever rates by vector alone.
pub(super) fn level_of(vectors: &[String]) -> Option<Level> {
    let tenths = u8::try_from(scores(vectors).1?).ok()?;
    Some(Level::of_tenths(tenths))
}

/// What is told of all reports of one run together.
pub(super) struct Findings {
    asset: Option<String>,
    /// What was last said of a key: a later report of the same does not close what is open.
    open: HashMap<u64, bool>,
    /// Names of machines that stand in a file of their own.
    pub(super) machines: BTreeMap<String, String>,
    /// Pages of one list, and how many of them name a further one.
    pub(super) pages: (u64, u64),
}

impl Findings {
    pub(super) fn new(asset: &str) -> Self {
        Findings {
            asset: (!asset.is_empty()).then(|| asset.to_owned()),
            open: HashMap::new(),
            machines: BTreeMap::new(),
            pages: (0, 0),
        }
    }

    /// Of several pages all but the last name a further one.
    pub(super) fn finish(&self, sink: &mut Sink<'_>) {
        let (pages, further) = self.pages;
        if pages > 0 && further >= pages {
            let why = "every page of the list of vulnerabilities says that there is a further one";
            sink.gap(Some("advisory_finding"), GapCode::Truncated, why);
        }
    }

    /// Two rows of one key may tell of two places in one asset. Open beats closed.
    fn is_outdone(&mut self, fact: &AdvisoryFinding) -> bool {
        let mut hash = DefaultHasher::new();
        hash.write(fact.row().key().as_bytes());
        let open = fact.affected != Some(false);
        let was_open = self.open.entry(hash.finish()).or_insert(open);
        let outdone = *was_open && !open;
        *was_open |= open;
        outdone
    }
}

/// Where the reader of one report puts what it found.
pub(super) struct Desk<'d, 's> {
    pub(super) part: &'d str,
    stem: &'d str,
    pub(super) findings: &'d mut Findings,
    left: &'d mut BTreeMap<String, u64>,
    pub(super) sink: &'d mut Sink<'s>,
}

impl<'d, 's> Desk<'d, 's> {
    pub(super) fn new(
        document: &'d Document<'_>,
        findings: &'d mut Findings,
        left: &'d mut BTreeMap<String, u64>,
        sink: &'d mut Sink<'s>,
    ) -> Self {
        Desk {
            part: &document.part,
            stem: &document.stem,
            findings,
            left,
            sink,
        }
    }

    /// The asset: what the settings say, what the report says, or the file's name.
    pub(super) fn asset(&self, reported: Option<&str>) -> String {
        let reported = reported
            .map(str::trim)
            .filter(|r| !r.is_empty() && *r != ".");
        let stated = self.findings.asset.as_deref();
        stated.or(reported).unwrap_or(self.stem).to_owned()
    }

    /// One finding. Without a name of the vulnerability it is none, and that is a problem.
    pub(super) fn put(&mut self, finding: Finding, line: Option<u64>, place: Option<&str>) {
        if finding.advisory.trim().is_empty() || finding.component.trim().is_empty() {
            let what = "names no vulnerability or nothing that is vulnerable; left out";
            return self.sink.problem(self.part, line, place, what);
        }
        let fact = finding.fact();
        if !self.findings.is_outdone(&fact) {
            self.sink.fact(&fact);
        }
    }

    /// The host of a row that names its own, which no setting replaces: one report is of many hosts.
    /// Without one nobody knows where the finding is.
    pub(super) fn host(&mut self, reported: Option<&str>, line: Option<u64>) -> Option<String> {
        if reported.is_none() && self.findings.asset.is_none() {
            self.odd(line, None, "names no host; left out");
            return None;
        }
        Some(self.named(reported))
    }

    /// As the report names it, or else as the setting does.
    pub(super) fn named(&self, reported: Option<&str>) -> String {
        reported.map_or_else(|| self.asset(None), str::to_owned)
    }

    /// One finding for each CVE that a scanner's test names; where it names none, one under the
    /// scanner's own id. The CVEs are no other names of each other.
    pub(super) fn put_each(
        &mut self,
        finding: &Finding,
        cves: &[String],
        own: &str,
        line: Option<u64>,
    ) {
        let own = [own.to_owned()];
        let ids = if cves.is_empty() { &own } else { cves };
        for id in ids {
            let mut one = finding.clone();
            one.advisory.clone_from(id);
            self.put(one, line, None);
        }
    }

    /// Something that is no finding of a vulnerability: counted and told once a report.
    pub(super) fn leave(&mut self, what: impl Into<String>) {
        self.leave_many(what, 1);
    }

    /// The same, several times.
    pub(super) fn leave_many(&mut self, what: impl Into<String>, count: usize) {
        if count > 0 {
            *self.left.entry(what.into()).or_default() += count as u64;
        }
    }

    /// The report is not the whole of what the scanner found.
    pub(super) fn truncated(&mut self, why: String) {
        let table = Some("advisory_finding");
        self.sink.gap(table, GapCode::Truncated, why);
    }

    /// A place that could not be understood.
    pub(super) fn odd(&mut self, line: Option<u64>, place: Option<&str>, what: &str) {
        self.sink.problem(self.part, line, place, what);
    }

    /// The day in `text`; an unreadable one is a problem.
    pub(super) fn day(&mut self, text: &str, line: Option<u64>, place: &str) -> Option<Date> {
        match words::day(text) {
            Told::Day(day) => Some(day),
            Told::Nothing => None,
            Told::Odd => {
                self.odd(line, Some(place), "expected a day such as 2026-12-31");
                None
            }
        }
    }

    /// The day in a member of an object.
    pub(super) fn day_of(&mut self, value: &Value, name: &str) -> Option<Date> {
        let text = words::text(value, name)?;
        self.day(text, None, name)
    }
}
