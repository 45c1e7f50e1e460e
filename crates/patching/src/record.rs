//! A whole OSV record: which package at which version it concerns.
//!
//! Source: <https://ossf.github.io/osv-schema/>.

use crate::order::Order;
use crate::osv::{Event, Subject, either};
use serde::Deserialize;
use serde_json::Value;

/// What a record says of one package at one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is affected.
    Affected,
    /// Whether it is hangs on something unknown; never to be read as "not affected".
    CannotTell(Doubt),
    /// It is not affected, or the record was withdrawn.
    NotAffected,
}

/// Why a record cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// The ecosystem has no order here.
    Order,
    /// The installed version is no version of its ecosystem.
    Version,
    /// An event of the record is no version, or a part of it has another shape.
    Record,
    /// The record names commits only, and whether they are in a version needs the repository.
    Commits,
    /// The record speaks of one release of a distribution, and that of the package is not known.
    Release,
}

/// The members of a record that decide what it concerns. Others are not kept.
#[derive(Deserialize)]
pub struct Record {
    /// `GHSA-…`, `DSA-…`, `RUSTSEC-…`.
    pub id: String,
    /// Names of the same vulnerability in other databases.
    #[serde(default, deserialize_with = "absent")]
    pub aliases: Vec<String>,
    /// Names of the vulnerabilities that a distribution's advisory is about; these are no aliases.
    #[serde(default, deserialize_with = "absent")]
    pub upstream: Vec<String>,
    /// When it was withdrawn, as written.
    pub withdrawn: Option<String>,
    /// When it was published, as written.
    pub published: Option<String>,
    /// When it was last changed, as written.
    pub modified: Option<String>,
    pub(crate) summary: Option<String>,
    #[serde(default, deserialize_with = "absent")]
    pub(crate) severity: Vec<Stated>,
    #[serde(default)]
    pub(crate) database_specific: Value,
    #[serde(default, deserialize_with = "absent")]
    pub(crate) affected: Vec<Affected>,
}

#[derive(Deserialize)]
pub(crate) struct Affected {
    pub(crate) package: Option<Package>,
    #[serde(default, deserialize_with = "absent")]
    pub(crate) ranges: Vec<Range>,
    /// Read when asked for: another shape must not hide the rest of the record.
    #[serde(default)]
    pub(crate) versions: Value,
    #[serde(default, deserialize_with = "absent")]
    pub(crate) severity: Vec<Stated>,
    #[serde(default)]
    pub(crate) ecosystem_specific: Value,
    #[serde(default)]
    pub(crate) database_specific: Value,
}

/// One entry of a list of severities.
#[derive(Clone, Deserialize)]
pub(crate) struct Stated {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) score: String,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) ecosystem: String,
    pub(crate) name: String,
}

#[derive(Deserialize)]
pub(crate) struct Range {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) events: Value,
}

/// A member that is `null` is one that is absent.
fn absent<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Record {
    /// Reads one record of OSV JSON. Unknown members are passed over.
    pub fn read(json: &str) -> Result<Record, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// A record of which nothing is known but its name and date.
    pub(crate) fn named(id: &str, published: Option<&str>) -> Record {
        Record {
            id: id.to_owned(),
            aliases: Vec::new(),
            upstream: Vec::new(),
            withdrawn: None,
            published: published.map(str::to_owned),
            modified: None,
            summary: None,
            severity: Vec::new(),
            database_specific: Value::Null,
            affected: Vec::new(),
        }
    }

    /// Whether the package at this version is affected. `ecosystem` is OSV's name for it, with the
    /// release of a distribution: `Debian:12`.
    pub fn judge(&self, ecosystem: &str, name: &str, version: &str) -> Verdict {
        if self.withdrawn.is_some() {
            return Verdict::NotAffected;
        }
        let judged = self.affected.iter().filter_map(|affected| {
            let package = affected.package.as_ref()?;
            let concerned = is_in_ecosystem(ecosystem, &package.ecosystem);
            if !same_name(ecosystem, name, &package.name) || concerned == Some(false) {
                return None;
            }
            Some(match (affected.judge(ecosystem, version), concerned) {
                (Verdict::Affected, None) => Verdict::CannotTell(Doubt::Release),
                (verdict, _) => verdict,
            })
        });
        judged.min().unwrap_or(Verdict::NotAffected)
    }
}

