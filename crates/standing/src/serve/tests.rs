//! The server in one process: requests go through the door without a network.

mod attest;
mod harness;
mod items;
mod matrix;
mod records;
