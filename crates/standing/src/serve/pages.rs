//! The pages: what people look at. Each is a module with its routes, its handlers and its templates.

pub mod attest;
pub mod checks;
pub mod concerns;
pub mod exceptions;
pub mod form;
pub mod frame;
pub mod item;
pub mod items;
pub mod join;
pub mod me;
pub mod members;
pub mod paging;
pub mod records;
pub mod people;
pub mod prove;
pub mod sign_in;
pub mod sources;
pub mod standing;
pub mod systems;
pub mod tokens;
pub mod words;
