//! Records in, bytes out.

use super::layout::{HEAD, MARK, NONE, hash};
use super::{anywhere, base, cve_number, is_distribution, key};
use crate::aliases::Classes;
use crate::osv::Event;
use crate::record::{Affected, Kind, Record, Stated};
use crate::severity::{Author, Rating};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Takes in records and compiles them.
#[derive(Default)]
pub struct Builder {
    records: BTreeMap<String, Stored>,
    exploited: BTreeMap<String, Listed>,
    has_kev: bool,
    epss: BTreeMap<(u32, u32), (u32, u32)>,
}

/// What is kept of a record.
struct Stored {
    modified: String,
    record: Record,
}

struct Listed {
    on: String,
    due: Option<String>,
    ransomware: bool,
}

/// One range of one package of an advisory, as a table of facts holds it. What is missing there is
/// missing here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row<'a> {
    /// The advisory's name.
    pub id: &'a str,
    /// Other names of the vulnerability.
    pub aliases: &'a [&'a str],
    /// As OSV names it.
    pub ecosystem: &'a str,
    /// The package.
    pub package: &'a str,
    /// OSV events as JSON.
    pub events: Option<&'a str>,
    /// Versions as a JSON list.
    pub versions: Option<&'a str>,
    /// A word for how grave it is.
    pub severity: Option<&'a str>,
    /// When it was published.
    pub published: Option<&'a str>,
}

#[derive(Deserialize)]
struct Catalogue {
    vulnerabilities: Vec<CatalogueEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CatalogueEntry {
    #[serde(rename = "cveID")]
    cve: String,
    date_added: String,
    due_date: Option<String>,
    #[serde(default)]
    known_ransomware_campaign_use: String,
}

impl Builder {
    /// Nothing yet.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Takes one record of OSV JSON. Of two of one name the one modified last counts. A record that
    /// was withdrawn says nothing, but it withdraws an earlier one of its name.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn osv(&mut self, json: &str) -> Result<(), String> {
        let record = Record::read(json).map_err(|error| error.to_string())?;
        if record.id.trim().is_empty() {
            return Err("expected an id".into());
        }
        let modified = record.modified.clone().unwrap_or_default();
        self.keep(Stored { modified, record });
        Ok(())
    }

    fn keep(&mut self, new: Stored) {
        let later = |old: &Stored| {
            let rank = |s: &Stored| (s.modified.clone(), s.record.withdrawn.is_some());
            rank(&new) > rank(old)
        };
        match self.records.get(&new.record.id) {
            Some(old) if !later(old) => {}
            _ => {
                self.records.insert(new.record.id.clone(), new);
            }
        }
    }

    /// Takes one row of a table of facts. Rows of one advisory add up.
    pub fn row(&mut self, row: &Row<'_>) {
        let stored = self.records.entry(row.id.to_owned());
        let stored = stored.or_insert_with(|| Stored {
            modified: String::new(),
            record: Record::named(row.id, row.published),
        });
        for alias in row.aliases {
            if !stored.record.aliases.iter().any(|known| known == alias) {
                stored.record.aliases.push((*alias).to_owned());
            }
        }
        stored.record.affected.push(Affected::of_row(row));
    }

    /// Takes CISA's catalogue of exploited vulnerabilities, whole, as JSON; tells how many it lists.
    ///
    /// # Errors
    /// What is wrong with it; nothing of it is taken then.
    pub fn kev(&mut self, json: &str) -> Result<usize, String> {
        let catalogue: Catalogue = serde_json::from_str(json).map_err(|e| e.to_string())?;
        let count = catalogue.vulnerabilities.len();
        for entry in &catalogue.vulnerabilities {
            if crate::clock::read(&entry.date_added).is_none() {
                return Err(format!("{}: dateAdded is no date", entry.cve));
            }
        }
        for entry in catalogue.vulnerabilities {
            let listed = Listed {
                on: entry.date_added,
                due: entry.due_date.filter(|due| !due.is_empty()),
                ransomware: entry.known_ransomware_campaign_use == "Known",
            };
            self.exploited.insert(entry.cve, listed);
        }
        self.has_kev = true;
        Ok(count)
    }

