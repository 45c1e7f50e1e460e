//! Advisories: the databases by which it is known what is wrong with what is installed.
//!
//! An *edition of the advisories* is one entry of the vault that names the files it is made of, each kept
//! as a blob, as they were when it was taken in. The edition of a moment is the last one written before
//! it, so an assessment of an earlier day is made again with what was known then.
//!
//! What is looked at is compiled from these blobs into one file below `.standing/advisories`. It is a
//! cache: deleted, it is made anew, the same to the byte.
//!
//! *Architecture invariant:* an update takes in everything that it was asked to, or nothing: a file that
//! breaks off, is damaged or holds less than half of what it did leaves the edition before it in force.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use standing_assess::advisories::{Bytes, Opens};
use standing_assess::index::{AdvisoryEdition, FirstFix};
use standing_facts::Problem;
use standing_mapped::Mapped;

use crate::failure::Failure;
use crate::home::Home;

mod attempts;
mod command;
mod compiled;
mod fetch;
mod folder;
mod reading;
mod update;

pub use attempts::{Attempts, Came, REFUSED, Refusal, attempts, by_itself};
pub use command::command;
pub use update::{Updated, Wanted, update};

/// What a file of advisories holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Advisories in OSV's form.
    Osv,
    /// CISA's catalogue of vulnerabilities that are known to be exploited.
    Kev,
    /// FIRST's scores of how likely a vulnerability is to be exploited.
    Epss,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::Osv, Kind::Kev, Kind::Epss];

    /// The word used in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Osv => "osv",
            Kind::Kev => "kev",
            Kind::Epss => "epss",
        }
    }

    /// What it is, for sentences.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Osv => "OSV records",
            Kind::Kev => "CISA's catalogue",
            Kind::Epss => "EPSS scores",
        }
    }
}

/// One file of an edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// The name that the configuration gives it, or its file's below the folder.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// `blob:…` of the file as it was.
    pub blob: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Records that were understood.
    pub records: u64,
    /// Places that were not.
    pub unread: u64,
    /// The latest day that the data itself names; `None` where it names none.
    pub as_of: Option<jiff::civil::Date>,
    /// Instant at which we last had it, or heard that it is as it was.
    pub checked_at: String,
    /// Its address or folder. It may hold a secret.
    pub from: String,
    /// What the server called this state of it.
    #[serde(default)]
    pub etag: Option<String>,
    /// When the server says that it last changed.
    #[serde(default)]
    pub last_modified: Option<String>,
}

impl Feed {
    /// Whole days since the latest day that the data names; where it names none, it is not known.
    pub fn age_days(&self, today: jiff::civil::Date) -> Option<i32> {
        Some((today - self.as_of?).get_days())
    }

    /// The beginning of its digest: enough to know it again.
    pub fn short(&self) -> &str {
        short(&self.sha256)
    }
}

/// A file that is intact and holds nothing of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftAside {
    /// Its name below the folder.
    pub name: String,
    /// Why it was left aside.
    pub why: String,
}

/// What the list of an edition says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Its files.
    pub feeds: Vec<Feed>,
    /// Files of the folder that are no advisories.
    pub left_aside: Vec<LeftAside>,
    /// Places that were not understood, at most [`reading::PROBLEMS`] of them.
    pub problems: Vec<Problem>,
    /// Fixes that it is the first to name, each as advisory, package and version; none where there
    /// is no edition before it to compare with.
    #[serde(default)]
    pub first_fixes: Option<Vec<[String; 3]>>,
}

/// The fixes that an edition is the first to name, out of its list. `None` where that is not known: it
/// is the first itself, or its list was erased.
pub(crate) fn first_fixes(list: &str) -> Option<Vec<FirstFix>> {
    let list: List = serde_json::from_str(list).ok()?;
    let fixes = list.first_fixes?.into_iter();
    Some(
        fixes
            .map(|[advisory, package, fixed]| FirstFix {
                advisory,
                package,
                fixed,
            })
            .collect(),
    )
}

impl List {
    /// The list that an edition has.
    ///
    /// # Errors
    /// When it was erased, or is not what this version writes.
    pub fn of(edition: &AdvisoryEdition) -> Result<List, Failure> {
        let entry = edition.entry;
        if edition.json.is_empty() {
            let what = format!("the list of the advisories of entry {entry} was erased");
            return Err(Failure::integrity(what).hint(AGAIN));
        }
        serde_json::from_str(&edition.json).map_err(|error| {
            let what =
                format!("the list of the advisories of entry {entry} cannot be read: {error}");
            Failure::integrity(what)
        })
    }

    /// The feed of that name.
    fn feed(&self, name: &str) -> Option<&Feed> {
        self.feeds.iter().find(|feed| feed.name == name)
    }

    /// Places that were not understood.
    pub fn unread(&self) -> u64 {
        self.feeds.iter().map(|feed| feed.unread).sum()
    }

    /// Records of one kind.
    pub fn records(&self, kind: Kind) -> u64 {
        let feeds = self.feeds.iter().filter(|feed| feed.kind == kind);
        feeds.map(|feed| feed.records).sum()
    }

    /// SHA-256 over what the edition is made of, whatever its files are called and in whatever order.
    fn digest(&self) -> String {
        let mut lines: Vec<String> = self
            .feeds
            .iter()
            .map(|feed| format!("{} {}\n", feed.kind.as_str(), feed.sha256))
            .collect();
        lines.sort();
        hex(&Sha256::digest(lines.concat().as_bytes()))
    }
}

/// What to do where an edition cannot be read any more.
const AGAIN: &str = "`standing advisories update` takes in what is published now";

/// The beginning of a digest: enough to know it again.
pub fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// How the index opens the compiled advisories of an edition. They are compiled anew from the vault where
/// the file is missing or of another format.
pub fn opens(folder: &Path) -> Opens {
    let folder = folder.to_owned();
    Arc::new(move |edition| {
        let mapped = open(&folder, edition).map_err(|failure| failure.to_string())?;
        Ok(Bytes(Arc::new(mapped)))
    })
}

fn open(folder: &Path, edition: &AdvisoryEdition) -> Result<Mapped, Failure> {
    if let Some(compiled) = compiled::open(folder, &edition.edition)? {
        return Ok(compiled);
    }
    opened(&Home::open(folder)?, &List::of(edition)?)
}

/// The compiled advisories of a list, compiled anew where they have to be.
fn opened(home: &Home, list: &List) -> Result<Mapped, Failure> {
    let edition = list.digest();
    if let Some(compiled) = compiled::open(&home.folder, &edition)? {
        return Ok(compiled);
    }
    let bytes = update::compile(home, &list.feeds)?;
    compiled::write(home, &edition, &bytes)?;
    compiled::open(&home.folder, &edition)?
        .ok_or_else(|| Failure::new(crate::Sort::Bug, "the compiled advisories cannot be read"))
}
