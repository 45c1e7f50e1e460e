//! Many hosts compared with one database: each package at each version is asked about once.
//!
//! Hosts of a fleet are much alike. Each distinct package has a number, a host is a list of such
//! numbers, and what advisories say is held by number. When hosts change, only packages never seen
//! before are asked about; when advisories change, only packages that a changed advisory names.
//!
//! *Architecture invariant:* a [`Finding`] holds nothing but what the advisory's own record says, so
//! that it stays true while other records change. What hangs on several records, such as the class of
//! aliases and the listing by CISA, is asked of the database at hand: [`Fleet::database`].
//!
//! A number is kept for good, even when no host has its package any more: a fleet is built anew now
//! and then. Two threads take two fleets over the same bytes, each with its part of the hosts.

use crate::database::{Damaged, Database, key};
use crate::record::{Record, Verdict};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// One package at one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Package<'a> {
    /// As OSV names it, with the release of a distribution.
    pub ecosystem: &'a str,
    /// Its name there.
    pub name: &'a str,
    /// The version that is installed.
    pub version: &'a str,
}

/// What one advisory says of one package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The advisory.
    pub advisory: Box<str>,
    /// Affected, or not to be told: the graver one where several of its entries speak of the package.
    pub verdict: Verdict,
    /// The least fixed version behind the installed one, of the first entry that names one.
    pub fixed: Option<Box<str>>,
    /// Whether all entries say that this is no vulnerability.
    pub informational: bool,
}

/// How many findings a host has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Distinct packages.
    pub packages: u32,
    /// Packages of ecosystems without advisories here: nothing is known of them.
    pub not_compared: u32,
    /// Findings that affect.
    pub affected: u32,
    /// Findings that cannot be told.
    pub cannot_tell: u32,
    /// Findings that are no vulnerabilities.
    pub informational: u32,
}

/// Packages whose advisories changed.
#[derive(Debug, Default)]
pub struct Changed(HashSet<String>);

/// Hosts, their packages, and what advisories say of these.
pub struct Fleet<B> {
    database: Database<B>,
    numbers: Numbers,
    packages: Vec<Known>,
    hosts: BTreeMap<Box<str>, Box<[u32]>>,
}

/// Numbers by ecosystem, name and version: nested, so that looking one up copies nothing.
type Numbers = HashMap<Arc<str>, HashMap<Arc<str>, HashMap<Arc<str>, u32>>>;

/// What is held of one number.
struct Known {
    ecosystem: Arc<str>,
    name: Arc<str>,
    version: Arc<str>,
    findings: Box<[Finding]>,
    tally: Tally,
}

impl Changed {
    /// Nothing changed yet.
    pub fn new() -> Changed {
        Changed::default()
    }

    /// Takes in a record that is new, gone or another: as it was and as it is, since it may have
    /// spoken of other packages.
    pub fn add(&mut self, record: &Record) {
        let named = record.affected.iter().filter_map(|a| a.package.as_ref());
        self.0
            .extend(named.map(|package| key(&package.ecosystem, &package.name)));
    }

    fn concerns(&self, ecosystem: &str, name: &str) -> bool {
        self.0.contains(&key(ecosystem, name))
    }
}

impl<B: AsRef<[u8]>> Fleet<B> {
    /// No hosts yet.
    pub fn new(database: Database<B>) -> Fleet<B> {
        Fleet {
            database,
            numbers: HashMap::new(),
            packages: Vec::new(),
            hosts: BTreeMap::new(),
        }
    }

    /// The database that was asked.
    pub fn database(&self) -> &Database<B> {
        &self.database
    }

    /// How many distinct packages there are.
    pub fn packages(&self) -> usize {
        self.packages.len()
    }

