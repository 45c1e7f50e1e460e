//! When the fix was released: every date that somebody gives, and the one that counts.

use super::day;
use jiff::civil::Date;

/// Who dates a fix, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A person, with reason and evidence.
    Person,
    /// The advisory of the vendor or distribution that names the fixed version.
    Advisory,
    /// The registry's release time of the fixed version.
    Registry,
    /// The distribution's changelog.
    Changelog,
    /// A scanner's report.
    Scanner,
    /// The date on which an advisory was published, whatever it says of a fix.
    Published,
    /// When we first saw the fix named.
    FirstObserved,
}

/// What a date says of the fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// It was released on this day.
    Exact,
    /// Not before this day.
    Lower,
    /// On this day at the latest.
    Upper,
    /// Somewhere about this day.
    Weak,
}

/// One date that somebody gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub source: Source,
    /// Their name: `DSA-5532-1`, `index`.
    pub name: String,
    /// The date as written.
    pub text: String,
    /// The date as read.
    pub day: Date,
    /// What it says.
    pub bound: Bound,
    /// The channel that it speaks of; none speaks of all.
    pub channel: Option<String>,
    /// Whether the fix can be had, and is not merely announced.
    pub installable: bool,
    /// Of a person's word: why, and what shows it.
    pub grounds: Option<(String, String)>,
}

impl Candidate {
    /// A person's word, which goes before all others and so must have an author, a reason and
    /// evidence. `None` where one is missing or the text is no date.
    pub fn by_person(author: &str, text: &str, reason: &str, evidence: &str) -> Option<Candidate> {
        let given = [author, reason, evidence];
        let mut candidate = Candidate::dated(Source::Person, author, text)?;
        candidate.grounds = Some((reason.to_owned(), evidence.to_owned()));
        given
            .iter()
            .all(|part| !part.trim().is_empty())
            .then_some(candidate)
    }

    /// A candidate with the bound that its source usually gives. `None` where the text is no date,
    /// and for a person: see [`Candidate::by_person`].
    pub fn read(source: Source, name: &str, text: &str) -> Option<Candidate> {
        match source {
            Source::Person => None,
            _ => Candidate::dated(source, name, text),
        }
    }

    fn dated(source: Source, name: &str, text: &str) -> Option<Candidate> {
        Some(Candidate {
            source,
            name: name.to_owned(),
            text: text.to_owned(),
            day: day::read(text)?,
            bound: match source {
                Source::Person | Source::Advisory | Source::Registry | Source::Scanner => {
                    Bound::Exact
                }
                Source::Changelog => Bound::Lower,
                Source::Published => Bound::Weak,
                Source::FirstObserved => Bound::Upper,
            },
            channel: None,
            installable: true,
            grounds: None,
        })
    }
}

/// When the fix was released, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixDay {
    /// On this day.
    Released(Chosen),
    /// It was announced on this day and cannot be had.
    Announced(Date),
    /// Nobody names a fix.
    None,
}

/// The date that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The day from which the clock runs.
    pub day: Date,
    /// Place of the candidate that gives it, in the list that was asked about.
    pub candidate: usize,
    /// What kind of date it is. Anything but exact is the earliest day that can be defended.
    pub bound: Bound,
}

/// Chooses among the candidates for a channel that were known by a day. A person's word comes first.
/// Exact dates behind the day on which the fix was already observed are wrong and left out; of the
/// rest the best source counts, and of one source the earliest. Without an exact date it is the latest
/// of the lower bounds, else a weak date, else the earliest upper bound, and never behind that.
pub fn choose(candidates: &[Candidate], channel: Option<&str>, as_of: Date) -> FixDay {
    let ours = |c: &Candidate| {
        let speaks = match (&c.channel, channel) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => true,
        };
        speaks && c.day <= as_of
    };
    let known: Vec<(usize, &Candidate)> = candidates
        .iter()
        .enumerate()
        .filter(|(_, c)| ours(c))
        .collect();
    let had = || known.iter().filter(|(_, c)| c.installable);
    let of = |bound: Bound| had().filter(move |(_, c)| c.bound == bound);
    let chosen = |&(candidate, c): &(usize, &Candidate)| Chosen {
        day: c.day,
        candidate,
        bound: c.bound,
    };
    if let Some(word) = had().rfind(|(_, c)| c.source == Source::Person) {
        return FixDay::Released(chosen(word));
    }
    let upper = of(Bound::Upper).min_by_key(|(_, c)| c.day);
    let possible = |c: &Candidate| upper.is_none_or(|(_, upper)| c.day <= upper.day);
    let exact = of(Bound::Exact).filter(|(_, c)| possible(c));
    let lower = of(Bound::Lower).filter(|(_, c)| possible(c));
    let weak = of(Bound::Weak).filter(|(_, c)| possible(c));
    let best = exact
        .min_by_key(|(_, c)| (c.source, c.day))
        .or_else(|| lower.max_by_key(|(_, c)| c.day))
        .or_else(|| weak.min_by_key(|(_, c)| c.day))
        .or(upper)
        .map(chosen);
    match (best, known.iter().map(|(_, c)| c.day).min()) {
        (Some(best), _) => FixDay::Released(best),
        (None, Some(announced)) => FixDay::Announced(announced),
        (None, None) => FixDay::None,
    }
}
