//! What checks have against somebody or something.

use std::collections::BTreeSet;

use standing_assess::check::{KEPT, Verdict};

use crate::serve::snapshot::Snapshot;

/// One subject that is not met, or of which nothing can be told.
pub struct Concern {
    /// The check.
    pub check: String,
    /// Its claim.
    pub claim: String,
    /// The verdict on the subject.
    pub verdict: Verdict,
    /// The subject.
    pub subject: String,
    /// The value seen.
    pub observed: String,
    /// Who lets it pass, and until when.
    pub excepted: Option<String>,
}

/// Everything that checks have against things of these names.
pub struct Concerns {
    /// Subject by subject, the worst first.
    pub list: Vec<Concern>,
    /// Checks with more subjects of one kind than are kept: there may be more here.
    pub not_all: Vec<String>,
}

/// What checks of today have against subjects of these names. A subject that is several words, the first
/// of them such a name, is taken too: `web-01 openssl DSA-1`.
pub fn concerns(now: &Snapshot, names: &BTreeSet<&str>) -> Concerns {
    let is_ours = |subject: &str| {
        names.contains(subject)
            || subject
                .split_once(' ')
                .is_some_and(|(first, _)| names.contains(first))
    };
    let mut found = Concerns {
        list: Vec::new(),
        not_all: Vec::new(),
    };
    for result in now.today.checks.values() {
        let bad = |verdict| matches!(verdict, Verdict::NotMet | Verdict::Unknown);
        let claim = || {
            let check = now.terms.checks.iter().find(|c| c.name == result.name);
            check.map_or_else(String::new, |c| c.claim.clone())
        };
        let all = [Verdict::NotMet, Verdict::Unknown];
        if all.iter().any(|v| result.count(*v) > KEPT as u64) {
            found.not_all.push(result.name.clone());
        }
        let subjects = result.subjects.iter();
        for subject in subjects.filter(|s| bad(s.verdict) && is_ours(&s.subject)) {
            found.list.push(Concern {
                check: result.name.clone(),
                claim: claim(),
                verdict: subject.verdict,
                subject: subject.subject.clone(),
                observed: subject.observed.clone(),
                excepted: subject.excepted.as_ref().map(|e| {
                    let until = crate::text::day(e.until);
                    format!("let pass until {until}, approved by {}", e.approved_by)
                }),
            });
        }
    }
    let place = |c: &Concern| (c.excepted.is_some(), std::cmp::Reverse(c.verdict));
    found.list.sort_by_key(place);
    found
}
