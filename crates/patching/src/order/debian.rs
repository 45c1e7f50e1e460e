//! The order of deb-version(7), as dpkg applies it.

use super::{numeric, take, take_digits};
use std::cmp::Ordering;

/// `[epoch:]upstream-version[-debian-revision]`. An absent epoch is zero; an absent revision is the
/// empty text, which compares equal to `0`.
pub(crate) struct Version<'a> {
    epoch: u32,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> Version<'a> {
    /// Refuses what dpkg refuses: other characters, an empty part beside a `:` or `-`, an epoch
    /// above a C `int`; also a plus before the epoch, which dpkg lets pass. The leading digit that
    /// the page merely recommends is not required.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (parse_epoch(epoch)?, rest),
            None => (0, text),
        };
        let (upstream, revision) = match rest.rsplit_once('-') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (rest, ""),
        };
        let fits = |part: &str, marks: &str| {
            part.chars()
                .all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
        };
        // A colon can only be left over behind an epoch, where it is allowed.
        let valid = !upstream.is_empty() && fits(upstream, ".+-:~") && fits(revision, ".+~");
        valid.then_some(Version {
            epoch,
            upstream,
            revision,
        })
    }
}

fn parse_epoch(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let epoch = text.parse().ok().filter(|_| digits)?;
    (epoch <= i32::MAX.unsigned_abs()).then_some(epoch)
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_part(self.upstream, other.upstream))
            .then_with(|| compare_part(self.revision, other.revision))
    }
}

/// Runs of non-digits and runs of digits in turn, until one differs or both texts are used up.
fn compare_part(mut a: &str, mut b: &str) -> Ordering {
    while !(a.is_empty() && b.is_empty()) {
        let (marks_a, marks_b) = (
            take(&mut a, |c| !c.is_ascii_digit()),
            take(&mut b, |c| !c.is_ascii_digit()),
        );
        let (digits_a, digits_b) = (take_digits(&mut a), take_digits(&mut b));
        let found = compare_marks(marks_a, marks_b).then_with(|| numeric(digits_a, digits_b));
        if found.is_ne() {
            return found;
        }
    }
    Ordering::Equal
}

/// The end of a run weighs zero, so that a tilde sorts before it and everything else after.
fn compare_marks(a: &str, b: &str) -> Ordering {
    let weights = |run: &str| -> Vec<i32> {
        let weigh = |byte: u8| match byte {
            b'~' => -1,
            b if b.is_ascii_alphabetic() => i32::from(b),
            b => i32::from(b) + 256,
        };
        run.bytes().map(weigh).chain([0]).collect()
    };
    weights(a).cmp(&weights(b))
}

super::by_cmp!(Version<'_>);
