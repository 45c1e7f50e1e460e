//! Whether an OSV record's ranges and version list hold a version.
//!
//! Source: <https://ossf.github.io/osv-schema/#evaluation>.

use crate::order::{Order, Version};
use serde::Deserialize;
use std::borrow::Cow;

/// Whether `version` is affected: listed in `versions_json`, or inside the range that
/// `events_json` describes. A record with several ranges is affected if any of them says so, and a
/// caller asks once per range.
///
/// * `events_json`: the `events` of one `SEMVER` or `ECOSYSTEM` range,
///   `[{"introduced":"0"},{"fixed":"1.2"}]`. Their order in the text matters only between events at
///   the same version, which keep it. A `GIT` range must not be passed: its events are commits.
/// * `versions_json`: the explicit list, `["1.0","1.1"]`. A version is listed when the text is the
///   same or the ecosystem holds the two for equal.
/// * Absent input is an empty list. A record without a range and without a list affects nothing,
///   as the specification has it; whether it ought to is for the caller to say.
///
/// `None` when the answer hangs on something unknown: an ecosystem without an order here, a text
/// that is no version there, or JSON of another shape. What does not hang on it is answered:
/// `introduced: "0"` alone affects every version of every ecosystem.
pub fn affects(
    ecosystem: &str,
    version: &str,
    events_json: Option<&str>,
    versions_json: Option<&str>,
) -> Option<bool> {
    let subject = Subject::new(Order::of(ecosystem), version);
    let listed = read::<Vec<String>>(versions_json).and_then(|list| subject.is_listed(&list));
    let in_range = read::<Vec<Event>>(events_json).and_then(|events| subject.is_in_range(&events));
    either(listed, in_range)
}

/// One kind of event to an object, as the schema demands; anything else is not read.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event<'a> {
    Introduced(Cow<'a, str>),
    Fixed(Cow<'a, str>),
    LastAffected(Cow<'a, str>),
    Limit(Cow<'a, str>),
}

fn read<T: Default + for<'de> Deserialize<'de>>(json: Option<&str>) -> Option<T> {
    match json {
        Some(text) => serde_json::from_str(text).ok(),
        None => Some(T::default()),
    }
}

/// The version asked about; `version` is `None` when it cannot be placed in an order.
pub(crate) struct Subject<'a> {
    order: Option<Order>,
    text: &'a str,
    version: Option<Version<'a>>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(order: Option<Order>, text: &'a str) -> Self {
        Subject {
            order,
            text,
            version: order.and_then(|o| o.parse(text)),
        }
    }

    /// Whether the ecosystem's order can place it.
    pub(crate) fn is_placed(&self) -> bool {
        self.version.is_some()
    }

    /// A version cannot be equal to a text that is no version, so only a subject that is none
    /// itself leaves a doubt.
    pub(crate) fn is_listed<T: AsRef<str>>(&self, list: &[T]) -> Option<bool> {
        let same = |listed: &T| listed.as_ref() == self.text;
        let equal = |listed: &T| {
            may_be_equal(listed.as_ref(), self.text) && self.place(listed.as_ref()) == self.version
        };
        match &self.version {
            _ if list.iter().any(same) => Some(true),
            Some(_) => Some(list.iter().any(equal)),
            None if list.is_empty() => Some(false),
            None => None,
        }
    }

    pub(crate) fn is_in_range(&self, events: &[Event<'_>]) -> Option<bool> {
        both(self.is_before_limits(events), self.walk(events))
    }

    fn is_before_limits(&self, events: &[Event<'_>]) -> Option<bool> {
        let limits = events.iter().filter_map(|event| match event {
            Event::Limit(text) => Some(text.as_ref()),
            _ => None,
        });
        let before = |limit: &str| match limit {
            "*" => Some(true),
            _ => Some(self.version.as_ref()? < &self.place(limit)?),
        };
        limits.map(before).reduce(either).unwrap_or(Some(true))
    }

    /// The specification walks the sorted events and lets each that is reached set the state; the
    /// state at the end is therefore that of the last event reached. Events that cannot be placed
    /// might come last too, so the answer stands only if none of them would turn it.
    fn walk(&self, events: &[Event<'_>]) -> Option<bool> {
        let mut last: Option<(Option<Version<'_>>, bool)> = None;
        // Of those that introduce, and of those that do not.
        let (mut opens, mut closes) = (false, false);
        for event in events {
            let (text, introduces, inclusive) = match event {
                Event::Introduced(text) => (text, true, true),
                Event::Fixed(text) => (text, false, true),
                Event::LastAffected(text) => (text, false, false),
                Event::Limit(_) => continue,
            };
            // Before every version, readable or not: `None` is the least `Option`.
            let first = introduces && text == "0";
            let at = if first { None } else { self.place(text) };
            let reached = match (&self.version, &at) {
                _ if first => true,
                (Some(version), Some(at)) => version > at || (inclusive && version == at),
                _ => {
                    opens |= introduces;
                    closes |= !introduces;
                    false
                }
            };
            // Of several at one place the last counts, as after a stable sort.
            if reached && last.as_ref().is_none_or(|(before, _)| &at >= before) {
                last = Some((at, introduces));
            }
        }
        let vulnerable = last.is_some_and(|(_, introduces)| introduces);
        let turns = if vulnerable { closes } else { opens };
        (!turns).then_some(vulnerable)
    }

    /// The least version that a range names as fixed and that lies behind this one.
    pub(crate) fn next_fix<'t>(&self, events: &'t [Event<'_>]) -> Option<&'t str> {
        let fixed = events.iter().filter_map(|event| match event {
            Event::Fixed(text) => Some((self.place(text), text.as_ref())),
            _ => None,
        });
        let mut later = fixed.filter(|(at, _)| self.version.is_none() || at > &self.version);
        let first = later.next()?;
        Some(later.fold(first, |a, b| if b.0 < a.0 { b } else { a }).1)
    }

    fn place<'t>(&self, text: &'t str) -> Option<Version<'t>> {
        self.order?.of_bounds().parse(text)
    }
}

/// Whether two versions may be equal at all: in no order are they where both begin with plain numbers
/// that differ. Lists of hundreds need not be taken apart for it.
fn may_be_equal(a: &str, b: &str) -> bool {
    let first = |text: &'_ str| -> Option<u64> {
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let plain = text[end..].is_empty() || text[end..].starts_with('.');
        plain.then(|| text[..end].parse().ok())?
    };
    match (first(a), first(b)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

/// "Or" over answers that may be unknown.
pub(crate) fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// "And" over answers that may be unknown.
fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}
