//! What is known to be wrong with what is installed, and by when it must be mended.
//!
//! - [`compare`]: which of two versions is the later one.
//! - [`affects`], [`Record`]: whether an OSV advisory concerns a version.
//! - [`Classes`]: one vulnerability under many names.
//! - [`Builder`], [`Database`]: all of it compiled, and read where it lies.
//! - [`Fleet`]: many hosts compared with it, each package once.
//! - [`score`], [`Severity`]: how grave it is, and who says so.
//! - [`Purl`]: package URLs.
//! - [`clock`]: deadlines that start on the day on which the fix could be had.
//!
//! # Version order
//!
//! Ecosystems are named as OSV names them, case included, or by the type of their package URLs; what
//! follows the first colon (`Debian:12`, `Ubuntu:22.04:LTS`) does not alter the order and is ignored.
//! Which name has which order stands in one list in `order.rs`.
//!
//! | order | of | source |
//! |---|---|---|
//! | apk | Alpine and its kin | apk-package(5), apk-tools 3 |
//! | dpkg | Debian, Ubuntu | deb-version(7) |
//! | rpm | Red Hat, SUSE and their kin | rpm-version(7) |
//! | SemVer 2.0.0 | crates.io, Hex; npm and others with a leading `v`; Go with `v1` and `v1.2`; Bitnami without its revisions | <https://semver.org/#spec-item-11> |
//! | Pub, NuGet | Dart; .NET | SemVer as each of them varies it |
//! | PEP 440 | PyPI | <https://peps.python.org/pep-0440/> |
//! | Maven | Maven | <https://maven.apache.org/pom.html#version-order-specification> |
//! | RubyGems | RubyGems | `Gem::Version` |
//! | PHP | Packagist | `version_compare` |
//! | numbers | CRAN, Hackage | `package_version`, `Data.Version` |
//!
//! Numbers may have any length, but for PyPI they end at 64 bits and longer ones are not read. What
//! the ecosystem's own tool refuses is no version here either: it has no place in the order, beside
//! itself least of all. Every question about it, or about an ecosystem without an order here, is
//! answered with `None`.
//!
//! *Architecture invariant:* this crate does no I/O, has no clock and never guesses. `None` means
//! "not known"; a caller must not read it as "not affected".

mod aliases;
pub mod clock;
mod database;
mod fleet;
mod order;
mod osv;
mod purl;
mod record;
mod score;
mod severity;

pub use aliases::Classes;
pub use database::{
    Advisory, Builder, Damaged, Database, Entry, EntryRef, Epss, Exploited, Hit, NamedFix, Row,
    Vulnerability, is_distribution, package_key,
};
pub use fleet::{Changed, Finding as FleetFinding, Fleet, Package, Tally};
pub use order::compare;
pub use osv::affects;
pub use purl::Purl;
pub use record::{Doubt, Record, Verdict, pypi_name};
pub use score::{Scores, Version, score};
pub use severity::{Author, Grade, Level, Rating, Reading, Scale, Severity, VendorWord, Why};
