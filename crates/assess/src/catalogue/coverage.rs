//! How much of a profile's list the catalogue knows and the checks carry. Counted, never written.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Asked, Catalogue, Certainty, Mandatory};

/// Counts over [`Catalogue::items_for`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// `v8`
    pub edition: String,
    /// `company-3`
    pub profile: String,
    /// Items that are asked, or may be.
    pub items: usize,
    /// Items of which it is not known whether they are asked.
    pub asked_unknown: usize,
    /// Items that at least one check speaks for.
    pub carried_by_checks: usize,
    /// Those of them that need no person's statement besides.
    pub carried_by_checks_alone: usize,
    /// Items that rest on a person's statement alone.
    pub by_statement_only: usize,
    /// Items mandatory for Standards Met.
    pub mandatory: usize,
    /// Those of them that at least one check speaks for.
    pub mandatory_carried_by_checks: usize,
    /// Items that are asked and may be left.
    pub optional: usize,
    /// Items of which it is not known whether they are mandatory.
    pub mandatory_unknown: usize,
    /// Items mandatory for Approaching Standards.
    pub approaching: usize,
    /// Assertions that hold the items.
    pub assertions: usize,
    /// Mandatory items by how sure we are that they are.
    pub mandatory_by_certainty: BTreeMap<Certainty, usize>,
    /// How many items the full list is said to hold.
    pub expected_items: Option<u32>,
    /// How many mandatory items the full list is said to hold.
    pub expected_mandatory: Option<u32>,
    /// The expected numbers are rough.
    pub approximate: bool,
    /// Mandatory items said to exist that our list does not name.
    pub mandatory_unidentified: Option<u32>,
    /// How complete our list is, in a sentence without numbers.
    pub completeness: String,
}

impl Coverage {
    /// Whether our list is all there is: every mandatory item is known or imported as such.
    pub fn is_complete(&self) -> bool {
        self.mandatory_unknown == 0 && self.items > 0 && self.mandatory_unidentified == Some(0)
    }
}

impl Catalogue {
    /// How much is known of this profile's list in this edition, and carried by checks.
    pub fn coverage(&self, profile: &str, edition: &str) -> Coverage {
        let items = self.items_for(edition, profile);
        let count = |f: &dyn Fn(&super::Item, &super::Binding) -> bool| {
            items
                .iter()
                .filter(|(item, binding)| f(item, binding))
                .count()
        };
        let mut assertions: Vec<_> = items.iter().map(|(i, _)| i.reference.assertion()).collect();
        assertions.dedup();
        let mut by_certainty = BTreeMap::new();
        for (_, binding) in &items {
            if binding.mandatory == Mandatory::Yes {
                *by_certainty.entry(binding.certainty).or_insert(0) += 1;
            }
        }
        let mandatory = count(&|_, b| b.mandatory == Mandatory::Yes);
        let list = self.profile(profile).and_then(|p| p.list(edition));
        let expected_mandatory = list.and_then(|l| l.expected_mandatory);
        Coverage {
            edition: edition.to_owned(),
            profile: profile.to_owned(),
            items: items.len(),
            asked_unknown: count(&|_, b| b.asked() == Asked::Unknown),
            carried_by_checks: count(&|i, _| !i.checks.is_empty()),
            carried_by_checks_alone: count(&|i, _| !i.checks.is_empty() && !i.statement_needed),
            by_statement_only: count(&|i, _| i.checks.is_empty()),
            mandatory,
            mandatory_carried_by_checks: count(&|i, b| {
                b.mandatory == Mandatory::Yes && !i.checks.is_empty()
            }),
            optional: count(&|_, b| b.mandatory == Mandatory::No),
            mandatory_unknown: count(&|_, b| b.mandatory == Mandatory::Unknown),
            approaching: count(&|_, b| b.approaching == Some(true)),
            assertions: assertions.len(),
            mandatory_by_certainty: by_certainty,
            expected_items: list.and_then(|l| l.expected_items),
            expected_mandatory,
            approximate: list.is_some_and(|l| l.approximate),
            mandatory_unidentified: expected_mandatory
                .map(|all| all.saturating_sub(u32::try_from(mandatory).unwrap_or(u32::MAX))),
            completeness: list.map_or_else(String::new, |l| l.completeness.clone()),
        }
    }
}
