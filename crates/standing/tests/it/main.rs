//! The program as its users meet it: commands, files, exit codes.

mod access;
mod advisories;
mod api;
mod architecture;
mod bad_input;
mod demo;
mod documents;
mod edge;
mod edition;
mod home;
mod identity_provider;
mod killed;
mod members;
mod oidc;
mod patch;
mod review;
mod serving;
mod stranger;
mod tickets;
mod time;
mod together;
mod user_checks;
mod validated;
mod whole_loop;
mod works_by_itself;
