//! The order of PHP's `version_compare`, by which Composer compares.
//!
//! Source: <https://www.php.net/manual/en/function.version-compare.php>. A leading
//! `v` is left away, as Composer does it.

use super::{Digits, take, take_digits};

/// Closed by [`Part::End`].
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version<'a>(Vec<Part<'a>>);

/// The order of the variants is PHP's: words it does not know come first and are all alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Unknown,
    Dev,
    Alpha,
    Beta,
    Candidate,
    End,
    Number(Digits<'a>),
    Patch,
}

impl<'a> Version<'a> {
    /// PHP itself reads any text. Refused is what begins with no digit, unless it names a branch
    /// (`dev-main`), and the `#` of PHP, which stands for any number.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let branch = text.len() > 4 && text.starts_with("dev-");
        let begins = branch || rest.starts_with(|c: char| c.is_ascii_digit());
        let marks = if branch { ".-_+/" } else { ".-_+" };
        let allowed = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
        (begins && text.chars().all(allowed)).then(|| Version(parts(rest)))
    }
}

fn parts(mut rest: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    loop {
        take(&mut rest, |c| !c.is_ascii_alphanumeric());
        match take_digits(&mut rest) {
            "" if rest.is_empty() => break,
            "" => found.push(word(take(&mut rest, |c| c.is_ascii_alphabetic()))),
            digits => found.push(Part::Number(Digits(digits))),
        }
    }
    found.push(Part::End);
    found
}

/// PHP looks for how a word begins, not for the whole of it, and has two spellings of one word only.
fn word<'a>(text: &str) -> Part<'a> {
    let known = [
        ("dev", Part::Dev),
        ("a", Part::Alpha),
        ("b", Part::Beta),
        ("RC", Part::Candidate),
        ("rc", Part::Candidate),
        ("p", Part::Patch),
    ];
    let found = known.into_iter().find(|(start, _)| text.starts_with(start));
    found.map_or(Part::Unknown, |(_, part)| part)
}
