//! The official sheet, as the user downloaded it, laid over our data.
//!
//! *Architecture invariant:* an overlay never takes a mark of ours away without trace. A row that it
//! replaces is kept beside the new one ([`Binding::former`]).

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    Answer, Binding, Catalogue, Certainty, DeadlineCertainty, Edit, Edition, Exemption, Item,
    ItemsKnown, Mandatory, Official, Ref, Scheme,
};

/// What was read out of an official sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlay {
    /// `v9`
    pub edition: String,
    /// What to call the sheet: its file name.
    pub title: String,
    /// One row for each item and profile that the sheet has a column for.
    pub rows: Vec<OverlayRow>,
    /// Certificates that the sheet has a column for.
    pub schemes: Vec<Scheme>,
    /// Columns, and whole tabs, that were not understood or that serve no profile of ours.
    pub unmatched_columns: Vec<Unmatched>,
    /// Rows and cells that were not understood.
    pub unmatched_rows: Vec<Unmatched>,
}

/// One item as the sheet asks it of one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlayRow {
    /// `7.2.1`
    #[serde(rename = "ref")]
    pub reference: Ref,
    /// `company-3`
    pub profile: String,
    /// What is asked. None: the cell is blank, the item is not asked of this profile.
    pub evidence_text: Option<String>,
    /// The help beside it.
    pub tooltip: Option<String>,
    /// Mandatory for Standards Met, where the sheet says.
    pub mandatory: Option<bool>,
    /// Mandatory for Approaching Standards, where the sheet says.
    pub approaching: Option<bool>,
    /// Certificates that waive the item.
    pub exemptions: Vec<Scheme>,
    /// What the sheet says of changes.
    pub change: Option<String>,
}

/// Something in the sheet that was not understood. Nothing is dropped in silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unmatched {
    /// The name of the tab.
    pub sheet: String,
    /// A column `C`, a row `17` or a cell `C17`; empty for the whole tab.
    pub place: String,
    /// What is there.
    pub content: String,
    /// Why it was left.
    pub why: Why,
}

super::words! {
    /// Why something in a sheet was left.
    Why {
        /// A tab without a row of headings that we understand.
        NoHeadings = "tab has no headings that are understood",
        /// A column whose heading means nothing to us.
        HeadingNotUnderstood = "heading not understood",
        /// A column with content and no heading.
        NoHeading = "column has no heading",
        /// A column that is understood and speaks of none of our profiles, or less closely than
        /// another.
        NoProfile = "column is for no profile known here",
        /// A row above the headings.
        AboveHeadings = "above the headings",
        /// A row without a number that asks something.
        NoItemNumber = "row asks something and has no item number",
        /// A row whose number has another shape.
        NotAnItemNumber = "not an item number like 7.2.1",
        /// A row without a number that asks nothing: a heading between items.
        AsksNothing = "row has no item number and asks nothing",
        /// A cell that should say yes or no.
        NeitherYesNorNo = "neither yes nor no",
        /// Words that should name a certificate.
        NoCertificate = "names no certificate known here",
    }
}

impl Why {
    /// Whether an item may hide in what was left.
    pub fn may_hide_an_item(self) -> bool {
        matches!(self, Why::NoItemNumber | Why::NotAnItemNumber)
    }
}

/// A count that differs from what is said of the full list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountDifference {
    /// `company-3`
    pub profile: String,
    /// `items asked`, `mandatory items`
    pub what: &'static str,
    /// In the sheet.
    pub found: u32,
    /// As others say.
    pub expected: u32,
    /// The edition that the expectation was written for.
    pub expected_of: String,
    /// The expectation is rough.
    pub approximate: bool,
}

impl Overlay {
    /// The profiles that the sheet speaks of.
    pub fn profiles(&self) -> BTreeSet<&str> {
        self.rows.iter().map(|row| row.profile.as_str()).collect()
    }

