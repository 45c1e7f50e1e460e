//! Which of two versions is the later one, and whether an advisory's ranges hold a version.
//!
//! Ecosystems are named as OSV names them, case included; what follows the first colon
//! (`Debian:12`, `Ubuntu:22.04:LTS`) does not alter the order and is ignored.
//!
//! | ecosystem | order | source |
//! |---|---|---|
//! | `Debian`, `Ubuntu` | dpkg's | deb-version(7) |
//! | `crates.io` | precedence of SemVer 2.0.0 | <https://semver.org/#spec-item-11> |
//! | `npm` | the same; a leading `v` is allowed | node-semver |
//! | `Go` | the same; a leading `v`, `v1` and `v1.2` are allowed | golang.org/x/mod/semver |
//! | `PyPI` | PEP 440 | <https://peps.python.org/pep-0440/> |
//!
//! Numbers may have any length, but for PyPI they end at 64 bits and longer ones are not read.
//!
//! Every other ecosystem (Maven, RubyGems, NuGet, Packagist, Alpine, the RPM family, …) has no order
//! here yet, and every question about it that needs one is answered with `None`.
//!
//! *Architecture invariant:* this crate does no I/O, has no clock and never guesses. `None` means
//! "not known"; a caller must not read it as "not affected".

mod order;
mod osv;

pub use order::compare;
pub use osv::affects;
