//! What one edition asks otherwise than another.

use serde::Serialize;

use super::{Asked, Binding, Catalogue, Certainty, Edit, Mandatory, Ref};

/// One difference. An item may have several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The item.
    #[serde(rename = "ref")]
    pub item: Ref,
    /// What differs.
    pub kind: ChangeKind,
    /// The less sure of the two rows that were compared.
    pub certainty: Certainty,
    /// What the newer edition says of the change, where it says anything.
    pub note: Option<Edit>,
}

super::words! {
    /// How an item differs.
    ChangeKind {
        /// Asked in the newer edition only.
        Added = "added",
        /// Asked in the older edition only.
        Removed = "removed",
        /// Asked in both, mandatory in the newer only.
        BecameMandatory = "became mandatory",
        /// Asked in both, mandatory in the older only.
        NoLongerMandatory = "no longer mandatory",
        /// Asked in both and worded anew.
        WordingChanged = "wording changed",
        /// Asked in both; whether it became or ceased to be mandatory is not known.
        MandatoryUnknown = "not known whether it was or is mandatory",
        /// In one of the two it is not even known whether the item is asked.
        Unknown = "not known whether it was or is asked",
    }
}

impl Catalogue {
    /// What `newer` asks of this profile otherwise than `older`, in the order of the items. Items
    /// that stay the same are not named.
    pub fn diff(&self, older: &str, newer: &str, profile: &str) -> Vec<Change> {
        self.items
            .iter()
            .flat_map(|item| {
                let before = item.binding(older, profile);
                let after = item.binding(newer, profile);
                kinds(before, after).into_iter().map(move |kind| Change {
                    item: item.reference,
                    kind,
                    certainty: certainty(before).max(certainty(after)),
                    note: after.and_then(|b| b.change.clone()),
                })
            })
            .collect()
    }
}

fn certainty(binding: Option<&Binding>) -> Certainty {
    binding.map_or(Certainty::Unknown, |b| b.certainty)
}

fn kinds(before: Option<&Binding>, after: Option<&Binding>) -> Vec<ChangeKind> {
    let asked = |b: Option<&Binding>| b.map_or(Asked::Unknown, Binding::asked);
    match (asked(before), asked(after)) {
        (Asked::No, Asked::No) => vec![],
        (Asked::No, Asked::Yes) => vec![ChangeKind::Added],
        (Asked::Yes, Asked::No) => vec![ChangeKind::Removed],
        (Asked::Yes, Asked::Yes) => before
            .zip(after)
            .map_or(vec![], |(before, after)| asked_in_both(before, after)),
        (Asked::Unknown, _) | (_, Asked::Unknown) => vec![ChangeKind::Unknown],
    }
}

fn asked_in_both(before: &Binding, after: &Binding) -> Vec<ChangeKind> {
    let duty = match (before.mandatory, after.mandatory) {
        (Mandatory::No, Mandatory::Yes) => Some(ChangeKind::BecameMandatory),
        (Mandatory::Yes, Mandatory::No) => Some(ChangeKind::NoLongerMandatory),
        (Mandatory::Unknown, _) | (_, Mandatory::Unknown) => Some(ChangeKind::MandatoryUnknown),
        _ => None,
    };
    let worded = match after.change {
        Some(Edit::Wording | Edit::Guidance | Edit::WordingAndGuidance | Edit::Noted(_)) => {
            Some(ChangeKind::WordingChanged)
        }
        _ => None,
    };
    duty.into_iter().chain(worded).collect()
}
