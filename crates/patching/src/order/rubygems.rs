//! The order of `Gem::Version`.
//!
//! Source: <https://docs.ruby-lang.org/en/master/Gem/Version.html>.

use super::{Digits, padded, split, take, take_digits};
use std::cmp::Ordering;

/// Numbers and words in turn; a version that has run out goes on with zeros.
pub(crate) struct Version<'a>(Vec<Segment<'a>>);

/// A word comes before every number.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Word(&'a str),
    Number(Digits<'a>),
}

const ZERO: Segment<'static> = Segment::Number(Digits(""));

impl<'a> Version<'a> {
    /// Parts between points, the first of which begins with a digit; what follows the first hyphen
    /// is a pre-release and may hold more of them.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (release, pre) = split(text, '-');
        let fits = |part: &str, marks: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
        };
        let valid = text.starts_with(|c: char| c.is_ascii_digit())
            && release.split('.').all(|part| fits(part, ""))
            && pre.is_none_or(|pre| pre.split('.').all(|part| fits(part, "-")));
        if !valid {
            return None;
        }
        let mut segments = Vec::new();
        push(release, &mut segments);
        for part in pre.into_iter().flat_map(|pre| pre.split('-')) {
            segments.push(Segment::Word("pre"));
            push(part, &mut segments);
        }
        Some(Version(canonical(segments)))
    }
}

fn push<'a>(text: &'a str, segments: &mut Vec<Segment<'a>>) {
    for mut part in text.split('.') {
        while !part.is_empty() {
            match take_digits(&mut part) {
                "" => segments.push(Segment::Word(take(&mut part, |c| c.is_ascii_alphabetic()))),
                digits => segments.push(Segment::Number(Digits(digits))),
            }
        }
    }
}

/// Zeros right before the first word and at the end count for nothing.
fn canonical(segments: Vec<Segment<'_>>) -> Vec<Segment<'_>> {
    let mut kept = Vec::with_capacity(segments.len());
    let mut worded = false;
    for segment in segments {
        if !worded && matches!(segment, Segment::Word(_)) {
            worded = true;
            trim(&mut kept);
        }
        kept.push(segment);
    }
    trim(&mut kept);
    kept
}

fn trim(segments: &mut Vec<Segment<'_>>) {
    while segments.last() == Some(&ZERO) {
        segments.pop();
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        padded(&self.0, &other.0, |segment| segment.cmp(&ZERO))
    }
}

super::by_cmp!(Version<'_>);