    /// Whether some rows that were not understood may be items.
    fn may_hide_items(&self) -> bool {
        self.unmatched_rows
            .iter()
            .any(|row| row.why.may_hide_an_item())
    }

    fn find(&self, reference: Ref, profile: &str) -> Option<&OverlayRow> {
        self.rows
            .iter()
            .find(|row| row.reference == reference && row.profile == profile)
    }
}

impl Catalogue {
    /// This catalogue with the user's sheet laid over it.
    ///
    /// An edition we do not know becomes one. Items we know keep their checks; items we do not know
    /// are added without any, titled as the sheet words them. An item of ours that the sheet does
    /// not hold is then not asked, unless rows that may be items were not understood: then it is
    /// unknown.
    pub fn with_overlay(&self, overlay: &Overlay) -> Catalogue {
        let mut new = self.clone();
        new.lay_edition(overlay);
        let profiles = overlay.profiles();
        for row in &overlay.rows {
            if new.item(row.reference).is_none() {
                let at = new.items.partition_point(|i| i.reference < row.reference);
                new.items.insert(at, imported_item(overlay, row.reference));
            }
        }
        for item in &mut new.items {
            for profile in &profiles {
                lay_binding(item, overlay, profile);
            }
        }
        for profile in &profiles {
            for scheme in &overlay.schemes {
                new.lay_exemption(overlay, profile, *scheme);
            }
        }
        new
    }

    /// Where the sheet's counts differ from what is said of the full lists of that edition or, if
    /// nothing is, of the newest one before it.
    pub fn count_differences(&self, overlay: &Overlay) -> Vec<CountDifference> {
        let mut all = Vec::new();
        for profile in self.profiles.iter() {
            let rows: Vec<_> = overlay
                .rows
                .iter()
                .filter(|r| r.profile == profile.id)
                .collect();
            let list = profile.list(&overlay.edition).or_else(|| {
                let newest = |l: &&super::ExpectedList| self.position(&l.edition);
                profile.lists.iter().max_by_key(newest)
            });
            let (Some(list), false) = (list, rows.is_empty()) else {
                continue;
            };
            let asked = rows.iter().filter(|row| row.evidence_text.is_some());
            let mandatory = asked.clone().filter(|row| row.mandatory == Some(true));
            for (what, found, expected) in [
                ("items asked", asked.count(), list.expected_items),
                (
                    "mandatory items",
                    mandatory.count(),
                    list.expected_mandatory,
                ),
            ] {
                let found = u32::try_from(found).unwrap_or(u32::MAX);
                if let Some(expected) = expected.filter(|expected| *expected != found) {
                    all.push(CountDifference {
                        profile: profile.id.clone(),
                        what,
                        found,
                        expected,
                        expected_of: list.edition.clone(),
                        approximate: list.approximate,
                    });
                }
            }
        }
        all
    }

    fn position(&self, edition: &str) -> Option<usize> {
        self.editions.iter().position(|e| e.id == edition)
    }

    fn lay_edition(&mut self, overlay: &Overlay) {
        let note = format!("Read from {}.", overlay.title);
        if let Some(edition) = self.editions.iter_mut().find(|e| e.id == overlay.edition) {
            edition.items_known = ItemsKnown::Imported;
            edition.note = format!("{} {note}", edition.note);
            return;
        }
        let deadline = self.deadline_by_number(&overlay.edition);
        self.editions.push(Edition {
            id: overlay.edition.clone(),
            year: deadline.map_or_else(String::new, |day| {
                format!("{}-{:02}", day.year() - 1, day.year() % 100)
            }),
            deadline,
            deadline_certainty: deadline
                .map_or(DeadlineCertainty::Unknown, |_| DeadlineCertainty::Assumed),
            items_known: ItemsKnown::Imported,
            note,
        });
        self.editions
            .sort_by_key(|e| e.deadline.unwrap_or(Date::MAX));
    }