impl Affected {
    pub(crate) fn of_row(row: &crate::Row<'_>) -> Affected {
        let json = |text: &str| serde_json::from_str(text).unwrap_or(Value::Bool(false));
        let word = row.severity.map(|word| Stated {
            kind: "word".into(),
            score: word.to_owned(),
        });
        let range = row.events.map(|events| Range {
            kind: "ECOSYSTEM".into(),
            events: json(events),
        });
        Affected {
            package: Some(Package {
                ecosystem: row.ecosystem.to_owned(),
                name: row.package.to_owned(),
            }),
            ranges: range.into_iter().collect(),
            versions: row.versions.map_or(Value::Null, json),
            severity: word.into_iter().collect(),
            ecosystem_specific: Value::Null,
            database_specific: Value::Null,
        }
    }

    fn judge(&self, ecosystem: &str, version: &str) -> Verdict {
        let ranges = self.ranges.iter().map(|range| Ranged {
            kind: Kind::of(&range.kind),
            events: Vec::<Event<'_>>::deserialize(&range.events).ok(),
        });
        let ranges: Vec<Ranged<'_>> = ranges.collect();
        let versions = match &self.versions {
            Value::Null => Some(Vec::new()),
            list => Vec::<String>::deserialize(list).ok(),
        };
        Concern {
            versions: versions.as_deref(),
            ranges: &ranges,
        }
        .judge(&Installed::new(Order::of(ecosystem), version))
    }
}

/// What a range counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Semver,
    Ecosystem,
    Git,
    /// A word that the schema does not know.
    Other,
}

impl Kind {
    pub(crate) fn of(word: &str) -> Kind {
        match word {
            "SEMVER" => Kind::Semver,
            "ECOSYSTEM" => Kind::Ecosystem,
            "GIT" => Kind::Git,
            _ => Kind::Other,
        }
    }
}

/// The version asked about, once for every range: as its ecosystem places it, and as SemVer does where
/// that is another order.
pub(crate) struct Installed<'a> {
    order: Option<Order>,
    own: Subject<'a>,
    semver: Option<Subject<'a>>,
}

impl<'a> Installed<'a> {
    pub(crate) fn new(order: Option<Order>, version: &'a str) -> Installed<'a> {
        let semver = Some(Order::for_semver(order));
        Installed {
            order,
            own: Subject::new(order, version),
            semver: (semver != order).then(|| Subject::new(semver, version)),
        }
    }

    fn under(&self, kind: Kind) -> &Subject<'a> {
        match (kind, &self.semver) {
            (Kind::Semver, Some(semver)) => semver,
            _ => &self.own,
        }
    }
}

/// One range; without events where they are of another shape.
pub(crate) struct Ranged<'a> {
    pub(crate) kind: Kind,
    pub(crate) events: Option<Vec<Event<'a>>>,
}

/// What one entry of a record says of its package, wherever it was read from.
pub(crate) struct Concern<'a, T> {
    /// `None` where the list is of another shape.
    pub(crate) versions: Option<&'a [T]>,
    pub(crate) ranges: &'a [Ranged<'a>],
}

