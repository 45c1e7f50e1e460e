//! The program as its users meet it: commands, files, exit codes.

mod architecture;
mod bad_input;
mod demo;
mod edition;
mod home;
mod stranger;
mod time;
mod together;
mod user_checks;
