//! The catalogue: which items an edition asks of a profile, which checks carry each, and how sure
//! we are of it.
//!
//! The data lies in `catalogue/`, one file an item, and is compiled in. Nothing in it is official
//! wording; the user's own download of the official sheet is read by [`sheet`] and laid over it by
//! [`Catalogue::with_overlay`].
//!
//! *Architecture invariant:* numbers that describe the catalogue (how many items are carried by
//! checks, how many are known to be mandatory) are counted from it by [`Catalogue::coverage`] and
//! are written nowhere.

use std::sync::OnceLock;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use crate::derive::SupportRow;

mod coverage;
mod diff;
pub mod files;
mod load;
mod overlay;
mod reference;
pub mod sheet;

pub use coverage::Coverage;
pub use diff::{Change, ChangeKind};
pub use load::{Mistake, Mistakes};
pub use overlay::{CountDifference, Overlay, OverlayRow, Unmatched, Why};
pub use reference::{AssertionRef, NotARef, Ref};

/// Everything known about the toolkit's years.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// By deadline, oldest first; editions without a known deadline last.
    pub editions: Vec<Edition>,
    /// In the order of the file.
    pub profiles: Vec<Profile>,
    /// By number.
    pub standards: Vec<Standard>,
    /// By reference.
    pub items: Vec<Item>,
    /// What certificates waive.
    pub exemptions: Vec<Exemption>,
    /// For whom no list of exemptions was seen.
    pub exemptions_not_seen: Vec<NotSeen>,
    /// Until when operating systems are supported.
    pub support: Vec<SupportRow>,
}

/// One year's requirements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edition {
    /// `v8`
    pub id: String,
    /// `2025-26`
    pub year: String,
    /// Last day on which a submission for this year is due.
    pub deadline: Option<Date>,
    /// Whether somebody said so or we assume it.
    pub deadline_certainty: DeadlineCertainty,
    /// How much of the items is known.
    pub items_known: ItemsKnown,
    /// What to say of this edition.
    pub note: String,
}

/// Which items bind this kind of organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// `company-3`
    pub id: String,
    /// What to call it.
    pub name: String,
    /// The toolkit's category, 2 to 4.
    pub category: u8,
    /// Who falls under it.
    pub who: String,
    /// Names by which an official sheet may head this profile's columns.
    pub sheet_types: Vec<String>,
    /// What is said of the full list, by edition.
    pub lists: Vec<ExpectedList>,
}

/// What others say a full list holds, so that the difference from ours can be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedList {
    /// The edition this is about.
    pub edition: String,
    /// Items asked, mandatory or not.
    pub expected_items: Option<u32>,
    /// Items mandatory for Standards Met.
    pub expected_mandatory: Option<u32>,
    /// Items mandatory for Approaching Standards.
    pub expected_approaching: Option<u32>,
    /// Assertions that hold the items.
    pub expected_assertions: Option<u32>,
    /// Assertions that must be audited.
    pub expected_audited_assertions: Option<u32>,
    /// Those of them that are known.
    #[serde(default)]
    pub audited_assertions: Vec<AssertionRef>,
    /// The numbers are rough.
    pub approximate: bool,
    /// How complete our list is, in a sentence.
    pub completeness: String,
    /// Who gave the numbers.
    pub source: String,
}

/// One of the ten standards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standard {
    /// 1 to 10.
    pub number: u16,
    /// Our own short title.
    pub title: String,
    /// By number.
    pub assertions: Vec<Assertion>,
}

/// What holds items together and is confirmed on publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// `7.2`
    #[serde(rename = "ref")]
    pub reference: AssertionRef,
    /// Our own short title.
    pub title: String,
}

