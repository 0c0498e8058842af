//! What WhatsApp providers send and accept, translated to and from domain types, and the proof that they sent it.
//!
//! Pure: bytes and JSON in, domain types out. No I/O and no clock; `received_at` is an argument. A provider's body is hostile
//! input: nothing here may panic on it, take more than linear time over it, or lose one message because of another.
//!
//! The way of a body: [`signature`] proves who sent it, `split` of its provider cuts it into [`unit::Unit`]s that travel on
//! the inbound queue, [`parcel`] is where those go that do not fit it, [`observation::parse`] says what one unit means. Source: docs/providers.md.

mod about;
mod amendment;
pub mod baileys;
mod calls;
pub mod cloud_api;
mod content;
#[cfg(test)]
mod corpus;
pub mod gateway;
pub mod gowa;
mod inlined;
mod lenient;
pub mod media;
pub mod moment;
pub mod observation;
pub mod parcel;
pub mod path;
#[cfg(test)]
mod samples;
pub mod sending;
pub mod signature;
pub mod unit;
mod unreadable;
pub mod waha;
mod words;

pub use amendment::{Amendment, Naming};
pub use observation::{Observation, parse, without_connection};
pub use parcel::{Carried, Parcel};
pub use unit::{Part, Source, Unit};