    /// The deadline of `v11`, counted on from another numbered edition: one a year, same day.
    fn deadline_by_number(&self, id: &str) -> Option<Date> {
        let number = |id: &str| id.strip_prefix('v')?.parse::<i32>().ok();
        let wanted = number(id)?;
        let (known, day) = self
            .editions
            .iter()
            .rev()
            .find_map(|e| Some((number(&e.id)?, e.deadline?)))?;
        day.checked_add((wanted - known).years()).ok()
    }

    fn lay_exemption(&mut self, overlay: &Overlay, profile: &str, scheme: Scheme) {
        let items: BTreeSet<Ref> = overlay
            .rows
            .iter()
            .filter(|row| row.profile == profile && row.evidence_text.is_some())
            .filter(|row| row.exemptions.contains(&scheme))
            .map(|row| row.reference)
            .collect();
        let same = |e: &Exemption| {
            e.edition == overlay.edition && e.profile == profile && e.scheme == scheme
        };
        let former = self.exemptions.iter().find(|e| same(e)).cloned();
        self.exemptions.retain(|e| !same(e));
        self.exemptions_not_seen
            .retain(|n| !(n.edition == overlay.edition && n.profile == profile));
        self.exemptions.push(Exemption {
            edition: overlay.edition.clone(),
            profile: profile.to_owned(),
            scheme,
            items: items.into_iter().collect(),
            certainty: Certainty::Imported,
            source: overlay.title.clone(),
            note: former.as_ref().map_or_else(String::new, |f| f.note.clone()),
            former: former.map(|f| f.items),
        });
    }
}

fn imported_item(overlay: &Overlay, reference: Ref) -> Item {
    let title = overlay
        .rows
        .iter()
        .filter(|row| row.reference == reference)
        .find_map(|row| row.evidence_text.clone())
        .unwrap_or_else(|| format!("{reference} (not asked of any profile known here)"));
    Item {
        reference,
        title,
        answer: Answer::Text,
        answer_uncertain: true,
        not_applicable_allowed: false,
        checks: vec![],
        statement_needed: true,
        still_needs: vec!["What the sheet asks.".to_owned()],
        renew_months: 12,
        notes: vec![format!("Known from {} only.", overlay.title)],
        imported: true,
        binds: vec![],
    }
}

fn lay_binding(item: &mut Item, overlay: &Overlay, profile: &str) {
    let at = item
        .binds
        .iter()
        .position(|b| b.edition == overlay.edition && b.profile == profile);
    let former = at.map(|at| Box::new(item.binds.remove(at)));
    let binding = match overlay.find(item.reference, profile) {
        Some(row) => Binding {
            mandatory: match (&row.evidence_text, row.mandatory) {
                (None, _) => Mandatory::NotAsked,
                (Some(_), Some(true)) => Mandatory::Yes,
                (Some(_), Some(false)) => Mandatory::No,
                (Some(_), None) => Mandatory::Unknown,
            },
            approaching: row.approaching,
            source: overlay.title.clone(),
            change: row.change.clone().map(Edit::Noted),
            official: row.evidence_text.is_some().then(|| Official {
                evidence_text: row.evidence_text.clone(),
                tooltip: row.tooltip.clone(),
            }),
            ..blank(overlay, profile)
        },
        None if !overlay.may_hide_items() => Binding {
            mandatory: Mandatory::NotAsked,
            source: format!("not in {}", overlay.title),
            ..blank(overlay, profile)
        },
        None => Binding {
            source: format!(
                "not found in {}, of which some rows were not understood",
                overlay.title
            ),
            ..blank(overlay, profile)
        },
    };
    item.binds.push(Binding { former, ..binding });
}

fn blank(overlay: &Overlay, profile: &str) -> Binding {
    Binding {
        edition: overlay.edition.clone(),
        profile: profile.to_owned(),
        mandatory: Mandatory::Unknown,
        approaching: None,
        certainty: Certainty::Imported,
        source: String::new(),
        change: None,
        official: None,
        former: None,
    }
}
