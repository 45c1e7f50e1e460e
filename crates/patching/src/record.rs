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
    #[serde(default, deserialize_with = "absent")]
    affected: Vec<Affected>,
}

#[derive(Deserialize)]
struct Affected {
    package: Option<Package>,
    #[serde(default, deserialize_with = "absent")]
    ranges: Vec<Range>,
    /// Read when asked for: another shape must not hide the rest of the record.
    #[serde(default)]
    versions: Value,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct Range {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    events: Value,
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
    fn judge(&self, ecosystem: &str, version: &str) -> Verdict {
        let order = Order::of(ecosystem);
        let subject = Subject::new(order, version);
        let mut found = match &self.versions {
            Value::Null => Some(false),
            list => Vec::deserialize(list)
                .ok()
                .and_then(|list| subject.is_listed(&list)),
        };
        let versioned = |range: &&Range| range.kind != "GIT";
        let mut placed = subject.is_placed();
        for range in self.ranges.iter().filter(versioned) {
            let subject = match range.kind.as_str() {
                "SEMVER" => Subject::new(Some(Order::for_semver(order)), version),
                _ => Subject::new(order, version),
            };
            placed |= subject.is_placed();
            let events = Vec::<Event>::deserialize(&range.events).ok();
            let inside = events.and_then(|events| match range.kind.as_str() {
                "SEMVER" | "ECOSYSTEM" => subject.is_in_range(&events),
                _ => None,
            });
            found = either(found, inside);
        }
        // Where versions are listed, or ranged, commits say the same again: the schema asks for it.
        let commits_only = !self.ranges.is_empty()
            && self.ranges.iter().all(|range| range.kind == "GIT")
            && self.versions.as_array().is_none_or(Vec::is_empty);
        match found {
            Some(true) => Verdict::Affected,
            Some(false) if commits_only => Verdict::CannotTell(Doubt::Commits),
            Some(false) => Verdict::NotAffected,
            None if placed => Verdict::CannotTell(Doubt::Record),
            None if order.is_none() => Verdict::CannotTell(Doubt::Order),
            None => Verdict::CannotTell(Doubt::Version),
        }
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
fn is_in_ecosystem(ours: &str, theirs: &str) -> Option<bool> {
    let split = |name: &str| -> (String, Option<String>) {
        match name.split_once(':') {
            Some((base, release)) => {
                let release = release.strip_suffix(":LTS").unwrap_or(release);
                (
                    base.to_owned(),
                    Some(release.to_owned()).filter(|r| !r.is_empty()),
                )
            }
            None => (name.to_owned(), None),
        }
    };
    let ((base, our_release), (their_base, their_release)) = (split(ours), split(theirs));
    if base != their_base {
        return Some(false);
    }
    if let Some((_, default)) = DEFAULT_REPOSITORIES.iter().find(|(name, _)| *name == base) {
        let place = |release: Option<String>| release.unwrap_or_else(|| (*default).to_owned());
        return Some(place(our_release) == place(their_release));
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
