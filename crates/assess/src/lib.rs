//! Catalogue, check runner, assessment, forecast. Pure over an index: no files, no clock.
//!
//! An assessment is a function of (edition, profile, vault prefix, check revisions, as-of date).
//! The index stands for the vault prefix; everything else is an argument.

mod access;
pub mod advisories;
pub mod assessment;
pub mod catalogue;
pub mod check;
pub mod checks;
mod derive;
pub mod estate;
pub mod frozen;
pub mod functions;
pub mod index;
pub mod lapses;
mod linear;
mod links;
mod lint;
pub mod literate;
pub mod matching;
pub mod population;
mod time;

pub use derive::patching as clocks;
pub use estate::{Estate, Freshness};
pub use index::Index;
pub use time::{AsOf, long_date};
