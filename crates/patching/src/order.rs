//! The orders that ecosystems define for their versions.

/// The traits that follow from `Ord` where equality is not that of the fields.
macro_rules! by_cmp {
    ($($version:ty),+) => {$(
        impl PartialOrd for $version {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $version {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }

        impl Eq for $version {}
    )+};
}
use by_cmp;

mod apk;
mod counted;
mod debian;
mod maven;
mod packagist;
mod rpm;
mod rubygems;
mod semver;

use pep440_rs::LocalSegment;
use semver::Spelling;
use std::cmp::Ordering;

/// Compares two versions in the order that `ecosystem` defines: OSV's name for it, or the type of
/// its package URLs.
///
/// `None` when this crate has no order for the ecosystem, or when either text is not a version
/// there. Versions that differ in text may be equal: PyPI `1.0` and `1.0.0`, Debian `1` and `0:1-0`,
/// npm `1.0.0+a` and `1.0.0+b`.
pub fn compare(ecosystem: &str, a: &str, b: &str) -> Option<Ordering> {
    Order::of(ecosystem)?.compare(a, b)
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Apk,
    /// Numbers between these marks.
    Counted(&'static [char]),
    Debian,
    Maven,
    Packagist,
    Pypi,
    Rpm,
    RubyGems,
    Semver(Spelling),
}

/// Which names use which order: OSV's ecosystems first, then types of package URLs. The only such
/// list. What is missing has no published order, or none that we could check.
const ORDERS: &[(Order, &[&str], &[&str])] = &[
    (
        Order::Apk,
        &[
            "Alpaquita",
            "Alpine",
            "BellSoft Hardened Containers",
            "Chainguard",
            "MinimOS",
            "Wolfi",
        ],
        &["apk"],
    ),
    (Order::Counted(&['.', '-']), &["CRAN"], &["cran"]),
    (Order::Counted(&['.']), &["Hackage"], &["hackage"]),
    (Order::Debian, &["Debian", "Ubuntu"], &["deb"]),
    (Order::Maven, &["Maven"], &["maven"]),
    (Order::Packagist, &["Packagist"], &["composer"]),
    (Order::Pypi, &["PyPI"], &["pypi"]),
    (
        Order::Rpm,
        &[
            "AlmaLinux",
            "Azure Linux",
            "Mageia",
            "Photon OS",
            "Red Hat",
            "Rocky Linux",
            "SUSE",
            "openEuler",
            "openSUSE",
        ],
        &["rpm"],
    ),
    (Order::RubyGems, &["RubyGems"], &["gem"]),
    (Order::Semver(Spelling::Bitnami), &["Bitnami"], &["bitnami"]),
    (
        Order::Semver(Spelling::Exact),
        &["crates.io", "Hex"],
        &["cargo", "hex"],
    ),
    (
        Order::Semver(Spelling::Go),
        &["Go", "Kubernetes"],
        &["golang"],
    ),
    (
        Order::Semver(Spelling::Npm),
        // npm's name and its type are the same word.
        &["npm", "GitHub Actions", "SwiftURL"],
        &["swift"],
    ),
    (Order::Semver(Spelling::NuGet), &["NuGet"], &["nuget"]),
    (Order::Semver(Spelling::Pub), &["Pub"], &["pub"]),
];

impl Order {
    /// What follows the first colon is a release or a repository and does not alter the order.
    pub(crate) fn of(ecosystem: &str) -> Option<Order> {
        let name = ecosystem.split(':').next()?;
        let found = ORDERS
            .iter()
            .find(|(_, ecosystems, types)| ecosystems.contains(&name) || types.contains(&name));
        found.map(|(order, ..)| *order)
    }

    /// The order of a range that says it is SemVer: the ecosystem's own spelling of it, or the
    /// specification's.
    pub(crate) fn for_semver(order: Option<Order>) -> Order {
        match order {
            Some(Order::Semver(spelling)) => Order::Semver(spelling),
            _ => Order::Semver(Spelling::Npm),
        }
    }

    /// What an advisory may write as the bound of a range, under the same order.
    pub(crate) fn of_bounds(self) -> Order {
        match self {
            Order::Semver(Spelling::Bitnami) => Order::Semver(Spelling::BitnamiBound),
            other => other,
        }
    }

    fn compare(self, a: &str, b: &str) -> Option<Ordering> {
        Some(self.parse(a)?.cmp(&self.parse(b)?))
    }

    /// Whether both are versions, and the one comes before the other.
    pub(crate) fn is_before(self, a: &str, b: &str) -> bool {
        self.compare(a, b) == Some(Ordering::Less)
    }

    pub(crate) fn parse(self, text: &str) -> Option<Version<'_>> {
        Some(match self {
            Order::Apk => Version::Apk(apk::Version::parse(text)?),
            Order::Counted(marks) => Version::Counted(counted::Version::parse(text, marks)?),
            Order::Debian => Version::Debian(debian::Version::parse(text)?),
            Order::Maven => Version::Maven(maven::Version::parse(text)?),
            Order::Packagist => Version::Packagist(packagist::Version::parse(text)?),
            Order::Pypi => Version::Pypi(parse_pypi(text)?),
            Order::Rpm => Version::Rpm(rpm::Version::parse(text)?),
            Order::RubyGems => Version::RubyGems(rubygems::Version::parse(text)?),
            Order::Semver(spelling) => Version::Semver(semver::Version::parse(text, spelling)?),
        })
    }
}

/// A version under one [`Order`]. The derived order between variants means nothing and is never
/// asked for: both sides of a comparison come from the same `Order`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version<'a> {
    Apk(apk::Version<'a>),
    Counted(counted::Version<'a>),
    Debian(debian::Version<'a>),
    Maven(maven::Version),
    Packagist(packagist::Version<'a>),
    Pypi(pep440_rs::Version),
    Rpm(rpm::Version<'a>),
    RubyGems(rubygems::Version<'a>),
    Semver(semver::Version<'a>),
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
pub(crate) fn numeric(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Compares part by part; where one side has run out, `beside_nothing` says how the other's part
/// stands to nothing.
fn padded<T: Ord>(a: &[T], b: &[T], beside_nothing: impl Fn(&T) -> Ordering) -> Ordering {
    let pair = |i: usize| match (a.get(i), b.get(i)) {
        (Some(a), Some(b)) => a.cmp(b),
        (Some(a), None) => beside_nothing(a),
        (None, Some(b)) => beside_nothing(b).reverse(),
        (None, None) => Ordering::Equal,
    };
    let mut found = (0..a.len().max(b.len())).map(pair);
    found.find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// A run of ASCII digits, compared by [`numeric`].
#[derive(Clone)]
struct Digits<'a>(&'a str);

impl Ord for Digits<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        numeric(self.0, other.0)
    }
}

by_cmp!(Digits<'_>);

/// Cuts the longest run of characters that belong off the front.
pub(crate) fn take<'a>(text: &mut &'a str, belongs: impl Fn(char) -> bool) -> &'a str {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    let (run, rest) = text.split_at(end);
    *text = rest;
    run
}

/// What stands before the first `mark`, and what behind it if there is one.
pub(crate) fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

pub(crate) fn take_digits<'a>(text: &mut &'a str) -> &'a str {
    take(text, |c| c.is_ascii_digit())
}

fn take_some_digits<'a>(text: &mut &'a str) -> Option<&'a str> {
    Some(take_digits(text)).filter(|digits| !digits.is_empty())
}