/// One question of the toolkit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// `7.2.1`
    #[serde(rename = "ref")]
    pub reference: Ref,
    /// Our own short words; of an item that only an imported sheet knows, the sheet's.
    pub title: String,
    /// The form of the answer.
    pub answer: Answer,
    /// The form of the answer is not certain.
    pub answer_uncertain: bool,
    /// "Not applicable" is a permitted answer.
    pub not_applicable_allowed: bool,
    /// Checks that speak for it: a failure of one contradicts a yes.
    pub checks: Vec<String>,
    /// A person must state something beyond what the checks show.
    pub statement_needed: bool,
    /// What no machine can establish. Empty exactly if no statement is needed.
    pub still_needs: Vec<String>,
    /// For how many months a person's statement may be relied on.
    pub renew_months: u16,
    /// Uncertainties, to be shown.
    pub notes: Vec<String>,
    /// Only an imported sheet knows this item.
    pub imported: bool,
    /// Whom it binds in which edition, and how sure that is.
    pub binds: Vec<Binding>,
}

/// Whether an item is asked of a profile in an edition, and how sure that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Binding {
    /// `v8`
    pub edition: String,
    /// `company-3`
    pub profile: String,
    /// For Standards Met.
    pub mandatory: Mandatory,
    /// Mandatory for Approaching Standards, where known.
    pub approaching: Option<bool>,
    /// How sure this row is, as far as it goes.
    pub certainty: Certainty,
    /// Who says so.
    pub source: String,
    /// What changed since the edition before, where known.
    pub change: Option<Edit>,
    /// The official wording, if the user imported it.
    pub official: Option<Official>,
    /// Our own row, which an imported one has taken the place of.
    pub former: Option<Box<Binding>>,
}

/// Wording out of a sheet that the user imported. Never shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Official {
    /// What is asked.
    pub evidence_text: Option<String>,
    /// The help beside it.
    pub tooltip: Option<String>,
}

/// What a certificate waives in one edition and profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exemption {
    /// `v8`
    pub edition: String,
    /// `gp-4`
    pub profile: String,
    /// The kind of certificate.
    pub scheme: Scheme,
    /// By reference.
    pub items: Vec<Ref>,
    /// How sure the list is.
    pub certainty: Certainty,
    /// Who says so.
    pub source: String,
    /// On what condition it counts.
    pub note: String,
    /// Our own list, which an imported one has taken the place of.
    pub former: Option<Vec<Ref>>,
}

/// A list that nobody has shown us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotSeen {
    /// `v8`
    pub edition: String,
    /// `company-3`
    pub profile: String,
    /// What follows from it.
    pub note: String,
}

/// An enum whose every value has one word, in files and in JSON.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The inverse of `as_str`.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
use words;

words! {
    /// Whether an item must be answered for Standards Met.
    Mandatory {
        /// It must.
        Yes = "yes",
        /// It is asked and may be left.
        No = "no",
        /// Not known; see [`Binding::asked`] for whether it is asked at all.
        Unknown = "unknown",
        /// It is not asked of this profile.
        NotAsked = "not-asked",
    }
}

words! {
    /// How sure a row of the catalogue is.
    Certainty {
        /// The user's own download of the official sheet says so.
        Imported = "imported",
        /// A source says so for this profile in this edition.
        Sourced = "sourced",
        /// A source says so for an older edition.
        OlderEdition = "older-edition",
        /// It follows from what a source says of a neighbour.
        Inferred = "inferred",
        /// One weak source, or likeness to another category alone.
        Weak = "weak",
        /// Nothing was found.
        Unknown = "unknown",
    }
}

words! {
    /// The form of an answer.
    Answer {
        /// A tick with a comment.
        YesNo = "yes-no",
        /// Text.
        Text = "text",
        /// A file, a reference, a link, or text that says where it is kept.
        Document = "document",
        /// A day.
        Date = "date",
    }
}

words! {
    /// A kind of certificate that may waive items.
    Scheme {
        /// Cyber Essentials Plus.
        CyberEssentialsPlus = "cyber-essentials-plus",
        /// ISO/IEC 27001.
        Iso27001 = "iso27001",
        /// PSN information assurance.
        PsnIa = "psn-ia",
        /// NHSmail.
        NhsMail = "nhsmail",
        /// An audit.
        Audit = "audit",
    }
}

