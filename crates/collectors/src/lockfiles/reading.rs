//! What reading a lockfile came to.

use std::collections::HashSet;
use std::fmt;

use standing_patching::Purl;

/// One lockfile: the packages it locks, and what of it cannot be compared with advisories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockfileReading {
    /// The packages from registries, in the order of the file, each version once.
    pub components: Vec<LockedPackage>,
    /// What was left out, by reason.
    pub left_out: Vec<LeftOut>,
    /// Files that it includes and that lock more, as it names them. They are not read with it.
    pub includes: Vec<String>,
    /// Places that were not understood; the rest was read.
    pub unread: Vec<Unread>,
    /// Why nothing was read at all: the file is not what its name says.
    pub refused: Option<Unread>,
}

/// One package at the version to which the file locks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPackage {
    /// Ecosystem in OSV's words.
    pub ecosystem: &'static str,
    /// Name as advisories of that ecosystem write it.
    pub name: String,
    /// The resolved version, as the file writes it.
    pub version: String,
    /// Line of the file, from 1; `None` in formats without lines, such as JSON.
    pub line: Option<u64>,
}

/// How many packages were left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Why.
    pub why: Reason,
    /// How many.
    pub count: u64,
}

/// Why a package of a lockfile is not among its components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A workspace member, a folder or a file: the tree's own code.
    OwnCode,
    /// A commit of a repository: no advisory can be compared with it.
    Git,
    /// An archive at an address of its own.
    Address,
    /// A registry whose names are not the ecosystem's.
    OtherRegistry,
    /// A range or nothing in the place of a version: what is installed is not known.
    Unpinned,
    /// A `go.mod` of before go 1.17 names only what is required directly; `go.sum` has the rest.
    GoModAlone,
    /// `go.sum` also names versions that were considered and are not built.
    GoSum,
}

impl Reason {
    /// Whether this leaves something unknown that may well be installed from a registry.
    pub fn is_gap(self) -> bool {
        matches!(self, Reason::Unpinned | Reason::GoModAlone)
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.why {
            Reason::OwnCode => "the tree's own code (workspace members, folders, files)",
            Reason::Git => {
                "from git and not comparable with advisories, since a commit is no release"
            }
            Reason::Address => "from addresses of their own, not compared",
            Reason::OtherRegistry => "from other registries, whose names are not the ecosystem's",
            Reason::Unpinned => "without an exact version, so what is installed is not known",
            Reason::GoModAlone => {
                "go.mod of before go 1.17 names direct requirements only, and go.sum is not beside it"
            }
            Reason::GoSum => "versions taken from go.sum, which also names some that are not built",
        };
        write!(f, "{what}: {}", self.count)
    }
}

/// A place that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its line, from 1, where it has one.
    pub line: Option<u64>,
    /// What was expected there.
    pub what: String,
}

impl LockedPackage {
    /// Its package URL, written when it is asked for: most packages are only compared.
    pub fn purl(&self) -> String {
        purl(self.ecosystem, &self.name, &self.version)
    }
}

impl LockfileReading {
    pub(super) fn take(
        &mut self,
        ecosystem: &'static str,
        name: &str,
        version: &str,
        line: Option<u64>,
    ) {
        if !(is_plain(name) && is_plain(version)) {
            let odd = |text: &str| text.is_empty() || has_control(text);
            if odd(name) || odd(version) {
                return self.odd(line, "expected a name and a version");
            }
            if !says(&purl(ecosystem, name, version), version) {
                return self.odd(
                    line,
                    "expected a name and a version that a package URL can hold",
                );
            }
        }
        self.components.push(LockedPackage {
            ecosystem,
            name: name.to_owned(),
            version: version.to_owned(),
            line,
        });
    }

    pub(super) fn leave(&mut self, why: Reason) {
        match self.left_out.iter_mut().find(|l| l.why == why) {
            Some(left) => left.count += 1,
            None => self.left_out.push(LeftOut { why, count: 1 }),
        }
    }

    pub(super) fn odd(&mut self, line: Option<u64>, what: impl Into<String>) {
        let what = what.into();
        self.unread.push(Unread { line, what });
    }

    /// Says how many packages the file names and lacks.
    pub(super) fn cut_off(&mut self, lacking: usize) {
        if lacking > 0 {
            let what =
                "packages that others depend on are not locked: the file was cut off or edited";
            self.odd(None, format!("{what}: {lacking}"));
        }
    }

    pub(super) fn refuse(&mut self, line: Option<u64>, what: impl Into<String>) {
        let what = what.into();
        self.refused.get_or_insert(Unread { line, what });
    }

    /// The parser's own words may repeat values, so only its place is kept.
    pub(super) fn refuse_json(&mut self, error: &serde_json::Error) {
        let what = match error.is_eof() {
            true => "ends in the middle",
            false => "is not JSON",
        };
        let line = u64::try_from(error.line()).ok().filter(|l| *l > 0);
        self.refuse(line, what);
    }

    /// Drops what is named a second time: at another place of a tree, for another platform.
    pub(super) fn once(&mut self) {
        let all = std::mem::take(&mut self.components);
        let mut seen = HashSet::new();
        let fresh: Vec<bool> = all
            .iter()
            .map(|c| seen.insert((c.name.as_str(), c.version.as_str())))
            .collect();
        let all = all.into_iter().zip(fresh);
        self.components = all.filter(|(_, fresh)| *fresh).map(|(c, _)| c).collect();
    }
}

fn has_control(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// Whether a name or version is of characters that every package URL can hold, as nearly all are; an
/// empty one is not.
fn is_plain(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+');
    text.bytes().all(|b| plain(b) || b == b'.') && text.bytes().any(plain)
}

/// Whether a package URL, read back, is one of this version.
fn says(purl: &str, version: &str) -> bool {
    Purl::parse(purl).is_some_and(|purl| purl.version.as_deref() == Some(version))
}

fn purl(ecosystem: &str, name: &str, version: &str) -> String {
    let (kind, separator) = match ecosystem {
        "crates.io" => ("cargo", None),
        "npm" => ("npm", Some('/')),
        "PyPI" => ("pypi", None),
        "Go" => ("golang", Some('/')),
        "Maven" => ("maven", Some(':')),
        "RubyGems" => ("gem", None),
        "Packagist" => ("composer", Some('/')),
        _ => ("nuget", None),
    };
    let (namespace, name) = match separator.and_then(|s| name.rsplit_once(s)) {
        Some((namespace, name)) => (Some(namespace.to_owned()), name),
        None => (None, name),
    };
    let purl = Purl {
        kind: kind.into(),
        namespace,
        name: name.into(),
        version: Some(version.into()),
        ..Purl::default()
    };
    purl.to_string()
}
