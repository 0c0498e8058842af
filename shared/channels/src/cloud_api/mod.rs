//! Meta's Cloud API: webhook bodies in, message requests out. Source: whatsapp.md §1 and §2.

mod content;
pub(crate) mod identity;
pub mod outbound;
pub(crate) mod parse;
mod split;

pub use split::split;
