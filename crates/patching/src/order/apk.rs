//! The order of Alpine's package manager, version 3: `1.2.3b_rc1~0abc-r4`.
//!
//! Source: apk-package(5), <https://wiki.alpinelinux.org/wiki/APKBUILD_Reference#pkgver>, and
//! apk-tools as it behaves. What `apk version --check` refuses is refused.

use super::{Digits, take, take_digits, take_some_digits};
use std::cmp::Ordering;

/// The parts in the order of the text, closed by [`Part::End`].
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version<'a>(Vec<Part<'a>>);

/// The order of the variants is that of unlike parts at the same place: a suffix that precedes a
/// release comes before the end of the version, everything else after it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Before(usize),
    End,
    Revision(Digits<'a>),
    Commit(&'a str),
    SuffixNumber(Digits<'a>),
    After(usize),
    Letter(char),
    Number(Fraction<'a>),
    /// Leads every version and meets nothing but its like.
    First(Digits<'a>),
}

const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

impl<'a> Version<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text;
        let mut parts = vec![Part::First(Digits(take_some_digits(&mut rest)?))];
        points(&mut rest, &mut parts)?;
        // Version 2 allowed more numbers behind the letter, and packages of old releases have them.
        while let Some(letter) = rest.chars().next().filter(char::is_ascii_lowercase) {
            rest = &rest[1..];
            parts.push(Part::Letter(letter));
            match take_digits(&mut rest) {
                "" => break,
                digits => parts.push(Part::Number(Fraction(digits))),
            }
            points(&mut rest, &mut parts)?;
        }
        while let Some(behind) = rest.strip_prefix('_') {
            rest = behind;
            parts.push(suffix(take(&mut rest, |c| c.is_ascii_lowercase()))?);
            match take_digits(&mut rest) {
                "" => {}
                digits => parts.push(Part::SuffixNumber(Digits(digits))),
            }
        }
        if let Some(behind) = rest.strip_prefix('~') {
            rest = behind;
            let commit = take(&mut rest, |c| matches!(c, '0'..='9' | 'a'..='f'));
            parts.push(Part::Commit(Some(commit).filter(|c| !c.is_empty())?));
        }
        if let Some(behind) = rest.strip_prefix("-r") {
            rest = behind;
            parts.push(Part::Revision(Digits(take_some_digits(&mut rest)?)));
        }
        parts.push(Part::End);
        rest.is_empty().then_some(Version(parts))
    }
}

fn points<'a>(rest: &mut &'a str, parts: &mut Vec<Part<'a>>) -> Option<()> {
    while let Some(behind) = rest.strip_prefix('.') {
        *rest = behind;
        parts.push(Part::Number(Fraction(take_some_digits(rest)?)));
    }
    Some(())
}

fn suffix(word: &str) -> Option<Part<'static>> {
    let place = |list: &[&str]| list.iter().position(|known| *known == word);
    let before = place(&BEFORE).map(Part::Before);
    before.or_else(|| place(&AFTER).map(Part::After))
}

/// A number behind a point: one with a leading zero, on either side, makes it a comparison of texts.
#[derive(PartialEq, Eq)]
struct Fraction<'a>(&'a str);

impl Ord for Fraction<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.0.starts_with('0') || other.0.starts_with('0') {
            true => self.0.cmp(other.0),
            false => Digits(self.0).cmp(&Digits(other.0)),
        }
    }
}

impl PartialOrd for Fraction<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