words! {
    /// Where a deadline comes from.
    DeadlineCertainty {
        /// Somebody says so.
        Sourced = "sourced",
        /// The day and month of other years.
        Assumed = "assumed",
        /// Nothing is known.
        Unknown = "unknown",
    }
}

words! {
    /// How much of an edition's items is known.
    ItemsKnown {
        /// A sheet was imported.
        Imported = "imported",
        /// Some profiles, to some degree.
        Partly = "partly",
        /// Nothing.
        None = "none",
    }
}

words! {
    /// Whether an item is asked of a profile at all.
    Asked {
        /// It is.
        Yes = "yes",
        /// It is not.
        No = "no",
        /// Not known.
        Unknown = "unknown",
    }
}

/// What changed in an item since the edition before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Nobody was asked before.
    New,
    /// Others were asked before, this category was not.
    NewlyAsked,
    /// This category is asked no more.
    NoLongerAsked,
    /// It was not among the mandatory ones before.
    NewlyMandatory,
    /// What is asked is worded anew.
    Wording,
    /// The help beside it is worded anew.
    Guidance,
    /// Both are worded anew.
    WordingAndGuidance,
    /// In the words of the user's sheet.
    Noted(String),
}

impl Edit {
    const WORDS: [(Edit, &'static str); 7] = [
        (Edit::New, "new in this edition"),
        (Edit::NewlyAsked, "newly asked of this category"),
        (Edit::NoLongerAsked, "no longer asked of this category"),
        (Edit::NewlyMandatory, "mandatory for the first time"),
        (Edit::Wording, "evidence wording changed"),
        (Edit::Guidance, "guidance changed"),
        (
            Edit::WordingAndGuidance,
            "evidence wording and guidance changed",
        ),
    ];

    /// The words for it.
    pub fn as_str(&self) -> &str {
        match self {
            Edit::Noted(words) => words,
            known => Self::WORDS
                .iter()
                .find(|(edit, _)| edit == known)
                .map_or("", |(_, words)| words),
        }
    }

    /// The change that our own files mean by these words.
    pub fn parse(words: &str) -> Option<Self> {
        Self::WORDS
            .iter()
            .find(|(_, known)| *known == words)
            .map(|(edit, _)| edit.clone())
    }
}

impl Serialize for Edit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Binding {
    /// Whether the item is asked at all. A row whose `mandatory` is unknown still says that the
    /// item is asked, unless its certainty is unknown too.
    pub fn asked(&self) -> Asked {
        match (self.mandatory, self.certainty) {
            (Mandatory::NotAsked, _) => Asked::No,
            (Mandatory::Unknown, Certainty::Unknown) => Asked::Unknown,
            (Mandatory::Unknown, Certainty::Imported) if self.official.is_none() => Asked::Unknown,
            _ => Asked::Yes,
        }
    }
}

impl Item {
    /// What is known of this item for that edition and profile.
    pub fn binding(&self, edition: &str, profile: &str) -> Option<&Binding> {
        self.binds
            .iter()
            .find(|b| b.edition == edition && b.profile == profile)
    }
}

impl Profile {
    /// What is said of the full list of that edition.
    pub fn list(&self, edition: &str) -> Option<&ExpectedList> {
        self.lists.iter().find(|list| list.edition == edition)
    }
}

impl Catalogue {
    /// The catalogue that comes with the product.
    ///
    /// # Panics
    /// Never in a released build: a test reads every file.
    pub fn builtin() -> &'static Catalogue {
        static BUILTIN: OnceLock<Catalogue> = OnceLock::new();
        BUILTIN.get_or_init(|| {
            Catalogue::parse(&files::BUILTIN).unwrap_or_else(|mistakes| panic!("{mistakes}"))
        })
    }

