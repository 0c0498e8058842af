//! The table's promises, on a real engine: dynoxide in this process or, where `TURNO_DYNAMODB` holds an endpoint, that one.
#![expect(missing_docs, reason = "a test binary")]

mod agents;
mod costs;
mod deadlines;
mod inbound;
mod numbers;
mod statuses;
mod table;
mod world;
