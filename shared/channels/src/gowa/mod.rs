//! GOWA (go-whatsapp-web-multidevice, version 8): `{event, device_id, payload}`.
//! Source: docs/providers.md §3.4, the project's docs/webhook-payload.md.

pub(crate) mod about;
mod content;
pub(crate) mod identity;
pub(crate) mod parse;
mod split;

pub use split::split;