impl<T: AsRef<str>> Concern<'_, T> {
    pub(crate) fn judge(&self, installed: &Installed<'_>) -> Verdict {
        let mut found = Some(false);
        let mut placed = installed.own.is_placed();
        for range in self.ranges.iter().filter(|range| range.kind != Kind::Git) {
            let subject = installed.under(range.kind);
            placed |= subject.is_placed();
            let inside = match (range.kind, &range.events) {
                (Kind::Semver | Kind::Ecosystem, Some(events)) => subject.is_in_range(events),
                _ => None,
            };
            found = either(found, inside);
        }
        // Lists are long, and mostly say again what the ranges say.
        if found != Some(true) {
            found = either(
                found,
                self.versions.and_then(|list| installed.own.is_listed(list)),
            );
        }
        // Where versions are listed, or ranged, commits say the same again: the schema asks for it.
        let commits_only = !self.ranges.is_empty()
            && self.ranges.iter().all(|range| range.kind == Kind::Git)
            && self.versions.is_none_or(<[T]>::is_empty);
        match found {
            Some(true) => Verdict::Affected,
            Some(false) if commits_only => Verdict::CannotTell(Doubt::Commits),
            Some(false) => Verdict::NotAffected,
            None if placed => Verdict::CannotTell(Doubt::Record),
            None if installed.order.is_none() => Verdict::CannotTell(Doubt::Order),
            None => Verdict::CannotTell(Doubt::Version),
        }
    }

    /// The least fixed version behind the installed one, of the ranges that hold it.
    pub(crate) fn next_fix(&self, installed: &Installed<'_>) -> Option<&str> {
        let subject = &installed.own;
        let events = self.ranges.iter().filter(|range| range.kind != Kind::Git);
        let events = events.filter_map(|range| range.events.as_deref());
        let holding = events.filter(|events| subject.is_in_range(events) != Some(false));
        let mut fixes = holding.filter_map(|events| subject.next_fix(events));
        let first = fixes.next()?;
        let is_before = |a: &str, b: &str| installed.order.is_some_and(|o| o.is_before(a, b));
        Some(fixes.fold(first, |a, b| if is_before(b, a) { b } else { a }))
    }
}

/// Repositories that are meant where an ecosystem names none.
const DEFAULT_REPOSITORIES: [(&str, &str); 3] = [
    ("Maven", "https://repo.maven.apache.org/maven2"),
    ("Packagist", "https://packagist.org"),
    ("VSCode", "https://marketplace.visualstudio.com/vscode"),
];

/// Whether what is installed from `ours` is what `theirs` speaks of; `None` where `ours` names no
/// release and `theirs` does. A record without a release speaks of all. Ubuntu's `:LTS` only says
/// again what the number says; `:Pro:` is a channel of its own.
pub(crate) fn is_in_ecosystem<'a>(ours: &'a str, theirs: &'a str) -> Option<bool> {
    let split = |name: &'a str| {
        let (base, release) = crate::order::split(name, ':');
        let release = release.map(|r| r.strip_suffix(":LTS").unwrap_or(r));
        (base, release.filter(|release| !release.is_empty()))
    };
    let ((base, our_release), (their_base, their_release)) = (split(ours), split(theirs));
    if base != their_base {
        return Some(false);
    }
    if let Some((_, default)) = DEFAULT_REPOSITORIES.iter().find(|(name, _)| *name == base) {
        return Some(our_release.unwrap_or(default) == their_release.unwrap_or(default));
    }
    match (our_release, their_release) {
        (_, None) => Some(true),
        (None, Some(_)) => None,
        (ours, theirs) => Some(ours == theirs),
    }
}

/// Names are compared as written but where the ecosystem itself folds them.
fn same_name(ecosystem: &str, a: &str, b: &str) -> bool {
    match ecosystem.split(':').next() {
        Some("PyPI") => pypi_name(a) == pypi_name(b),
        Some("NuGet" | "Packagist" | "GitHub Actions") => a.eq_ignore_ascii_case(b),
        _ => a == b,
    }
}

/// The name of a PyPI package as PEP 503 has it: case, and which of `-`, `_` and `.` and how many of
/// them, do not count.
pub fn pypi_name(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}