    /// Takes the scores of EPSS, whole, as CSV; tells how many there are.
    ///
    /// # Errors
    /// The line that is wrong; nothing of it is taken then.
    pub fn epss(&mut self, csv: &str) -> Result<usize, String> {
        let mut scores = BTreeMap::new();
        let lines = csv.lines().enumerate();
        let mut lines = lines.filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
        match lines.next() {
            Some((_, "cve,epss,percentile")) => {}
            _ => return Err("expected the heading cve,epss,percentile".into()),
        }
        for (number, line) in lines {
            let score = epss_line(line);
            let (cve, score) = score.ok_or_else(|| {
                format!(
                    "line {}: expected a CVE and two numbers from 0 to 1",
                    number + 1
                )
            })?;
            scores.insert(cve, score);
        }
        let count = scores.len();
        self.epss.extend(scores);
        Ok(count)
    }

    /// The compiled bytes.
    pub fn finish(self) -> Vec<u8> {
        let mut classes = Classes::default();
        for cve in self.exploited.keys() {
            classes.join(cve, cve);
        }
        let kept = || self.records.values().map(|stored| &stored.record);
        let kept = || kept().filter(|record| record.withdrawn.is_none());
        kept().for_each(|record| classes.add(record));
        let mut heap = Heap::default();
        let vulnerabilities = self.vulnerabilities(&classes, &mut heap);
        let mut packages: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for record in kept() {
            record_into(&mut heap, &mut packages, record, &classes, &vulnerabilities);
        }
        let advisories = kept().count();
        heap.file(self, &classes, &vulnerabilities, packages, advisories)
    }

    /// Each class with all its names, and what is known of its exploitation: the earliest listing.
    fn vulnerabilities(&self, classes: &Classes, heap: &mut Heap) -> BTreeMap<String, u32> {
        let mut members: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for id in classes.ids() {
            members.entry(classes.name(id)).or_default().insert(id);
        }
        let mut places = BTreeMap::new();
        for (name, members) in members {
            let listed = members.iter().filter_map(|id| self.exploited.get(*id));
            let listed = listed.min_by_key(|listed| &listed.on);
            let mut words = vec![heap.string(name)];
            words.push(heap.maybe(listed.map(|l| l.on.as_str())));
            words.push(heap.maybe(listed.and_then(|l| l.due.as_deref())));
            words.push(u32::from(listed.is_some_and(|l| l.ransomware)));
            let mut names: Vec<&str> = members.into_iter().collect();
            names.sort_by(|a, b| crate::aliases::by_rank(a, b));
            heap.list(&mut words, &names);
            places.insert(name.to_owned(), heap.add(words));
        }
        places
    }
}

/// `CVE-2024-3094,0.96,0.99`, in hundredths of a per cent.
fn epss_line(line: &str) -> Option<((u32, u32), (u32, u32))> {
    let mut parts = line.split(',');
    let cve = cve_number(parts.next()?)?;
    let mut score = || {
        let score: f64 = parts.next()?.trim().parse().ok()?;
        // In range, so that it fits.
        (0.0..=1.0)
            .contains(&score)
            .then(|| (score * 10_000.0).round() as u32)
    };
    Some((cve, (score()?, score()?)))
}

/// One record with its entries, each under its package.
fn record_into(
    heap: &mut Heap,
    packages: &mut BTreeMap<String, Vec<u32>>,
    record: &Record,
    classes: &Classes,
    vulnerabilities: &BTreeMap<String, u32>,
) {
    let about = classes.about(&record.id);
    let about: Vec<u32> = about
        .iter()
        .filter_map(|name| vulnerabilities.get(*name).copied())
        .collect();
    let summary = record.summary.as_deref().map(|text| first(text, 160));
    let mut words = vec![
        heap.string(&record.id),
        heap.maybe(record.published.as_deref()),
        heap.maybe(summary.as_deref()),
        u32::from(is_with_fix(&record.id)),
        number(about.len()),
    ];
    words.extend(about);
    let advisory = heap.add(words);
    for affected in &record.affected {
        let Some(package) = &affected.package else {
            continue;
        };
        let entry = entry(heap, advisory, record, affected, &package.ecosystem);
        let key = key(&package.ecosystem, &package.name);
        packages.entry(key).or_default().push(entry);
    }
}

