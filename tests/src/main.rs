//! Journeys: what the product promises, driven from outside through the real host and the real function binaries.
//!
//! | module | shows |
//! |---|---|
//! | `world` | nothing itself: a host of its own for each test, and the hands to act on it and the eyes to look into it |
//! | `ledger` | nothing itself: what must be there once everything that was sent is dealt with |
//! | all others | one promise each; the tests' names say which |
//!
//! Nothing here stands in for a part of the product. Tests wait for conditions; none sleeps in the place of one.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod ledger;
mod world;

mod answers;
mod assistant;
mod backup;
mod batches;
mod budget;
mod bursts;
mod chaos;
mod check;
mod citations;
mod claims;
mod connections;
mod costs;
mod crash;
mod delivery;
mod desk;
mod doors;
mod drain;
#[path = "../../shared/storage/tests/storage/table.rs"]
#[expect(clippy::disallowed_methods, reason = "one variable chooses the engine")]
#[allow(dead_code, reason = "storage's own tests use all of it")]
mod engine_table;
mod expectations;
mod faults;
mod first_ticket;
mod gateway;
mod gateway_media;
mod gateways;
mod hardening;
mod hostile;
mod life_cycle;
mod long_lists;
mod mcp;
mod media;
mod merging;
mod numbers;
mod openapi;
mod pairs;
mod parcels;
mod payloads;
mod permissions;
mod protocol;
mod races;
mod references;
mod refusals;
mod restart;
mod roles;
mod seeds;
mod sending;
mod signed_links;
mod sla;
mod status;
mod tenancy;
mod tidy;
mod tokens;
mod uncounted;
mod unreachable;
mod uploads;
mod v3;
mod v3_answers;
mod waiting;
mod whaticket;
mod who;
mod window;
