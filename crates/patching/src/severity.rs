//! How grave a vulnerability is, and who says so.
//!
//! Nothing is merged: every rating keeps its value, its vector, its scale and its author, and a policy
//! decides. That a vendor gives no level is one thing, that we do not have the vendor's word another.

use crate::score::{Version, score};

/// The qualitative scale of CVSS 3 and 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A score of zero.
    None,
    /// Up to 3.9.
    Low,
    /// From 4.0.
    Medium,
    /// From 7.0.
    High,
    /// From 9.0.
    Critical,
}

impl Level {
    /// The level of a score in tenths. Version 2 has no critical; the scale is used for it all the
    /// same, as most databases do.
    pub fn of_tenths(tenths: u8) -> Level {
        match tenths {
            0 => Level::None,
            1..40 => Level::Low,
            40..70 => Level::Medium,
            70..90 => Level::High,
            90.. => Level::Critical,
        }
    }

    /// The level of a word. Databases use those of their own traditions: Debian's `unimportant` and
    /// Ubuntu's `negligible` are low. Words that withhold a judgement give none.
    pub fn of_word(word: &str) -> Option<Level> {
        let word = word.trim().trim_end_matches('*').to_ascii_lowercase();
        match word.as_str() {
            "critical" => Some(Level::Critical),
            "high" | "important" => Some(Level::High),
            "medium" | "moderate" => Some(Level::Medium),
            "low" | "minor" | "unimportant" | "negligible" => Some(Level::Low),
            "none" => Some(Level::None),
            _ => None,
        }
    }
}

/// Who rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Author {
    /// Who made the software, or the distribution whose package it is.
    Vendor,
    /// A database of vulnerabilities: GHSA, NVD, a database of an ecosystem.
    Database,
    /// A scanner, in its report.
    Scanner,
}

/// On what scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// A word alone.
    Word,
    /// A score with its vector.
    Cvss(Version),
}

/// One rating, as somebody gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// What it comes to.
    pub level: Level,
    /// The base score in tenths; a word has none.
    pub tenths: Option<u8>,
    /// The vector or the word, as written.
    pub text: String,
    /// What kind of text it is.
    pub scale: Scale,
    /// Who says so.
    pub author: Author,
    /// The author's name: `GHSA`, `Debian`, `NVD`, `Trivy`.
    pub name: String,
    /// When, as written, where it is told.
    pub said: Option<String>,
}

impl Rating {
    /// Reads a vector, or else a word. `None` where it is neither: a number without a vector is no
    /// rating, because it does not say on what scale it is.
    pub fn read(text: &str, author: Author, name: &str) -> Option<Rating> {
        let (level, tenths, scale) = match score(text) {
            Some(found) => {
                let level = Level::of_tenths(found.base);
                (level, Some(found.base), Scale::Cvss(found.version))
            }
            None => (Level::of_word(text)?, None, Scale::Word),
        };
        Some(Rating {
            level,
            tenths,
            text: text.trim().to_owned(),
            scale,
            author,
            name: name.to_owned(),
            said: None,
        })
    }

    /// Whether this is a base score of CVSS version 3.
    fn is_version3(&self) -> bool {
        matches!(self.scale, Scale::Cvss(Version::V30 | Version::V31))
    }
}

/// What is known of the vendor's own description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VendorWord {
    /// We hold the vendor's advisory. Its level is among the ratings, or it gives none: it is silent.
    Held,
    /// We do not hold it; what it says is not known.
    NotHeld,
}

/// Everything that is said of how grave one vulnerability is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severity {
    /// In the order in which they were told.
    pub ratings: Vec<Rating>,
    /// Whether the vendor's word is here.
    pub vendor: VendorWord,
}

/// What a policy makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// The deadline of grave vulnerabilities holds, for this reason.
    High(Why),
    /// It does not.
    NotHigh,
    /// Our data do not tell.
    NotKnown,
}

/// Why something counts as grave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The vendor describes it as critical or high.
    VendorSays,
    /// A base score of CVSS version 3 is 7.0 or more.
    Score3,
    /// A base score of CVSS version 4 is 7.0 or more, and the policy counts it.
    Score4,
    /// The vendor's word is not here, and somebody else calls it critical or high.
    Said,
    /// The vendor gives no level.
    VendorSilent,
    /// Our data are missing, and the policy takes that for grave.
    Missing,
}

/// How a policy reads ratings. The words of Cyber Essentials name the vendor, version 3, and the
/// vendor's silence; for the rest a firm must choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whether a score of version 4 counts as one of version 3.
    pub counts_version4: bool,
    /// Whether a score below 7.0 of somebody else is enough where the vendor's word is not held.
    pub score_is_enough: bool,
    /// Whether a mere word counts of somebody who is not the vendor, where the vendor's is not held:
    /// anybody's for high, a database's for less.
    pub words_count: bool,
    /// Whether missing data are taken for grave.
    pub missing_is_high: bool,
}

impl Default for Reading {
    /// Version 4 counts, a low score is enough, words count, and missing data stay unknown.
    fn default() -> Self {
        Reading {
            counts_version4: true,
            score_is_enough: true,
            words_count: true,
            missing_is_high: false,
        }
    }
}

impl Severity {
    /// Whether the vendor's advisory is here and gives no level.
    pub fn vendor_is_silent(&self) -> bool {
        self.vendor == VendorWord::Held && self.vendors().next().is_none()
    }

    /// Whether the deadline of Cyber Essentials for grave vulnerabilities holds. Any of its grounds
    /// is enough; a lower rating never takes one away.
    pub fn grade(&self, reading: Reading) -> Grade {
        let counts4 = |r: &Rating| reading.counts_version4 && r.scale == Scale::Cvss(Version::V40);
        let scored = |r: &&Rating| r.is_version3() || counts4(r);
        let high = |r: &Rating| r.level >= Level::High;
        if self.vendors().any(high) {
            return Grade::High(Why::VendorSays);
        }
        if self.ratings.iter().any(|r| r.is_version3() && high(r)) {
            return Grade::High(Why::Score3);
        }
        if self.ratings.iter().any(|r| counts4(r) && high(r)) {
            return Grade::High(Why::Score4);
        }
        if self.vendor_is_silent() {
            return Grade::High(Why::VendorSilent);
        }
        let says_high = |r: &Rating| r.scale == Scale::Word && high(r);
        if reading.words_count
            && self.vendor == VendorWord::NotHeld
            && self.ratings.iter().any(says_high)
        {
            return Grade::High(Why::Said);
        }
        // A scanner's word below high is not enough: whose it is, is not told.
        let said = |r: &Rating| {
            reading.words_count && r.scale == Scale::Word && r.author == Author::Database
        };
        let counts = |r: &Rating| scored(&r) || said(r);
        let settled = match self.vendors().next() {
            Some(_) => true,
            None => reading.score_is_enough && self.ratings.iter().any(counts),
        };
        match (settled, reading.missing_is_high) {
            (true, _) => Grade::NotHigh,
            (false, true) => Grade::High(Why::Missing),
            (false, false) => Grade::NotKnown,
        }
    }

    fn vendors(&self) -> impl Iterator<Item = &Rating> {
        self.ratings.iter().filter(|r| r.author == Author::Vendor)
    }
}
