//! Orders of numbers alone: R's `package_version` and Haskell's `Data.Version`.

use super::Digits;

/// Of two that agree as far as both go, the longer comes later: `1.0` before `1.0.0`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version<'a>(Vec<Digits<'a>>);

impl<'a> Version<'a> {
    /// Numbers between any of `marks`.
    pub(super) fn parse(text: &'a str, marks: &[char]) -> Option<Self> {
        let number = |part: &'a str| {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            digits.then_some(Digits(part))
        };
        text.split(marks)
            .map(number)
            .collect::<Option<_>>()
            .map(Version)
    }
}
