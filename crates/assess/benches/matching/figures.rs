//! What came of a firm's accounts, against the known answers.

use standing_assess::matching::{Band, Match};

/// Counts of links, right and wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Accounts whose true person is known.
    pub true_people: usize,
    /// Right links of the act band.
    pub act: usize,
    /// Wrong links of the act band.
    pub act_wrong: usize,
    /// Right links of both bands.
    pub both: usize,
    /// Wrong links of both bands.
    pub both_wrong: usize,
    /// Links, of either band, to accounts that are nobody's.
    pub nobodys: usize,
    /// Accounts without a link that have candidates.
    pub queued: usize,
}

impl Figures {
    /// Counts.
    pub fn of(truth: &[Option<u32>], found: &[Match]) -> Self {
        let mut figures = Figures {
            true_people: truth.iter().flatten().count(),
            ..Figures::default()
        };
        let mut last = None;
        for one in found {
            let first = last.replace(one.account) != Some(one.account);
            if one.band == Band::Possible {
                figures.queued += usize::from(first);
                continue;
            }
            let right = truth[one.account as usize] == Some(one.person);
            let act = one.band == Band::Act;
            figures.act += usize::from(right && act);
            figures.act_wrong += usize::from(!right && act);
            figures.both += usize::from(right);
            figures.both_wrong += usize::from(!right);
            figures.nobodys += usize::from(truth[one.account as usize].is_none());
        }
        figures
    }

    /// Precision and recall of the act band.
    pub fn of_act(&self) -> (f64, f64) {
        self.of_links(self.act, self.act_wrong)
    }

    /// Precision and recall of both bands together.
    pub fn of_both(&self) -> (f64, f64) {
        self.of_links(self.both, self.both_wrong)
    }

    fn of_links(&self, right: usize, wrong: usize) -> (f64, f64) {
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        (share(right, right + wrong), share(right, self.true_people))
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ((act, act_recall), (both, both_recall)) = (self.of_act(), self.of_both());
        write!(
            f,
            "act {act:.5} at {act_recall:.5}, with suggested {both:.5} at {both_recall:.5}; {} links \
             to accounts that are nobody's, {} accounts queued without a link",
            self.nobodys, self.queued
        )
    }
}
