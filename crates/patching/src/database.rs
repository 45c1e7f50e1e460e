//! Advisories compiled into one run of bytes that is read where it lies.
//!
//! [`Builder`] takes records in, [`Database`] answers from the bytes: opening reads the head alone, and
//! a question touches no more than what is known of one package. The bytes are the same whatever the
//! order in which the records came.
//!
//! *Architecture invariant:* bytes that do not hang together are [`Damaged`], never an empty answer.
//!
//! # Layout
//!
//! Everything is a little-endian 32-bit word, but for the text at the end: the head (`HEAD` words, the
//! first four a mark with the format's number), where each string ends, the heap of objects, a hash
//! table from packages to objects, one from names of vulnerabilities, and the scores of EPSS.

mod build;
mod fixes;
mod layout;
mod rating;

pub use build::{Builder, Row};
pub use fixes::{NamedFix, package_key};
pub use layout::Damaged;

use crate::order::Order;
use crate::osv::Event;
use crate::record::{Concern, Installed, Kind, Ranged, Verdict, is_in_ecosystem, pypi_name};
use crate::severity::Rating;
use layout::{Cursor, Layout, NONE};
use rating::RATING;

/// Compiled advisories.
pub struct Database<B> {
    bytes: B,
    layout: Layout,
}

/// One entry of one advisory that concerns what was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where the entry lies: see [`Database::entry`].
    pub entry: EntryRef,
    /// Affected, or not to be told.
    pub verdict: Verdict,
    /// The least fixed version behind the installed one; none is "no fix is named".
    pub fixed: Option<String>,
}

/// Where an entry lies in its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryRef(u32);

/// What one advisory says of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The advisory.
    pub advisory: Advisory<'a>,
    /// OSV's name of the ecosystem, with the release.
    pub ecosystem: &'a str,
    /// Why this is no vulnerability, where it is none: `unmaintained`, `bug fix`.
    pub informational: Option<&'a str>,
    /// How grave it is, by whom.
    pub ratings: Vec<Rating>,
}

/// One advisory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory<'a> {
    /// Its name.
    pub id: &'a str,
    /// When it was published, as written.
    pub published: Option<&'a str>,
    /// Its first words.
    pub summary: Option<&'a str>,
    /// Whether a distribution or vendor gives it out for its own packages, with the fix.
    pub with_fix: bool,
    /// The vulnerabilities it is about.
    pub about: Vec<Vulnerability<'a>>,
}

/// One vulnerability under all its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vulnerability<'a> {
    /// The name it goes by.
    pub name: &'a str,
    /// All names, in order.
    pub names: Vec<&'a str>,
    /// What CISA says of it.
    pub exploited: Option<Exploited<'a>>,
}

/// An entry of CISA's catalogue of exploited vulnerabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exploited<'a> {
    /// The day it was listed, as written.
    pub listed: &'a str,
    /// The day by which it had to be mended, as written; its meaning changed in June 2026.
    pub due: Option<&'a str>,
    /// Whether it is known from extortion.
    pub ransomware: bool,
}

/// What EPSS gives, in hundredths of a per cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epss {
    /// The probability that it is exploited within 30 days.
    pub probability: u32,
    /// How many of all vulnerabilities score no higher.
    pub percentile: u32,
}

impl<B: AsRef<[u8]>> Database<B> {
    /// Opens compiled advisories: reads the head alone.
    ///
    /// # Errors
    /// When the bytes are none, of another format, or shorter than the head says.
    pub fn open(bytes: B) -> Result<Self, Damaged> {
        let layout = Layout::read(bytes.as_ref())?;
        Ok(Database { bytes, layout })
    }

    /// How many advisories it holds; withdrawn ones are not among them.
    pub fn advisories(&self) -> u32 {
        self.layout.advisories
    }

    /// Whether CISA's catalogue was read: without it, nothing is said of what is exploited.
    pub fn knows_exploited(&self) -> bool {
        self.layout.has_kev
    }

    /// Whether EPSS was read.
    pub fn knows_epss(&self) -> bool {
        self.layout.epss.len > 0
    }

    /// How many packages of an ecosystem have advisories: zero is "compared with nothing".
    ///
    /// # Errors
    /// When the bytes do not hang together.
    pub fn packages_of(&self, ecosystem: &str) -> Result<u32, Damaged> {
        let base = base(ecosystem);
        Ok(match self.find(self.layout.packages, base.as_bytes())? {
            Some(at) => self.word(at.0 + 1)?,
            None => 0,
        })
    }

