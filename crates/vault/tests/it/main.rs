//! All integration tests of the vault, in one binary.

mod blobs;
mod common;
mod faulty;
mod formats;
mod fsck;
mod merkle;
mod power;
mod processes;
mod vault;
