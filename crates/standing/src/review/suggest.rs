//! What is suggested for a row, and why. Every reason is one that the reviewer can check.

use jiff::civil::Date;

use super::{Line, Reason, Right, Suggestion};
use crate::text::{count, day};

/// After so many days without a sign-in an account is dormant.
pub(super) const DORMANT_DAYS: i32 = 90;
/// Of so few others nothing is concluded.
const FEW: u32 = 3;

/// What is found of one row.
pub(super) struct Found {
    pub(super) suggestion: Suggestion,
    pub(super) reasons: Vec<Reason>,
    /// Its place among the exceptions: the smaller the sooner.
    pub(super) rank: u8,
}

impl Found {
    fn say(&mut self, rank: u8, suggestion: Suggestion, code: &str, text: String) {
        self.rank = self.rank.min(rank);
        self.suggestion = self.suggestion.max(suggestion);
        self.reasons.push(Reason {
            code: code.into(),
            text,
        });
    }
}

fn date(text: Option<&str>) -> Option<Date> {
    text?.parse().ok()
}

fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// Weighs a row on a day.
pub(super) fn suggest(line: &Line, today: Date) -> Found {
    let mut found = Found {
        suggestion: Suggestion::Keep,
        reasons: Vec::new(),
        rank: 9,
    };
    belongs(line, today, &mut found);
    used(line, today, &mut found);
    guarded(line, &mut found);
    peers(line, &mut found);
    changed(line, &mut found);
    if found.rank == 9 && line.is_privileged() {
        found.rank = 8;
    }
    found
}

fn belongs(line: &Line, today: Date, found: &mut Found) {
    let kind = line.kind.as_deref().unwrap_or("human");
    let owned = line.owner.as_deref().is_some_and(|o| !o.trim().is_empty());
    let left = line
        .person
        .as_ref()
        .and_then(|p| date(p.left_on.as_deref()));
    if let Some(left) = left.filter(|left| *left < today) {
        let text = format!("its person left on {}", day(left));
        found.say(0, Suggestion::Remove, "leaver", text);
    }
    if line.person.is_some() {
        return;
    }
    match kind {
        "service" | "system" | "shared" | "break-glass" if !owned => {
            let text = format!("a {kind} account that nobody answers for");
            found.say(2, Suggestion::Look, "ownerless", text);
        }
        "human" | "contractor" | "external" if !owned => {
            let text = "it leads to nobody whom a source of people knows".to_owned();
            found.say(1, Suggestion::Look, "orphan", text);
        }
        _ => {}
    }
}

fn used(line: &Line, today: Date, found: &mut Found) {
    let kind = line.kind.as_deref().unwrap_or("human");
    if !matches!(kind, "human" | "contractor" | "external") {
        return;
    }
    // What has never been used since it was made is as old as it is.
    let used = date(line.last_used_on.as_deref());
    let made = date(line.created_on.as_deref());
    let Some(alive) = used.max(made.filter(|_| used.is_some())) else {
        return;
    };
    let idle = days(alive, today);
    if idle > DORMANT_DAYS {
        let text = format!(
            "last used on {}, {} ago",
            day(used.unwrap_or(alive)),
            count(u64::try_from(idle).unwrap_or_default(), "day")
        );
        found.say(3, Suggestion::Remove, "dormant", text);
    }
}

fn guarded(line: &Line, found: &mut Found) {
    let kind = line.kind.as_deref().unwrap_or("human");
    if !line.is_privileged() || matches!(kind, "service" | "system") {
        return;
    }
    match line.mfa {
        Some(true) => {}
        Some(false) => {
            let text = "privileged, without a second factor".to_owned();
            found.say(4, Suggestion::Look, "no-mfa", text);
        }
        None => {
            let text = "privileged, and whether a second factor guards it is not known".to_owned();
            found.say(4, Suggestion::Look, "no-mfa", text);
        }
    }
}

/// Whether nobody with the same title, and at most a fifth of the department, holds a right.
fn is_outside(right: &Right) -> bool {
    let Some([title, titles]) = right.title else {
        return false;
    };
    let [held, of] = right.department.unwrap_or_default();
    titles >= FEW && title == 0 && 5 * held <= of
}

fn peers(line: &Line, found: &mut Found) {
    let outside: Vec<&Right> = line.rights.iter().filter(|r| is_outside(r)).collect();
    let Some(first) = outside.first() else {
        return;
    };
    let titles = first.title.map_or(0, |[_, of]| of);
    let more = match outside.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let text = format!(
        "none of {} with the same job title holds {} of {}{more}",
        count(u64::from(titles), "other"),
        first.entitlement,
        first.resource
    );
    found.say(5, Suggestion::Look, "outside-peers", text);
}

fn changed(line: &Line, found: &mut Found) {
    match line.changed.as_str() {
        "moved" => {
            let text = "its person has another job title or department than at the last review";
            found.say(6, Suggestion::Look, "moved", text.into());
        }
        "new" => {
            let text = "the last review of this system did not see it";
            found.say(7, Suggestion::Look, "new", text.into());
        }
        "rights" => {
            let new = line.rights.iter().filter(|r| r.new).count() as u64;
            let gone = line.gone.len() as u64;
            let text = format!(
                "since the last review {} came and {} went",
                count(new, "right"),
                count(gone, "right")
            );
            let suggestion = match new {
                0 => Suggestion::Keep,
                _ => Suggestion::Look,
            };
            found.say(7, suggestion, "new-rights", text);
        }
        "not decided" => {
            let text = "the last review left it undecided";
            found.say(7, Suggestion::Look, "not-decided-before", text.into());
        }
        _ => {}
    }
}
