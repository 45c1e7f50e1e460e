//! The server left to itself: it collects, tells people, says how it is, and ends in good order. All
//! on the program itself.

mod notices;
mod service;
mod sources;
mod watching;
