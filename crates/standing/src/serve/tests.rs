//! The server in one process: requests go through the door without a network.

mod attest;
mod authenticator;
mod calendar;
mod checks;
mod coming_in;
mod harness;
mod items;
mod matrix;
mod membership;
mod people;
mod records;
mod sources;
mod standing;
mod systems;
mod telemetry;
mod timeline;
