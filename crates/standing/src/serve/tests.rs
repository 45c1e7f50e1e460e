//! The server in one process: requests go through the door without a network.

mod access;
mod advisories;
mod api;
mod api_acts;
mod attest;
mod authenticator;
mod calendar;
mod checks;
mod coming_in;
mod exports;
mod harness;
mod hostile;
mod items;
mod log;
mod matrix;
mod membership;
mod people;
mod records;
mod reviews;
mod settings;
mod sources;
mod standing;
mod systems;
mod telemetry;
mod timeline;
mod twins;
