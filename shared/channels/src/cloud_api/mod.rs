//! Meta's Cloud API: webhook bodies in, message requests out. Source: docs/providers.md §1 and §2.

pub(crate) mod about;
pub mod compose;
mod content;
mod fields;
mod history;
pub(crate) mod identity;
pub mod media;
pub mod outbound;
pub(crate) mod parse;
mod split;
mod system;
pub mod templates;
mod words;

pub use fields::Field;
pub use split::split;