    /// Reads a catalogue out of its files.
    ///
    /// # Errors
    /// Every mistake in every file at once, each with file, line and what was expected.
    pub fn parse(files: &files::Files<'_>) -> Result<Catalogue, Mistakes> {
        load::parse(files)
    }

    /// The edition of that id.
    pub fn edition(&self, id: &str) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.id == id)
    }

    /// The profile of that id.
    pub fn profile(&self, id: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }

    /// The standard of that number.
    pub fn standard(&self, number: u16) -> Option<&Standard> {
        self.standards.iter().find(|s| s.number == number)
    }

    /// The assertion of that number.
    pub fn assertion(&self, reference: AssertionRef) -> Option<&Assertion> {
        self.standard(reference.standard)?
            .assertions
            .iter()
            .find(|a| a.reference == reference)
    }

    /// The item of that number.
    pub fn item(&self, reference: Ref) -> Option<&Item> {
        self.items
            .binary_search_by_key(&reference, |item| item.reference)
            .ok()
            .map(|at| &self.items[at])
    }

    /// The items that are asked of this profile, or may be, in the order of their numbers. Items
    /// known not to be asked are left out. Empty for an edition of which nothing is known: see
    /// [`Catalogue::judged_by`].
    pub fn items_for(&self, edition: &str, profile: &str) -> Vec<(&Item, &Binding)> {
        self.items
            .iter()
            .filter_map(|item| Some((item, item.binding(edition, profile)?)))
            .filter(|(_, binding)| binding.asked() != Asked::No)
            .collect()
    }

    /// The newest edition of which any item is known.
    ///
    /// # Panics
    /// If no edition has items, which [`Catalogue::parse`] refuses.
    pub fn latest_known_edition(&self) -> &Edition {
        self.editions
            .iter()
            .rev()
            .find(|edition| edition.items_known != ItemsKnown::None)
            .unwrap_or_else(|| panic!("a catalogue has an edition with items"))
    }

    /// The edition to judge by when that one is asked for: itself if anything is known of it for
    /// this profile, otherwise the newest before it of which something is, otherwise none.
    pub fn judged_by(&self, edition: &str, profile: &str) -> Option<&Edition> {
        let at = self.editions.iter().position(|e| e.id == edition)?;
        self.editions[..=at].iter().rev().find(|edition| {
            self.items
                .iter()
                .any(|item| item.binding(&edition.id, profile).is_some())
        })
    }

    /// The edition that a status published on this day belongs to: the first whose deadline has not
    /// passed. None after the last deadline that is known.
    pub fn edition_for_deadline(&self, publish_on: Date) -> Option<&Edition> {
        self.editions
            .iter()
            .find(|edition| edition.deadline.is_some_and(|day| publish_on <= day))
    }

    /// The items that a certificate of this kind waives. Empty where no list was seen: see
    /// [`Catalogue::exemptions_seen`].
    pub fn exempt(&self, edition: &str, profile: &str, scheme: Scheme) -> &[Ref] {
        self.exemptions
            .iter()
            .find(|e| e.edition == edition && e.profile == profile && e.scheme == scheme)
            .map_or(&[], |e| &e.items)
    }

    /// Whether a list of exemptions was seen for this edition and profile at all.
    pub fn exemptions_seen(&self, edition: &str, profile: &str) -> bool {
        self.exemptions
            .iter()
            .any(|e| e.edition == edition && e.profile == profile)
    }

    /// Every check that an item names and that is not among the known ones, as `(item, check)`.
    pub fn unknown_checks<'a>(
        &'a self,
        known: &std::collections::BTreeSet<&str>,
    ) -> Vec<(Ref, &'a str)> {
        self.items
            .iter()
            .flat_map(|item| item.checks.iter().map(|c| (item.reference, c.as_str())))
            .filter(|(_, check)| !known.contains(check))
            .collect()
    }
}
