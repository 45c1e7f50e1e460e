//! The order of RPM: `[epoch:]version[-release]`, each part compared by `rpmvercmp`.
//!
//! Source: rpm-version(7) and rpm 4.18 as it behaves.

use super::{Digits, take, take_digits};

/// An absent epoch is zero. An absent release comes before every release, the empty one included.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version<'a> {
    epoch: Digits<'a>,
    version: Vec<Segment<'a>>,
    release: Option<Vec<Segment<'a>>>,
}

impl<'a> Version<'a> {
    /// RPM itself reads any text. Refused are the ASCII characters that no version may hold; letters
    /// beyond ASCII it passes over, and so do we.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let allowed = |c: char| match c.is_ascii() {
            true => c.is_ascii_alphanumeric() || "._+-~^:".contains(c),
            false => c.is_alphanumeric(),
        };
        let mut behind = text;
        let digits = take_digits(&mut behind);
        let (epoch, rest) = match behind.strip_prefix(':') {
            Some(rest) => (digits, rest),
            None => ("", text),
        };
        if rest.is_empty() || !text.chars().all(allowed) {
            return None;
        }
        let (version, release) = match rest.rsplit_once('-') {
            Some((version, release)) => (version, Some(release)),
            None => (rest, None),
        };
        Some(Version {
            epoch: Digits(epoch),
            version: segments(version),
            release: release.map(segments),
        })
    }
}

/// What a part consists of, between marks that count for nothing. The order of the variants is that
/// of `rpmvercmp`: a tilde before the end, a caret right behind it, numbers after words.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Tilde,
    End,
    Caret,
    Word(&'a str),
    Number(Digits<'a>),
}

fn segments(mut rest: &str) -> Vec<Segment<'_>> {
    let mut found = Vec::new();
    loop {
        take(&mut rest, |c| {
            !c.is_ascii_alphanumeric() && !"~^".contains(c)
        });
        let segment = match rest.bytes().next() {
            None => Segment::End,
            Some(b'0'..=b'9') => Segment::Number(Digits(take_digits(&mut rest))),
            Some(b'~') => Segment::Tilde,
            Some(b'^') => Segment::Caret,
            Some(_) => Segment::Word(take(&mut rest, |c| c.is_ascii_alphabetic())),
        };
        if matches!(segment, Segment::Tilde | Segment::Caret) {
            rest = &rest[1..];
        }
        let done = segment == Segment::End;
        found.push(segment);
        if done {
            return found;
        }
    }
}
