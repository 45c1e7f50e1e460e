//! Precedence of SemVer 2.0.0, with numbers of any length.
//!
//! The `semver` crate would serve but for its numbers, which end at 64 bits, while the specification
//! and published version lists have longer ones. It is the oracle of the tests instead.

use super::numeric;
use std::cmp::Ordering;

/// What an ecosystem allows beyond the grammar of the specification.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Spelling {
    /// Nothing: a version without a leading `v`, with all three numbers.
    Exact,
    /// A leading `v`.
    Npm,
    /// A leading `v`; `1` and `1.2` stand for `1.0.0` and `1.2.0`.
    Go,
}

/// Build metadata is checked and forgotten: it has no part in precedence.
pub(crate) struct Version<'a> {
    numbers: [&'a str; 3],
    /// The text behind the hyphen; `None` is a release, which comes after all its pre-releases.
    pre: Option<&'a str>,
}

impl<'a> Version<'a> {
    pub(super) fn parse(text: &'a str, spelling: Spelling) -> Option<Self> {
        let text = match text.strip_prefix('v') {
            Some(rest) if spelling != Spelling::Exact => rest,
            _ => text,
        };
        let (text, build) = split(text, '+');
        let (numbers, pre) = split(text, '-');
        let bare = pre.is_none() && build.is_none();
        let mut found = numbers.split('.');
        let major = found.next()?;
        let (minor, patch) = match (found.next(), found.next(), found.next()) {
            (Some(minor), Some(patch), None) => (minor, patch),
            (minor, None, None) if spelling == Spelling::Go && bare => (minor.unwrap_or("0"), "0"),
            _ => return None,
        };
        let numbers = [major, minor, patch];
        let valid = numbers.iter().all(|n| is_number(n))
            && pre.is_none_or(|p| p.split('.').all(|i| is_identifier(i) && !is_padded(i)))
            && build.is_none_or(|b| b.split('.').all(is_identifier));
        valid.then_some(Version { numbers, pre })
    }
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_padded(text: &str) -> bool {
    is_digits(text) && text.len() > 1 && text.starts_with('0')
}

fn is_number(text: &str) -> bool {
    is_digits(text) && !is_padded(text)
}

fn is_identifier(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    !text.is_empty() && text.bytes().all(allowed)
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let pairs = self.numbers.iter().zip(&other.numbers);
        let numbers = pairs.map(|(a, b)| numeric(a, b)).find(|o| o.is_ne());
        numbers.unwrap_or_else(|| match (self.pre, other.pre) {
            (Some(a), Some(b)) => compare_pre(a, b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        })
    }
}

fn compare_pre(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let found = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => compare_identifiers(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if found.is_ne() {
            return found;
        }
    }
}

fn compare_identifiers(a: &str, b: &str) -> Ordering {
    match (is_digits(a), is_digits(b)) {
        (true, true) => numeric(a, b),
        (false, false) => a.cmp(b),
        (a, b) => b.cmp(&a),
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version<'_> {}