    /// Whether any ecosystem has a package that might go by this name: "no" is certain.
    ///
    /// # Errors
    /// When the bytes do not hang together.
    pub fn may_know(&self, name: &str) -> Result<bool, Damaged> {
        let key = anywhere(name);
        Ok(self.find(self.layout.packages, key.as_bytes())?.is_some())
    }

    /// What advisories say of one package at one version; `ecosystem` as OSV names it, with the
    /// release of a distribution.
    ///
    /// # Errors
    /// When the bytes do not hang together.
    pub fn judge(&self, ecosystem: &str, name: &str, version: &str) -> Result<Vec<Hit>, Damaged> {
        let mut hits = Vec::new();
        let key = key(ecosystem, name);
        let Some(Found(at)) = self.find(self.layout.packages, key.as_bytes())? else {
            return Ok(hits);
        };
        let installed = Installed::new(Order::of(ecosystem), version);
        let mut cursor = self.cursor(at + 1);
        for _ in 0..cursor.take()? {
            let entry = EntryRef(cursor.take()?);
            if let Some(hit) = self.judge_entry(entry, ecosystem, &installed)? {
                hits.push(hit);
            }
        }
        Ok(hits)
    }

    fn judge_entry(
        &self,
        entry: EntryRef,
        ecosystem: &str,
        installed: &Installed<'_>,
    ) -> Result<Option<Hit>, Damaged> {
        let mut cursor = self.cursor(entry.0);
        cursor.skip(1)?;
        let concerned = is_in_ecosystem(ecosystem, self.string(cursor.take()?)?);
        if concerned == Some(false) {
            return Ok(None);
        }
        past_ratings(&mut cursor)?;
        let mut list = cursor.clone();
        let listed = past_versions(&mut cursor)?;
        let mut ranges = Vec::new();
        for _ in 0..cursor.take()? {
            ranges.push(self.range(&mut cursor)?);
        }
        let mut concern = Concern {
            versions: Some(&[][..]),
            ranges: &ranges,
        };
        let mut judged = concern.judge(installed);
        let versions: Option<Vec<&str>>;
        // Lists are long: they are read only where the ranges leave the question open.
        if judged != Verdict::Affected && listed > 0 {
            versions = self.strings(&mut list)?;
            concern.versions = versions.as_deref();
            judged = concern.judge(installed);
        }
        let verdict = match (judged, concerned) {
            (Verdict::NotAffected, _) => return Ok(None),
            (Verdict::Affected, None) => Verdict::CannotTell(crate::Doubt::Release),
            (verdict, _) => verdict,
        };
        let fixed = concern.next_fix(installed).map(str::to_owned);
        Ok(Some(Hit {
            entry,
            verdict,
            fixed,
        }))
    }

    fn range<'a>(&'a self, cursor: &mut Cursor<'a>) -> Result<Ranged<'a>, Damaged> {
        let kind = match cursor.take()? {
            0 => Kind::Semver,
            1 => Kind::Ecosystem,
            2 => Kind::Git,
            3 => Kind::Other,
            _ => return Err(Damaged),
        };
        let count = cursor.take()?;
        if count == NONE {
            return Ok(Ranged { kind, events: None });
        }
        let mut events = Vec::new();
        for _ in 0..count {
            let event = match cursor.take()? {
                0 => Event::Introduced,
                1 => Event::Fixed,
                2 => Event::LastAffected,
                3 => Event::Limit,
                _ => return Err(Damaged),
            };
            events.push(event(self.string(cursor.take()?)?.into()));
        }
        let events = Some(events);
        Ok(Ranged { kind, events })
    }

