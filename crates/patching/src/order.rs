//! The orders that ecosystems define for their versions.

mod debian;
mod semver;

use pep440_rs::LocalSegment;
use std::cmp::Ordering;

/// Compares two versions in the order that `ecosystem` defines.
///
/// `None` when this crate has no order for the ecosystem, or when either text is not a version
/// there. Versions that differ in text may be equal: PyPI `1.0` and `1.0.0`, Debian `1` and `0:1-0`,
/// npm `1.0.0+a` and `1.0.0+b`.
pub fn compare(ecosystem: &str, a: &str, b: &str) -> Option<Ordering> {
    let order = Order::of(ecosystem)?;
    Some(order.parse(a)?.cmp(&order.parse(b)?))
}

#[derive(Clone, Copy)]
pub(crate) enum Order {
    Debian,
    Semver(semver::Spelling),
    Pypi,
}

impl Order {
    pub(crate) fn of(ecosystem: &str) -> Option<Order> {
        let name = ecosystem.split(':').next()?;
        match name {
            "Debian" | "Ubuntu" => Some(Order::Debian),
            "crates.io" => Some(Order::Semver(semver::Spelling::Exact)),
            "npm" => Some(Order::Semver(semver::Spelling::Npm)),
            "Go" => Some(Order::Semver(semver::Spelling::Go)),
            "PyPI" => Some(Order::Pypi),
            _ => None,
        }
    }

    pub(crate) fn parse(self, text: &str) -> Option<Version<'_>> {
        match self {
            Order::Debian => debian::Version::parse(text).map(Version::Debian),
            Order::Semver(spelling) => semver::Version::parse(text, spelling).map(Version::Semver),
            Order::Pypi => parse_pypi(text).map(Version::Pypi),
        }
    }
}

/// A version under one [`Order`]. The derived order between variants means nothing and is never
/// asked for: both sides of a comparison come from the same `Order`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version<'a> {
    Debian(debian::Version<'a>),
    Semver(semver::Version<'a>),
    Pypi(pep440_rs::Version),
}

/// PEP 440 sets no limit to numbers, `pep440_rs` ends at 64 bits. It refuses longer ones except in a
/// local segment, which it would then order as a word; that is refused here.
fn parse_pypi(text: &str) -> Option<pep440_rs::Version> {
    let version: pep440_rs::Version = text.parse().ok()?;
    let misread = version.local().iter().any(|segment| match segment {
        LocalSegment::String(word) => word.bytes().all(|b| b.is_ascii_digit()),
        LocalSegment::Number(_) => false,
    });
    (!misread).then_some(version)
}

/// Compares runs of ASCII digits of any length by their value; the empty run is zero.
fn numeric(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}