fn entry(
    heap: &mut Heap,
    advisory: u32,
    record: &Record,
    affected: &Affected,
    ecosystem: &str,
) -> u32 {
    let mut words = vec![advisory, heap.string(ecosystem)];
    let informational = informational(record, affected);
    words.push(heap.maybe(informational.as_deref()));
    let ratings = ratings(record, affected, ecosystem);
    words.push(number(ratings.len()));
    for rating in ratings {
        words.push(heap.string(&rating.text));
        words.push(heap.string(&rating.name));
        words.push(super::rating::write(&rating));
    }
    match &affected.versions {
        Value::Null => heap.list(&mut words, &[]),
        list => match Vec::<&str>::deserialize(list) {
            Ok(list) => heap.list(&mut words, &list),
            Err(_) => words.push(NONE),
        },
    }
    words.push(number(affected.ranges.len()));
    for range in &affected.ranges {
        words.push(match Kind::of(&range.kind) {
            Kind::Semver => 0,
            Kind::Ecosystem => 1,
            Kind::Git => 2,
            Kind::Other => 3,
        });
        let Ok(events) = Vec::<Event<'_>>::deserialize(&range.events) else {
            words.push(NONE);
            continue;
        };
        words.push(number(events.len()));
        for event in events {
            let (kind, text) = match event {
                Event::Introduced(text) => (0, text),
                Event::Fixed(text) => (1, text),
                Event::LastAffected(text) => (2, text),
                Event::Limit(text) => (3, text),
            };
            words.extend([kind, heap.string(&text)]);
        }
    }
    heap.add(words)
}

/// Advisories that a distribution or vendor gives out together with the fix: their date is the fix's.
fn is_with_fix(id: &str) -> bool {
    const PREFIXES: [&str; 13] = [
        "ALSA-",
        "DLA-",
        "DSA-",
        "ELSA-",
        "LSN-",
        "MGASA-",
        "OESA-",
        "RHSA-",
        "RLSA-",
        "RXSA-",
        "SUSE-SU-",
        "USN-",
        "openSUSE-SU-",
    ];
    PREFIXES.iter().any(|prefix| id.starts_with(prefix))
}

/// Why a record is no vulnerability: RustSec marks some as informational, AlmaLinux gives out bug
/// fixes and enhancements in the same form.
fn informational(record: &Record, affected: &Affected) -> Option<String> {
    let marked = affected.database_specific.get("informational");
    match marked.and_then(Value::as_str) {
        Some(word) => Some(word.to_owned()),
        None if record.id.starts_with("ALBA-") => Some("bug fix".into()),
        None if record.id.starts_with("ALEA-") => Some("enhancement".into()),
        None => None,
    }
}

/// Who publishes records of this name.
fn database(id: &str) -> &str {
    const NAMES: [(&str, &str); 8] = [
        ("ALSA", "AlmaLinux"),
        ("BIT", "Bitnami"),
        ("DEBIAN", "Debian"),
        ("DSA", "Debian"),
        ("GHSA", "GHSA"),
        ("GO", "Go"),
        ("PYSEC", "PyPA"),
        ("RUSTSEC", "RustSec"),
    ];
    let prefix = id.split('-').next().unwrap_or(id);
    let named = NAMES.iter().find(|(known, _)| *known == prefix);
    named.map_or(prefix, |(_, name)| name)
}

/// What is said of how grave it is. What is said of the package goes before what is said of the record;
/// a distribution's own word on its own package is the vendor's.
fn ratings(record: &Record, affected: &Affected, ecosystem: &str) -> Vec<Rating> {
    let vendor = match is_distribution(ecosystem) {
        true => (Author::Vendor, base(ecosystem)),
        false => (Author::Database, database(&record.id)),
    };
    let stated: &[Stated] = match affected.severity.as_slice() {
        [] => &record.severity,
        own => own,
    };
    let specific = [
        &affected.ecosystem_specific,
        &affected.database_specific,
        &record.database_specific,
    ];
    let words = specific
        .into_iter()
        .flat_map(|value| [value.get("severity"), value.get("urgency")])
        .flatten()
        .filter_map(Value::as_str);
    let prefix = record.summary.as_deref().and_then(|s| s.split_once(':'));
    let prefix = prefix.filter(|_| ecosystem.starts_with("AlmaLinux"));
    let words = words.chain(prefix.map(|(prefix, _)| prefix));
    let mut found: Vec<Rating> = words
        .filter_map(|word| Rating::read(word, vendor.0, vendor.1))
        .collect();
    for one in stated {
        let (author, name) = match one.kind.starts_with("CVSS") {
            true => (Author::Database, database(&record.id)),
            false => vendor,
        };
        found.extend(Rating::read(&one.score, author, name));
    }
    let mut kept: Vec<Rating> = Vec::new();
    for rating in found {
        if !kept.contains(&rating) {
            kept.push(rating);
        }
    }
    kept
}

