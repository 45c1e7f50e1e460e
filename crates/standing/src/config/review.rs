//! `[review]`: how often who can get in is reviewed, of which systems, and by when.

use toml::de::{DeTable, DeValue};

use super::Reader;

/// The validated section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Months from one opening to the next; 0: only by hand.
    pub every_months: i64,
    /// The systems reviewed; all where none is named.
    pub systems: Vec<String>,
    /// Days from opening to the last day for deciding.
    pub due_in_days: i64,
    /// Days after opening from which unanswered rows are told to the next in line too.
    pub escalate_after_days: i64,
    /// Days from a decision to the day by which what is to go should be gone.
    pub remove_in_days: i64,
    /// Who leads: an e-mail, or the name of a person.
    pub lead: Option<String>,
}

impl Default for Review {
    fn default() -> Self {
        Review {
            every_months: 3,
            systems: Vec::new(),
            due_in_days: 28,
            escalate_after_days: 14,
            remove_in_days: 14,
            lead: None,
        }
    }
}

impl<'t> Reader<'t> {
    pub(super) fn review(&mut self, table: &DeTable<'t>) -> Review {
        let usual = Review::default();
        let Some(review) = self.table(table, "review") else {
            return usual;
        };
        self.known(
            review,
            "[review]",
            &[
                "every_months",
                "systems",
                "due_in_days",
                "escalate_after_days",
                "remove_in_days",
                "lead",
            ],
        );
        let mut days = |name, usual| self.number(review, name, 1..=92).unwrap_or(usual);
        let (due_in_days, escalate_after_days, remove_in_days) = (
            days("due_in_days", usual.due_in_days),
            days("escalate_after_days", usual.escalate_after_days),
            days("remove_in_days", usual.remove_in_days),
        );
        if escalate_after_days > due_in_days {
            let at = review
                .get("escalate_after_days")
                .or_else(|| review.get("due_in_days"));
            let what = format!(
                "escalate_after_days: {escalate_after_days} lies behind due_in_days, {due_in_days}"
            );
            self.mistake(at.map_or(0, |v| v.span().start), what, None);
        }
        let lead = self.text(review, "lead").filter(|l| !l.trim().is_empty());
        Review {
            every_months: self
                .number(review, "every_months", 0..=12)
                .unwrap_or(usual.every_months),
            systems: self.names(review, "systems"),
            due_in_days,
            escalate_after_days,
            remove_in_days,
            lead,
        }
    }

    fn names(&mut self, table: &DeTable<'t>, name: &str) -> Vec<String> {
        let Some(value) = table.get(name) else {
            return Vec::new();
        };
        let DeValue::Array(list) = value.get_ref() else {
            let what = format!("{name}: expected a list of names in quotes");
            self.mistake(value.span().start, what, None);
            return Vec::new();
        };
        let mut names = Vec::new();
        for one in list {
            match one.get_ref() {
                DeValue::String(text) if !text.trim().is_empty() => {
                    names.push(text.trim().to_owned());
                }
                _ => {
                    let what = format!("{name}: expected names in quotes");
                    self.mistake(one.span().start, what, None);
                }
            }
        }
        names
    }
}
