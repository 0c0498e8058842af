//! Baileys: `messages.upsert` as a service of the customer's own, baileys-api or the Evolution API posts it.
//! Source: docs/providers.md §3.1, §3.2, §3.4.

pub(crate) mod about;
pub(crate) mod content;
pub(crate) mod event;
pub(crate) mod identity;
pub(crate) mod jid;
pub(crate) mod mention;
pub(crate) mod parse;
mod split;
pub(crate) mod update;

pub use split::split;