    /// Puts a host down with its packages, in the place of an earlier one of its name. A package that
    /// is named twice is one.
    ///
    /// # Errors
    /// When the database does not hang together; the host is then as it was before.
    pub fn put<'a>(
        &mut self,
        host: &str,
        packages: impl IntoIterator<Item = Package<'a>>,
    ) -> Result<(), Damaged> {
        let numbers = packages.into_iter().map(|package| self.number(package));
        let mut numbers = numbers.collect::<Result<Vec<u32>, Damaged>>()?;
        numbers.sort_unstable();
        numbers.dedup();
        self.hosts.insert(host.into(), numbers.into_boxed_slice());
        Ok(())
    }

    /// Takes a host away; tells whether it was there.
    pub fn remove(&mut self, host: &str) -> bool {
        self.hosts.remove(host).is_some()
    }

    /// Puts other advisories in the place of those held, and asks again about what `changed` names;
    /// tells how many packages these were.
    ///
    /// # Errors
    /// When the new database does not hang together; everything is then as it was before.
    pub fn renew(&mut self, database: Database<B>, changed: &Changed) -> Result<usize, Damaged> {
        let mut fresh = Vec::new();
        for (at, known) in self.packages.iter().enumerate() {
            if changed.concerns(&known.ecosystem, &known.name) {
                fresh.push((at, findings(&database, known.package())?));
            }
        }
        let mut compared = HashMap::new();
        for ecosystem in self.numbers.keys() {
            compared.insert(Arc::clone(ecosystem), is_compared(&database, ecosystem)?);
        }
        let asked = fresh.len();
        for (at, findings) in fresh {
            self.packages[at].findings = findings;
        }
        for known in &mut self.packages {
            known.tally = Tally::of(&known.findings, compared[&known.ecosystem]);
        }
        self.database = database;
        Ok(asked)
    }

    /// What a host has found against it, by package and advisory; `None` if there is no such host.
    pub fn findings(&self, host: &str) -> Option<Vec<(Package<'_>, &Finding)>> {
        let mut found = Vec::new();
        for number in self.hosts.get(host)? {
            let known = self.known(*number);
            found.extend(known.findings.iter().map(|f| (known.package(), f)));
        }
        found.sort_unstable();
        Some(found)
    }

    /// How many findings each host has, in the order of their names.
    pub fn tallies(&self) -> impl Iterator<Item = (&str, Tally)> {
        let of = |numbers: &[u32]| {
            let mut sum = Tally::default();
            numbers.iter().for_each(|n| sum.add(self.known(*n).tally));
            sum
        };
        self.hosts.iter().map(move |(name, n)| (&**name, of(n)))
    }

    fn known(&self, number: u32) -> &Known {
        &self.packages[number as usize]
    }

    fn number(&mut self, package: Package<'_>) -> Result<u32, Damaged> {
        let known = self.numbers.get(package.ecosystem);
        let known = known.and_then(|names| names.get(package.name));
        match known.and_then(|versions| versions.get(package.version)) {
            Some(number) => Ok(*number),
            None => self.take(package),
        }
    }

    /// Asks about a package that was not seen before and gives it the next number.
    fn take(&mut self, package: Package<'_>) -> Result<u32, Damaged> {
        let findings = findings(&self.database, package)?;
        let tally = Tally::of(&findings, is_compared(&self.database, package.ecosystem)?);
        let known = Known {
            ecosystem: package.ecosystem.into(),
            name: package.name.into(),
            version: package.version.into(),
            findings,
            tally,
        };
        // Four thousand million distinct packages do not fit into memory.
        let number = self.packages.len() as u32;
        let names = self
            .numbers
            .entry(Arc::clone(&known.ecosystem))
            .or_default();
        let versions = names.entry(Arc::clone(&known.name)).or_default();
        versions.insert(Arc::clone(&known.version), number);
        self.packages.push(known);
        Ok(number)
    }
}

impl Known {
    fn package(&self) -> Package<'_> {
        Package {
            ecosystem: &self.ecosystem,
            name: &self.name,
            version: &self.version,
        }
    }
}

impl Tally {
    fn of(findings: &[Finding], is_compared: bool) -> Tally {
        let mut tally = Tally {
            packages: 1,
            not_compared: u32::from(!is_compared),
            ..Tally::default()
        };
        for finding in findings {
            match (finding.informational, finding.verdict) {
                (true, _) => tally.informational += 1,
                (false, Verdict::Affected) => tally.affected += 1,
                (false, _) => tally.cannot_tell += 1,
            }
        }
        tally
    }

    fn add(&mut self, other: Tally) {
        self.packages += other.packages;
        self.not_compared += other.not_compared;
        self.affected += other.affected;
        self.cannot_tell += other.cannot_tell;
        self.informational += other.informational;
    }
}

fn is_compared<B: AsRef<[u8]>>(database: &Database<B>, ecosystem: &str) -> Result<bool, Damaged> {
    Ok(database.packages_of(ecosystem)? > 0)
}

/// One finding an advisory, whatever the number of its entries.
fn findings<B: AsRef<[u8]>>(
    database: &Database<B>,
    package: Package<'_>,
) -> Result<Box<[Finding]>, Damaged> {
    let mut of_advisory: BTreeMap<&str, Finding> = BTreeMap::new();
    for hit in database.judge(package.ecosystem, package.name, package.version)? {
        let entry = database.entry(hit.entry)?;
        let is_informational = entry.informational.is_some();
        let finding = of_advisory.entry(entry.advisory.id).or_insert(Finding {
            advisory: entry.advisory.id.into(),
            verdict: hit.verdict,
            fixed: None,
            informational: is_informational,
        });
        finding.verdict = finding.verdict.min(hit.verdict);
        finding.fixed = finding.fixed.take().or(hit.fixed.map(Into::into));
        finding.informational &= is_informational;
    }
    Ok(of_advisory.into_values().collect())
}
