//! Baileys: `messages.upsert` as a service of the customer's own posts it. Source: whatsapp.md §3.1.

mod content;
pub(crate) mod identity;
mod jid;
mod mention;
pub(crate) mod parse;
mod split;

pub use split::{Batch, split};
