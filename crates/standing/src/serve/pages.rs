//! The pages: what people look at. Each is a module with its routes, its handlers and its templates.

pub mod checks;
pub mod frame;
pub mod item;
pub mod items;
pub mod paging;
pub mod standing;
pub mod words;
