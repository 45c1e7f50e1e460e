//! The vocabulary of Standing: tables, keys, gaps and time. No I/O.
//!
//! A *fact* is one typed row read out of a source's bytes. Each table is declared once, in
//! [`tables`]; from that declaration come the SQL of the index, the JSON Lines form that the vault
//! keeps and the reference page `docs/facts.md`.
//!
//! *Architecture invariant:* this crate reads no file, knows no clock and has no opinion on what is
//! good or bad. Collectors write in these words and checks read them; the two never meet elsewhere.

mod gap;
mod reference;
mod table;
pub mod tables;

pub use gap::{Gap, GapCode, Outcome, Problem};
pub use jiff::civil::Date;
pub use reference::reference_page;
pub use table::{Cell, Column, ColumnKind, Fact, FactError, Row, Table, parse_line, to_line};
