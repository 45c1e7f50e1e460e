//! Asking about one package after another, and the journal of what came of it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use standing_facts::GapCode;

use super::addresses::{self, Registry};
use crate::asking::JOURNAL;
use crate::http::{Answer, Http, Question};
use crate::{FetchError, Parts, Sink, releases};

/// After this many refusals and nothing else, the rest is not asked for.
const REFUSALS: usize = 3;
/// The longest journal: some thousands of packages.
const LONGEST: u64 = 32 << 20;

/// What was asked in one run.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Journal {
    pub(super) packages: Vec<Package>,
}

/// What came of asking about one package.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    /// The parts that hold what the registry answered.
    pub(super) parts: Vec<String>,
    /// Why that is not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<GapCode>,
    /// The same in one sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) why: String,
}

impl Journal {
    /// What a run kept; `None`, and the run fails, where there is no journal.
    pub(super) fn of(parts: &Parts<'_>, sink: &mut Sink<'_>) -> Option<Self> {
        let part = parts.list().iter().find(|part| part.name == JOURNAL);
        let bytes = part.and_then(|part| parts.whole(part, LONGEST).ok().flatten());
        let journal = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if journal.is_none() {
            let why = "which says what was asked, is not there or not understood";
            sink.fail(GapCode::Missing, format!("{JOURNAL}, {why}"));
        }
        journal
    }
}

/// Questions to one registry.
pub(super) struct Asker<'h, 'l, 'a> {
    http: &'h mut Http<'l, 'a>,
    registry: &'static Registry,
}

impl<'h, 'l, 'a> Asker<'h, 'l, 'a> {
    pub(super) fn new(http: &'h mut Http<'l, 'a>, registry: &'static Registry) -> Self {
        Asker { http, registry }
    }

    /// Asks about every package, and keeps the journal last. What is refused of one leaves the others.
    ///
    /// # Errors
    /// When nothing is answered, or a part cannot be kept.
    pub(super) fn all(mut self, wanted: BTreeMap<String, String>) -> Result<(), FetchError> {
        let mut journal = Journal::default();
        let (mut answered, all) = (0, wanted.len());
        for (name, lowest) in wanted {
            let mut package = Package {
                name,
                ..Package::default()
            };
            let asked = self.package(&lowest, &mut package);
            answered += usize::from(!package.parts.is_empty());
            let Err(error) = asked else {
                journal.packages.push(package);
                continue;
            };
            package.code = Some(error.code());
            package.why = error.to_string();
            journal.packages.push(package);
            let asked = journal.packages.len();
            if is_hopeless(&error, asked, answered) {
                if answered == 0 {
                    return Err(error);
                }
                self.rest(asked, all);
                break;
            }
        }
        let written = serde_json::json!(journal).to_string();
        self.http.line().keep(JOURNAL, written.as_bytes())
    }

    fn rest(&mut self, asked: usize, all: usize) {
        if asked < all {
            let why = format!("of {all} packages {asked} were asked about");
            let line = self.http.line();
            line.gap(Some("package_release"), GapCode::NotAsked, why);
        }
    }

    fn package(&mut self, lowest: &str, package: &mut Package) -> Result<(), FetchError> {
        let address = self.registry.address(&package.name);
        let answer = self.ask(address.clone(), address, package)?;
        match self.registry.ecosystem {
            "Go" => self.versions(&answer, lowest, package),
            "NuGet" => self.pages(&answer, package),
            _ => Ok(()),
        }
    }

    /// Asks at `address`, and keeps the answer under `part`.
    fn ask(
        &mut self,
        address: String,
        part: String,
        package: &mut Package,
    ) -> Result<Answer, FetchError> {
        let about = format!("{} {}", self.registry.ecosystem, package.name);
        let question = Question::get(address).header("accept", "application/json, */*;q=0.1");
        let answer = self.http.good(&question.about(&about))?;
        self.http.line().keep(&part, &answer.body)?;
        package.parts.push(part);
        Ok(answer)
    }

    /// Go's list names versions and no days. Those below the lowest that is locked hold no fix for it.
    fn versions(
        &mut self,
        list: &Answer,
        lowest: &str,
        package: &mut Package,
    ) -> Result<(), FetchError> {
        let list = String::from_utf8_lossy(&list.body).into_owned();
        let is_version = |version: &&str| standing_patching::compare("Go", version, version);
        let versions: Vec<&str> = list.lines().map(str::trim).collect();
        if !versions
            .iter()
            .all(|v| v.is_empty() || is_version(v).is_some())
        {
            let why = format!("Go {}: expected a list of versions", package.name);
            return Err(FetchError::system(GapCode::Malformed, why));
        }
        let may_fix = |version: &&&str| {
            let order = standing_patching::compare("Go", version, lowest);
            !version.is_empty() && order != Some(Ordering::Less)
        };
        for version in versions.iter().filter(may_fix) {
            let address = addresses::go_version(&package.name, version);
            self.ask(address.clone(), address, package)?;
        }
        Ok(())
    }

    /// Of a package with many versions NuGet's index names pages instead of holding them.
    fn pages(&mut self, index: &Answer, package: &mut Package) -> Result<(), FetchError> {
        let index: Value = index.json()?;
        for (number, page) in (1..).zip(releases::pages(&index)) {
            let part = format!("{}/page-{number}.json", package.name);
            self.ask(page, part, package)?;
        }
        Ok(())
    }
}

/// A registry that cannot be reached, or refuses whatever it is asked, is not asked for the rest.
fn is_hopeless(error: &FetchError, asked: usize, answered: usize) -> bool {
    match error.code() {
        GapCode::Throttled | GapCode::Unreachable => true,
        GapCode::Denied => answered == 0 && asked >= REFUSALS,
        _ => matches!(error, FetchError::Io { .. }),
    }
}
