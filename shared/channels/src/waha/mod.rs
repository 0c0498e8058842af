//! WAHA: `{event, session, me, payload, …}` of any of its engines. Source: docs/providers.md §3.3, waha.devlike.pro/docs/how-to/events.

pub(crate) mod about;
pub(crate) mod content;
pub(crate) mod identity;
pub(crate) mod parse;
mod split;

pub use split::split;
