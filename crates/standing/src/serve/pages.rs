//! The pages: what people look at. Each is a module with its routes, its handlers and its templates.

pub mod frame;
pub mod items;
pub mod standing;
pub mod words;