/// So many characters, whole words, on one line.
fn first(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((cut, _)) => match line[..cut].rsplit_once(' ') {
            Some((whole, _)) => format!("{whole} …"),
            None => format!("{} …", &line[..cut]),
        },
        None => line,
    }
}

/// Counts and places fit: no database comes near four thousand million words.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(NONE - 1)
}

/// Objects and strings as they are put down.
#[derive(Default)]
struct Heap {
    words: Vec<u32>,
    text: Vec<u8>,
    ends: Vec<u32>,
    known: HashMap<String, u32>,
}

impl Heap {
    fn string(&mut self, text: &str) -> u32 {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let place = number(self.ends.len());
        self.text.extend_from_slice(text.as_bytes());
        self.ends.push(number(self.text.len()));
        self.known.insert(text.to_owned(), place);
        place
    }

    fn maybe(&mut self, text: Option<&str>) -> u32 {
        text.map_or(NONE, |text| self.string(text))
    }

    fn list(&mut self, words: &mut Vec<u32>, list: &[&str]) {
        words.push(number(list.len()));
        for text in list {
            words.push(self.string(text));
        }
    }

    fn add(&mut self, words: Vec<u32>) -> u32 {
        let place = number(self.words.len());
        self.words.extend(words);
        place
    }

    /// Objects under the hashes of their keys, half of the slots free.
    fn table(&mut self, objects: BTreeMap<String, Vec<u32>>) -> Vec<u32> {
        let slots = (2 * objects.len()).next_power_of_two();
        let mut table = vec![NONE; slots];
        for (key, rest) in objects {
            let mut words = vec![self.string(&key)];
            words.extend(rest);
            let place = self.add(words);
            let mut slot = hash(key.as_bytes()) as usize % slots;
            while table[slot] != NONE {
                slot = (slot + 1) % slots;
            }
            table[slot] = place;
        }
        table
    }

    fn file(
        mut self,
        builder: Builder,
        classes: &Classes,
        vulnerabilities: &BTreeMap<String, u32>,
        packages: BTreeMap<String, Vec<u32>>,
        advisories: usize,
    ) -> Vec<u8> {
        let mut of_base: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for key in packages.keys() {
            let base = key.split('\n').next().unwrap_or_default();
            of_base.entry(base.to_owned()).or_insert_with(|| vec![0])[0] += 1;
        }
        let named: BTreeMap<String, Vec<u32>> = packages
            .keys()
            .filter_map(|key| Some((anywhere(key.split_once('\n')?.1), Vec::new())))
            .collect();
        let counted = packages.into_iter().map(|(key, entries)| {
            let mut words = vec![number(entries.len())];
            words.extend(entries);
            (key, words)
        });
        let packages = self.table(counted.chain(of_base).chain(named).collect());
        let mut names = BTreeMap::new();
        for id in classes.ids() {
            let about = classes.about(id);
            let about = about.iter().filter_map(|name| vulnerabilities.get(*name));
            let about: Vec<u32> = about.copied().collect();
            let mut words = vec![number(about.len())];
            words.extend(about);
            names.insert(id.to_owned(), words);
        }
        let names = self.table(names);
        let epss = builder.epss.iter();
        let epss: Vec<u32> = epss
            .flat_map(|((year, n), (probability, percentile))| {
                [*year, *n, *probability, *percentile]
            })
            .collect();
        let head = [
            number(advisories),
            u32::from(builder.has_kev),
            number(self.ends.len()),
            number(self.words.len()),
            number(packages.len()),
            number(names.len()),
            number(epss.len()),
            number(self.text.len()),
        ];
        debug_assert_eq!(MARK.len() + 4 * head.len(), 4 * HEAD as usize);
        let mut bytes = MARK.to_vec();
        let parts = [&head[..], &self.ends, &self.words, &packages, &names, &epss];
        for word in parts.into_iter().flatten() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend_from_slice(&self.text);
        bytes
    }
}
