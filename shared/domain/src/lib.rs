//! The rules of the help desk: what a ticket, a conversation, a contact and an SLA clock may do.
//!
//! Pure: no I/O, no clock, no AWS, no HTTP. Every function that depends on the time takes `now`, so that a rule is tested
//! with a table and replayed with yesterday's time.

pub mod access;
pub mod agent;
pub mod alias;
pub mod answer;
pub mod call;
pub mod connection;
pub mod contact;
pub mod context;
pub mod conversation;
pub mod credentials;
pub mod delivery;
pub mod event;
pub mod figures;
pub mod identity;
pub mod ids;
pub mod ingest;
pub mod invariants;
pub mod line;
pub mod locale;
pub mod media;
pub mod message;
pub mod note;
pub mod number;
pub mod once;
pub mod organization;
pub mod page;
pub mod quota;
pub mod service_key;
pub mod shown;
pub mod sla;
pub mod template;
pub mod ticket;
pub mod user_ids;
pub mod window;
