//! All talk with other people's systems: one folder a kind of source.
//!
//! A [`Collector`] has two halves. `fetch` asks and keeps the bytes and interprets nothing; `read`
//! understands kept bytes, and the same bytes give the same facts for ever. What the run was worth
//! is decided by neither, but by [`run`]: a collector reports, the runner judges.
//!
//! A collector reads files that somebody exported or asks a running system; [`About::asks`] says which.
//! All HTTP goes through [`http::Http`], which keeps to one host, retries politely, and can be replayed;
//! all SQL through `sql`, whose sessions can only read; LDAP by `ldap`, which only searches.
//!
//! *Architecture invariant:* a secret is a [`secret::Secret`] from its file to its header: it cannot be
//! printed, and no collector keeps an answer that holds one.
//!
//! *Architecture invariant:* no collector returns an empty list after an error. Whatever was not
//! understood leaves as a problem or a gap, and either keeps the run from being `complete`.

mod answers;
mod apk;
mod asking;
mod aws;
mod aws_iam;
mod bamboohr;
mod collector;
mod compose;
pub mod dates;
mod devices;
mod distribution;
mod documents;
pub mod download;
mod dpkg;
mod entra;
mod github;
mod google;
mod graph;
mod hibob;
mod host;
mod hr;
mod hr_sql;
pub mod http;
mod json;
mod keycloak;
mod ldap;
mod ldif;
mod lines;
mod lockfiles;
mod mysql;
mod okta;
mod os_release;
mod osquery;
mod osv;
mod package_registry;
mod personio;
mod postgresql;
mod register;
mod registry;
mod releases;
mod rights;
mod rows;
mod rpm;
mod run;
mod sbom;
mod scanner;
mod scim;
pub mod secret;
mod separated;
mod sink;
mod spreadsheet;
mod sql;
mod support;
mod systems;
mod tabular;
mod terraform;
mod training;
mod unix;
mod unpacked;
mod walk;

pub use collector::{
    About, Asks, Collector, FetchError, Keeper, Kept, Line, Parts, Root, Setting, Settings,
    is_secret,
};
pub use json::{Piece, stream_objects};
pub use lockfiles::{LeftOut, LockedPackage, LockfileReading, Reason, Unread, lockfile};
pub use registry::{ALL, by_kind};
pub use run::{Run, run};
pub use sink::Sink;
pub use spreadsheet::{WorkbookSheet, workbook};
