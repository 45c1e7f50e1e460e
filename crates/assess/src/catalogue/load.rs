//! Reads the catalogue's files: parsed as written, then validated into the types of [`super`].
//!
//! Every mistake in every file is collected before anything is refused, and each names its line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use super::files::Files;
use super::{
    Answer, Assertion, Binding, Catalogue, Certainty, DeadlineCertainty, Edit, Edition, Exemption,
    ExpectedList, Item, ItemsKnown, Mandatory, NotSeen, Profile, Ref, Scheme, Standard, SupportRow,
};

/// Something in a file that cannot be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Path below `catalogue/`.
    pub file: String,
    /// From one; none if the whole file is meant.
    pub line: Option<usize>,
    /// What is there.
    pub found: String,
    /// What was expected in its place.
    pub expected: String,
}

/// All mistakes of a catalogue, by file and line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "catalogue/{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        write!(f, ": {}; expected {}", self.found, self.expected)
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.0.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEditions {
    edition: Vec<RawEdition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEdition {
    id: Spanned<String>,
    year: String,
    deadline: Option<Spanned<toml::value::Datetime>>,
    deadline_certainty: Spanned<String>,
    items_known: Spanned<String>,
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfiles {
    profile: Vec<RawProfile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfile {
    id: Spanned<String>,
    name: String,
    category: u8,
    sheet_types: Vec<String>,
    who: String,
    list: Vec<Spanned<ExpectedList>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStandards {
    standard: Vec<Standard>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExemptions {
    exemption: Vec<RawExemption>,
    not_seen: Vec<Spanned<NotSeen>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExemption {
    edition: Spanned<String>,
    profile: Spanned<String>,
    scheme: Spanned<String>,
    items: Vec<Spanned<String>>,
    certainty: Spanned<String>,
    source: String,
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItem {
    #[serde(rename = "ref")]
    reference: Spanned<String>,
    title: String,
    answer: Spanned<String>,
    #[serde(default)]
    answer_uncertain: bool,
    not_applicable_allowed: bool,
    checks: Vec<String>,
    statement: Spanned<String>,
    still_needs: Vec<String>,
    #[serde(default = "a_year")]
    renew_months: Spanned<u16>,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    binds: Vec<RawBinding>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBinding {
    edition: Spanned<String>,
    profile: Spanned<String>,
    mandatory: Spanned<String>,
    approaching: Option<bool>,
    certainty: Spanned<String>,
    source: String,
    change: Option<Spanned<String>>,
}

fn a_year() -> Spanned<u16> {
    Spanned::new(0..0, 12)
}

/// One file being read, and where its mistakes go.
struct Reader<'a> {
    file: String,
    text: &'a str,
    mistakes: &'a mut Vec<Mistake>,
}

impl Reader<'_> {
    fn wrong(&mut self, at: Range<usize>, found: impl Into<String>, expected: impl Into<String>) {
        let line = self.text[..at.start.min(self.text.len())]
            .matches('\n')
            .count()
            + 1;
        self.mistakes.push(Mistake {
            file: self.file.clone(),
            line: Some(line),
            found: found.into(),
            expected: expected.into(),
        });
    }

    fn toml<T: DeserializeOwned>(&mut self) -> Option<T> {
        match toml::from_str(self.text) {
            Ok(value) => Some(value),
            Err(error) => {
                let at = error.span().unwrap_or(0..0);
                let what = error.message().replace('\n', ", ");
                self.wrong(at, what, "the fields that its neighbours have");
                None
            }
        }
    }

    /// A word out of a list of words.
    fn word<T: Copy>(
        &mut self,
        word: &Spanned<String>,
        parse: fn(&str) -> Option<T>,
        all: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Option<T> {
        let value = parse(word.get_ref());
        if value.is_none() {
            let all: Vec<_> = all.iter().map(|one| as_str(*one)).collect();
            let found = format!("{:?}", word.get_ref());
            self.wrong(word.span(), found, format!("one of {}", all.join(", ")));
        }
        value
    }

    fn reference(&mut self, text: &Spanned<String>) -> Option<Ref> {
        match text.get_ref().parse() {
            Ok(reference) => Some(reference),
            Err(_) => {
                let found = format!("{:?}", text.get_ref());
                self.wrong(text.span(), found, "a number like 7.2.1");
                None
            }
        }
    }

    fn known(&mut self, id: &Spanned<String>, ids: &BTreeSet<String>, what: &str) {
        if !ids.contains(id.get_ref()) {
            let all: Vec<_> = ids.iter().map(String::as_str).collect();
            let found = format!("{what} {:?}", id.get_ref());
            self.wrong(id.span(), found, format!("one of {}", all.join(", ")));
        }
    }
}

macro_rules! word {
    ($reader:expr, $kind:ident, $word:expr) => {
        $reader.word($word, $kind::parse, $kind::ALL, $kind::as_str)
    };
}

/// What the rows of items and exemptions refer to.
struct Ids {
    editions: BTreeSet<String>,
    profiles: BTreeSet<String>,
}

pub(super) fn parse(files: &Files<'_>) -> Result<Catalogue, Mistakes> {
    let mut mistakes = Vec::new();
    let mut reader = |file: &str, text, read: &mut dyn FnMut(&mut Reader<'_>)| {
        read(&mut Reader {
            file: file.to_owned(),
            text,
            mistakes: &mut mistakes,
        });
    };
    let (mut all_editions, mut all_profiles, mut all_standards) = (vec![], vec![], vec![]);
    let (mut all_exemptions, mut not_seen) = (vec![], vec![]);
    let (mut all_items, mut all_support) = (vec![], vec![]);
    reader("editions.toml", files.editions, &mut |r| {
        all_editions = editions(r)
    });
    reader("profiles.toml", files.profiles, &mut |r| {
        all_profiles = profiles(r, &all_editions);
    });
    reader("standards.toml", files.standards, &mut |r| {
        all_standards = standards(r)
    });
    let ids = Ids {
        editions: all_editions.iter().map(|e| e.id.clone()).collect(),
        profiles: all_profiles.iter().map(|p| p.id.clone()).collect(),
    };
    for (name, text) in files.items {
        reader(&format!("items/{name}"), text, &mut |r| {
            all_items.extend(item(r, name, &ids, &all_standards));
        });
    }
    all_items.sort_by_key(|item: &Item| item.reference);
    reader("exemptions.toml", files.exemptions, &mut |r| {
        (all_exemptions, not_seen) = exemptions(r, &ids, &all_items);
    });
    reader("support.csv", files.support, &mut |r| {
        all_support = support(r)
    });
    if mistakes.is_empty() {
        Ok(Catalogue {
            editions: all_editions,
            profiles: all_profiles,
            standards: all_standards,
            items: all_items,
            exemptions: all_exemptions,
            exemptions_not_seen: not_seen,
            support: all_support,
        })
    } else {
        Err(Mistakes(mistakes))
    }
}

fn editions(r: &mut Reader<'_>) -> Vec<Edition> {
    let Some(raw) = r.toml::<RawEditions>() else {
        return vec![];
    };
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for edition in raw.edition {
        if !seen.insert(edition.id.get_ref().clone()) {
            r.wrong(
                edition.id.span(),
                "an edition named twice",
                "each edition once",
            );
        }
        let deadline = edition.deadline.as_ref().and_then(|day| {
            let date = day.get_ref().to_string().parse::<Date>().ok();
            if date.is_none() {
                r.wrong(
                    day.span(),
                    format!("{}", day.get_ref()),
                    "a day like 2026-06-30",
                );
            }
            date
        });
        let certainty = word!(r, DeadlineCertainty, &edition.deadline_certainty);
        if let Some(certainty) = certainty
            && (certainty == DeadlineCertainty::Unknown) == edition.deadline.is_some()
        {
            let expected = "`unknown` exactly if no deadline is given";
            r.wrong(
                edition.deadline_certainty.span(),
                certainty.as_str(),
                expected,
            );
        }
        let known = word!(r, ItemsKnown, &edition.items_known);
        if let (Some(deadline_certainty), Some(items_known)) = (certainty, known) {
            all.push(Edition {
                id: edition.id.into_inner(),
                year: edition.year,
                deadline,
                deadline_certainty,
                items_known,
                note: edition.note,
            });
        }
    }
    if all.iter().all(|e| e.items_known == ItemsKnown::None) {
        r.wrong(
            0..0,
            "no edition with items",
            "at least one that is known partly",
        );
    }
    all.sort_by_key(|e| e.deadline.unwrap_or(Date::MAX));
    all
}

fn profiles(r: &mut Reader<'_>, editions: &[Edition]) -> Vec<Profile> {
    let Some(raw) = r.toml::<RawProfiles>() else {
        return vec![];
    };
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for profile in raw.profile {
        if !seen.insert(profile.id.get_ref().clone()) {
            r.wrong(
                profile.id.span(),
                "a profile named twice",
                "each profile once",
            );
        }
        for list in &profile.list {
            if !editions.iter().any(|e| e.id == list.get_ref().edition) {
                let found = format!("edition {:?}", list.get_ref().edition);
                r.wrong(list.span(), found, "an edition of editions.toml");
            }
        }
        all.push(Profile {
            id: profile.id.into_inner(),
            name: profile.name,
            category: profile.category,
            who: profile.who,
            sheet_types: profile.sheet_types,
            lists: profile.list.into_iter().map(Spanned::into_inner).collect(),
        });
    }
    all
}

fn standards(r: &mut Reader<'_>) -> Vec<Standard> {
    let Some(raw) = r.toml::<RawStandards>() else {
        return vec![];
    };
    for standard in &raw.standard {
        for Assertion { reference, .. } in &standard.assertions {
            if reference.standard != standard.number {
                let found = format!("assertion {reference} under standard {}", standard.number);
                r.wrong(0..0, found, "each assertion under its own standard");
            }
        }
    }
    raw.standard
}

fn item(r: &mut Reader<'_>, name: &str, ids: &Ids, standards: &[Standard]) -> Option<Item> {
    let raw = r.toml::<RawItem>()?;
    let reference = r.reference(&raw.reference);
    if name != format!("{}.toml", raw.reference.get_ref()) {
        let found = format!("ref {:?}", raw.reference.get_ref());
        r.wrong(
            raw.reference.span(),
            found,
            "the ref that the file is named for",
        );
    }
    if let Some(reference) = reference
        && !standards
            .iter()
            .flat_map(|s| &s.assertions)
            .any(|a| a.reference == reference.assertion())
    {
        let found = format!("assertion {}", reference.assertion());
        r.wrong(
            raw.reference.span(),
            found,
            "an assertion of standards.toml",
        );
    }
    let answer = word!(r, Answer, &raw.answer);
    let statement_needed = match raw.statement.get_ref().as_str() {
        "needed" => true,
        "not needed" => false,
        other => {
            let found = format!("{other:?}");
            r.wrong(raw.statement.span(), found, "`needed` or `not needed`");
            true
        }
    };
    if statement_needed == raw.still_needs.is_empty() {
        let expected = "something in `still_needs` exactly if a statement is needed";
        r.wrong(
            raw.statement.span(),
            "`statement` and `still_needs` at odds",
            expected,
        );
    }
    if !statement_needed && raw.checks.is_empty() {
        let expected = "a statement, where no check speaks for the item";
        r.wrong(
            raw.statement.span(),
            "neither a check nor a statement",
            expected,
        );
    }
    if *raw.renew_months.get_ref() < 1 {
        r.wrong(raw.renew_months.span(), "not even a month", "at least 1");
    }
    let binds = bindings(r, raw.binds, ids);
    Some(Item {
        reference: reference?,
        title: raw.title,
        answer: answer?,
        answer_uncertain: raw.answer_uncertain,
        not_applicable_allowed: raw.not_applicable_allowed,
        checks: raw.checks,
        statement_needed,
        still_needs: raw.still_needs,
        renew_months: raw.renew_months.into_inner(),
        notes: raw.notes,
        imported: false,
        binds,
    })
}

fn bindings(r: &mut Reader<'_>, raw: Vec<RawBinding>, ids: &Ids) -> Vec<Binding> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for row in raw {
        r.known(&row.edition, &ids.editions, "edition");
        r.known(&row.profile, &ids.profiles, "profile");
        if !seen.insert((row.edition.get_ref().clone(), row.profile.get_ref().clone())) {
            r.wrong(
                row.edition.span(),
                "edition and profile bound twice",
                "one row for each",
            );
        }
        let mandatory = word!(r, Mandatory, &row.mandatory);
        let certainty = word!(r, Certainty, &row.certainty);
        if certainty == Some(Certainty::Imported) {
            r.wrong(row.certainty.span(), "`imported`", "a certainty of our own");
        }
        if certainty == Some(Certainty::Unknown) && mandatory != Some(Mandatory::Unknown) {
            let expected = "a certainty, where it is said whether the item is mandatory";
            r.wrong(row.certainty.span(), "`unknown`", expected);
        }
        let change = row.change.as_ref().and_then(|words| {
            let edit = Edit::parse(words.get_ref());
            if edit.is_none() {
                let all: Vec<_> = Edit::WORDS.iter().map(|(_, words)| *words).collect();
                let found = format!("{:?}", words.get_ref());
                r.wrong(words.span(), found, format!("one of: {}", all.join("; ")));
            }
            edit
        });
        let (Some(mandatory), Some(certainty)) = (mandatory, certainty) else {
            continue;
        };
        all.push(Binding {
            edition: row.edition.into_inner(),
            profile: row.profile.into_inner(),
            mandatory,
            approaching: row.approaching,
            certainty,
            source: row.source,
            change,
            official: None,
            former: None,
        });
    }
    all
}

fn exemptions(r: &mut Reader<'_>, ids: &Ids, items: &[Item]) -> (Vec<Exemption>, Vec<NotSeen>) {
    let Some(raw) = r.toml::<RawExemptions>() else {
        return (vec![], vec![]);
    };
    let mut all = Vec::new();
    for row in raw.exemption {
        r.known(&row.edition, &ids.editions, "edition");
        r.known(&row.profile, &ids.profiles, "profile");
        let mut refs = Vec::new();
        for text in &row.items {
            let Some(reference) = r.reference(text) else {
                continue;
            };
            if !items.iter().any(|item| item.reference == reference) {
                r.wrong(
                    text.span(),
                    format!("item {reference}"),
                    "an item with a file",
                );
            }
            refs.push(reference);
        }
        refs.sort_unstable();
        let scheme = word!(r, Scheme, &row.scheme);
        let certainty = word!(r, Certainty, &row.certainty);
        if let (Some(scheme), Some(certainty)) = (scheme, certainty) {
            all.push(Exemption {
                edition: row.edition.into_inner(),
                profile: row.profile.into_inner(),
                scheme,
                items: refs,
                certainty,
                source: row.source,
                note: row.note,
                former: None,
            });
        }
    }
    let not_seen = raw.not_seen.into_iter().map(Spanned::into_inner).collect();
    (all, not_seen)
}

/// The columns of `support.csv`. No cell holds a comma or a quotation mark.
const SUPPORT: &str = "product,cycle,ends_on,extended_until,said_by";

fn support(r: &mut Reader<'_>) -> Vec<SupportRow> {
    let mut rows: BTreeMap<(String, String), SupportRow> = BTreeMap::new();
    let mut start = 0;
    for line in r.text.split_inclusive('\n') {
        let at = start..start + line.len();
        start = at.end;
        let line = line.trim_end();
        if at.start == 0 {
            if line != SUPPORT {
                r.wrong(at, format!("{line:?}"), format!("the heading {SUPPORT}"));
            }
            continue;
        }
        let cells: Vec<_> = line.split(',').collect();
        let &[product, cycle, ends_on, extended_until, said_by] = &cells[..] else {
            r.wrong(at, format!("{} cells", cells.len()), "5");
            continue;
        };
        let mut day = |text: &str| {
            if text.is_empty() {
                return None;
            }
            let date = text.parse::<Date>().ok();
            if date.is_none() {
                r.wrong(
                    at.clone(),
                    format!("{text:?}"),
                    "a day like 2026-06-30, or nothing",
                );
            }
            date
        };
        let row = SupportRow {
            product: product.to_owned(),
            cycle: cycle.to_owned(),
            ends_on: day(ends_on),
            extended_until: day(extended_until),
            said_by: said_by.to_owned(),
        };
        if product.is_empty() || cycle.is_empty() || said_by.is_empty() {
            r.wrong(
                at.clone(),
                "an empty cell",
                "product, cycle and said_by filled",
            );
        }
        let key = (row.product.clone(), row.cycle.clone());
        if rows.insert(key, row).is_some() {
            r.wrong(at, format!("{product} {cycle} twice"), "one row a release");
        }
    }
    rows.into_values().collect()
}
