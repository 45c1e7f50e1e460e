//! All integration tests of the vault, in one binary.

mod common;
mod fsck;
mod vault;
