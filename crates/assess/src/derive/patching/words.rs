//! Clocks in words: those of the table, and those for people.

use standing_patching::clock::{Bound, Outcome, Source, State, Verdict};
use standing_patching::{Grade, Level, Rating, Reading, Severity, Why};

use super::Clock;

/// The word that stands for an outcome; `None` where there is nothing to keep.
pub fn verdict_of(clock: &Clock, outcome: &Outcome) -> Option<(&'static str, Option<i32>)> {
    let shut = matches!(
        clock.timeline.state,
        State::Mended { .. } | State::Decommissioned(_)
    );
    if clock.not_compared && !shut && outcome.verdict != Verdict::NotCovered {
        return Some(("not compared", None));
    }
    Some(match outcome.verdict {
        Verdict::NotSeen => return None,
        Verdict::NotCovered if outcome.policy == "KEV" => return None,
        Verdict::NotCovered => ("not covered", None),
        Verdict::NoFix if clock.fixed.is_some() => ("fix not dated", None),
        Verdict::NoFix => ("no fix", None),
        Verdict::Announced => ("announced", None),
        Verdict::GradeNotKnown => ("grade not known", None),
        Verdict::Open(left) => ("open", Some(left)),
        Verdict::Excepted(_) => ("excepted", None),
        Verdict::Breached(over) => ("breached", Some(over)),
        Verdict::Met => ("met", None),
        Verdict::Late(over) => ("late", Some(over)),
        Verdict::Between => ("between", None),
    })
}

/// How something stands, in the words of the table.
pub fn state_word(state: State) -> &'static str {
    match state {
        State::NotSeen => "not seen",
        State::Open => "open",
        State::AwaitsRestart => "awaits restart",
        State::AwaitsEvidence => "awaits evidence",
        State::Unobserved => "unobserved",
        State::Mended { .. } => "mended",
        State::Decommissioned(_) => "decommissioned",
    }
}

/// What kind of day a date of a fix is, in the words of the table.
pub fn bound_word(bound: Bound) -> &'static str {
    match bound {
        Bound::Exact => "exact",
        Bound::Lower => "lower",
        Bound::Upper => "upper",
        Bound::Weak => "weak",
    }
}

/// Who dates a fix, in words.
pub fn source_word(source: Source) -> &'static str {
    match source {
        Source::Person => "a person",
        Source::Advisory => "the vendor's advisory",
        Source::Registry => "the registry",
        Source::Changelog => "the changelog",
        Source::Scanner => "a scanner",
        Source::Published => "the publication of an advisory",
        Source::FirstObserved => "our first sight of the fix",
    }
}

/// The word by which it goes: the vendor's, else that of a score of version 3, 4, 2, else any.
pub fn level_of(severity: &Severity) -> Option<&'static str> {
    let rank = |rating: &&Rating| {
        use standing_patching::{Author, Scale, Version};
        match (rating.author, rating.scale) {
            (Author::Vendor, _) => 0,
            (_, Scale::Cvss(Version::V30 | Version::V31)) => 1,
            (_, Scale::Cvss(Version::V40)) => 2,
            (_, Scale::Word) => 3,
            (_, Scale::Cvss(Version::V2)) => 4,
        }
    };
    let rating = severity.ratings.iter().min_by_key(rank)?;
    Some(match rating.level {
        Level::Critical => "critical",
        Level::High => "high",
        Level::Medium => "medium",
        Level::Low => "low",
        Level::None => "none",
    })
}

/// Why it does or does not count as grave to who reads ratings so, in plain words.
pub fn grade_words(severity: &Severity, reads: Reading) -> String {
    let by = |wanted: &dyn Fn(&Rating) -> bool| {
        let found = severity.ratings.iter().find(|r| wanted(r));
        found.map_or_else(String::new, |r| match r.tenths {
            Some(tenths) => format!(" {}.{} ({})", tenths / 10, tenths % 10, r.name),
            None => format!(" ({})", r.name),
        })
    };
    let high = |r: &Rating| r.level >= Level::High;
    match severity.grade(reads) {
        Grade::High(Why::VendorSays) => {
            let vendor = |r: &Rating| high(r) && r.author == standing_patching::Author::Vendor;
            format!("grave: the vendor says so{}", by(&vendor))
        }
        Grade::High(Why::Score3) => {
            let scored = |r: &Rating| high(r) && is_cvss(r, &["CVSS:3"]);
            format!("grave: CVSS 3 base score{}", by(&scored))
        }
        Grade::High(Why::Score4) => {
            let scored = |r: &Rating| high(r) && is_cvss(r, &["CVSS:4"]);
            format!("grave: CVSS 4 base score{}", by(&scored))
        }
        Grade::High(Why::Said) => format!("grave: called so{}", by(&high)),
        Grade::High(Why::VendorSilent) => "grave: the vendor gives no level".into(),
        Grade::High(Why::Missing) => {
            "grave: our data hold no level, and the policy takes that for grave".into()
        }
        Grade::NotHigh => match severity.ratings.first() {
            Some(rating) => format!("not grave: rated below high{}", by(&|r| r == rating)),
            None => "not grave".into(),
        },
        Grade::NotKnown => "not known: our data hold neither the vendor's word nor a score".into(),
    }
}

fn is_cvss(rating: &Rating, prefixes: &[&str]) -> bool {
    prefixes
        .iter()
        .any(|prefix| rating.text.starts_with(prefix))
}