    /// An entry in full.
    ///
    /// # Errors
    /// When the bytes do not hang together, or the place is another database's.
    pub fn entry(&self, entry: EntryRef) -> Result<Entry<'_>, Damaged> {
        let mut cursor = self.cursor(entry.0);
        let advisory = self.advisory(cursor.take()?)?;
        let ecosystem = self.string(cursor.take()?)?;
        let informational = self.maybe(cursor.take()?)?;
        let mut ratings = Vec::new();
        for _ in 0..cursor.take()? {
            let (text, name) = (cursor.take()?, cursor.take()?);
            let (text, name) = (self.string(text)?, self.string(name)?);
            ratings.push(rating::read(cursor.take()?, text, name)?);
        }
        Ok(Entry {
            advisory,
            ecosystem,
            informational,
            ratings,
        })
    }

    fn advisory(&self, at: u32) -> Result<Advisory<'_>, Damaged> {
        let mut cursor = self.cursor(at);
        let id = self.string(cursor.take()?)?;
        let published = self.maybe(cursor.take()?)?;
        let summary = self.maybe(cursor.take()?)?;
        let with_fix = cursor.take()? == 1;
        let mut about = Vec::new();
        for _ in 0..cursor.take()? {
            about.push(self.vulnerability_at(cursor.take()?)?);
        }
        Ok(Advisory {
            id,
            published,
            summary,
            with_fix,
            about,
        })
    }

    fn vulnerability_at(&self, at: u32) -> Result<Vulnerability<'_>, Damaged> {
        let mut cursor = self.cursor(at);
        let name = self.string(cursor.take()?)?;
        let exploited = match self.maybe(cursor.take()?)? {
            Some(listed) => Some(Exploited {
                listed,
                due: self.maybe(cursor.take()?)?,
                ransomware: cursor.take()? == 1,
            }),
            None => {
                cursor.skip(2)?;
                None
            }
        };
        let names = self.strings(&mut cursor)?.ok_or(Damaged)?;
        Ok(Vulnerability {
            name,
            names,
            exploited,
        })
    }

    /// The vulnerabilities that go by this name, or that the advisory of this name is about.
    ///
    /// # Errors
    /// When the bytes do not hang together.
    pub fn about(&self, id: &str) -> Result<Vec<Vulnerability<'_>>, Damaged> {
        let Some(Found(at)) = self.find(self.layout.names, id.as_bytes())? else {
            return Ok(Vec::new());
        };
        let mut cursor = self.cursor(at + 1);
        let mut about = Vec::new();
        for _ in 0..cursor.take()? {
            about.push(self.vulnerability_at(cursor.take()?)?);
        }
        Ok(about)
    }

    /// What EPSS gives a CVE.
    ///
    /// # Errors
    /// When the bytes do not hang together.
    pub fn epss(&self, cve: &str) -> Result<Option<Epss>, Damaged> {
        let Some(wanted) = cve_number(cve) else {
            return Ok(None);
        };
        let section = self.layout.epss;
        let (mut from, mut to) = (0, section.len / 4);
        while from < to {
            let middle = from + (to - from) / 2;
            let mut cursor = self.cursor_in(section, 4 * middle);
            match (cursor.take()?, cursor.take()?).cmp(&wanted) {
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
                std::cmp::Ordering::Equal => {
                    return Ok(Some(Epss {
                        probability: cursor.take()?,
                        percentile: cursor.take()?,
                    }));
                }
            }
        }
        Ok(None)
    }
}

/// Steps from behind the ecosystem of an entry to its list of versions.
fn past_ratings(cursor: &mut Cursor<'_>) -> Result<(), Damaged> {
    cursor.skip(1)?;
    let ratings = cursor.take()?;
    cursor.skip(ratings.saturating_mul(RATING))
}

/// Steps from the list of versions to the ranges; gives what the list's length says.
fn past_versions(cursor: &mut Cursor<'_>) -> Result<u32, Damaged> {
    let listed = cursor.take()?;
    cursor.skip(if listed == NONE { 0 } else { listed })?;
    Ok(listed)
}

/// Where an object found by a key lies.
struct Found(u32);

/// The part of an ecosystem's name before the release.
fn base(ecosystem: &str) -> &str {
    ecosystem.split(':').next().unwrap_or_default()
}

/// By what a package is found: names are folded where the ecosystem folds them.
pub(crate) fn key(ecosystem: &str, name: &str) -> String {
    let base = base(ecosystem);
    match base {
        "PyPI" => format!("{base}\n{}", pypi_name(name)),
        "NuGet" | "Packagist" | "GitHub Actions" => {
            format!("{base}\n{}", name.to_ascii_lowercase())
        }
        _ => format!("{base}\n{name}"),
    }
}

/// By what a name is found whatever the ecosystem: names that any of them folds to one are one here.
fn anywhere(name: &str) -> String {
    format!("\n{}", pypi_name(name))
}

/// Year and number of a CVE.
fn cve_number(id: &str) -> Option<(u32, u32)> {
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    Some((year.parse().ok()?, number.parse().ok()?))
}

/// Whether a name of an ecosystem is a distribution's: its packages are judged by its advisories
/// alone, and what it says of them is the vendor's word.
pub fn is_distribution(ecosystem: &str) -> bool {
    matches!(
        Order::of(ecosystem),
        Some(Order::Apk | Order::Debian | Order::Rpm)
    )
}
