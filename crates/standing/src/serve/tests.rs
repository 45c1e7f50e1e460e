//! The server in one process: requests go through the door without a network.

mod attest;
mod authenticator;
mod coming_in;
mod harness;
mod items;
mod matrix;
mod records;
mod telemetry;
