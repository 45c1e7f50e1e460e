//! Precedence of SemVer 2.0.0, with numbers of any length, and of the ecosystems that vary it.
//!
//! The `semver` crate would serve but for its numbers, which end at 64 bits, while the specification
//! and published version lists have longer ones. It is the oracle of the tests instead.

use super::{numeric, split};
use std::cmp::Ordering;

/// What an ecosystem allows beyond the grammar of the specification.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Spelling {
    /// Nothing: a version without a leading `v`, with all three numbers.
    Exact,
    /// A leading `v`.
    Npm,
    /// A leading `v`; `1` and `1.2` stand for `1.0.0` and `1.2.0`.
    Go,
    /// A leading `v`; what differs in build metadata alone is ordered by it, none first.
    Pub,
    /// One to four numbers, with zeros before them; the case of pre-releases does not count.
    NuGet,
    /// Zeros before numbers (`2024.03.30`); behind a hyphen no digit may follow, because Bitnami
    /// writes the revision of its packaging there, which is no pre-release.
    Bitnami,
    /// The same in an advisory, where `-0` is allowed: by SemVer before all of that version, by
    /// Bitnami's counting its first packaging, and so the beginning of it either way.
    BitnamiBound,
}

/// Build metadata is checked and, but for [`Spelling::Pub`], forgotten: it has no part in precedence.
pub(crate) struct Version<'a> {
    numbers: [&'a str; 4],
    /// The text behind the hyphen; `None` is a release, which comes after all its pre-releases.
    pre: Option<&'a str>,
    build: Option<&'a str>,
    /// Whether pre-releases are compared without regard to case.
    folds: bool,
}

impl<'a> Version<'a> {
    pub(super) fn parse(text: &'a str, spelling: Spelling) -> Option<Self> {
        let text = match text.strip_prefix('v') {
            Some(rest) if spelling.allows_v() => rest,
            _ => text,
        };
        let (text, build) = split(text, '+');
        let (release, pre) = split(text, '-');
        let bare = pre.is_none() && build.is_none();
        let padded = spelling.allows_zeros();
        let numbers = numbers(release, spelling.lengths(bare))?;
        let valid = numbers
            .iter()
            .all(|n| is_digits(n) && (padded || !is_padded(n)))
            && pre.is_none_or(|p| {
                p.split('.')
                    .all(|i| is_identifier(i) && (padded || !is_padded(i)))
            })
            && build.is_none_or(|b| b.split('.').all(is_identifier));
        let numbered = pre.filter(|p| p.starts_with(|c: char| c.is_ascii_digit()));
        let revision = match spelling {
            Spelling::Bitnami => numbered.is_some(),
            Spelling::BitnamiBound => numbered.is_some_and(|p| p != "0"),
            _ => false,
        };
        (valid && !revision).then_some(Version {
            numbers,
            pre,
            build: build.filter(|_| spelling == Spelling::Pub),
            folds: spelling == Spelling::NuGet,
        })
    }
}

impl Spelling {
    fn allows_v(self) -> bool {
        matches!(self, Spelling::Npm | Spelling::Go | Spelling::Pub)
    }

    fn allows_zeros(self) -> bool {
        use Spelling::{Bitnami, BitnamiBound, NuGet};
        matches!(self, NuGet | Bitnami | BitnamiBound)
    }

    /// How many numbers there may be.
    fn lengths(self, bare: bool) -> std::ops::RangeInclusive<usize> {
        match self {
            Spelling::NuGet => 1..=4,
            Spelling::Go if bare => 1..=3,
            _ => 3..=3,
        }
    }
}

/// Those that are missing are zero.
fn numbers(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<[&str; 4]> {
    let mut found = ["0"; 4];
    let mut count = 0;
    for number in text.split('.') {
        *found.get_mut(count)? = number;
        count += 1;
    }
    lengths.contains(&count).then_some(found)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_padded(text: &str) -> bool {
    is_digits(text) && text.len() > 1 && text.starts_with('0')
}

fn is_identifier(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    !text.is_empty() && text.bytes().all(allowed)
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let words = if self.folds { without_case } else { str::cmp };
        let pairs = self.numbers.iter().zip(&other.numbers);
        let numbers = pairs.map(|(a, b)| numeric(a, b)).find(|o| o.is_ne());
        numbers
            .unwrap_or_else(|| match (self.pre, other.pre) {
                (Some(a), Some(b)) => compare_dotted(a, b, words),
                (a, b) => a.is_none().cmp(&b.is_none()),
            })
            .then_with(|| match (self.build, other.build) {
                (Some(a), Some(b)) => compare_dotted(a, b, words),
                (a, b) => a.is_some().cmp(&b.is_some()),
            })
    }
}

fn without_case(a: &str, b: &str) -> Ordering {
    let fold = |text: &str| text.to_ascii_lowercase();
    fold(a).cmp(&fold(b))
}

fn compare_dotted(a: &str, b: &str, words: fn(&str, &str) -> Ordering) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let found = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => match (is_digits(a), is_digits(b)) {
                (true, true) => numeric(a, b),
                (false, false) => words(a, b),
                (a, b) => b.cmp(&a),
            },
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if found.is_ne() {
            return found;
        }
    }
}

super::by_cmp!(Version<'_>);
