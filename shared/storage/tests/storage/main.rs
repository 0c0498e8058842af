//! The table's promises, on a real engine: dynoxide in this process or, where `TURNO_DYNAMODB` holds an endpoint, that one.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "one variable chooses the engine")]

mod agents;
mod calls;
mod contention;
mod costs;
mod deadlines;
mod elsewhere;
mod inbound;
mod interrupted;
mod merges;
mod numbers;
mod reads;
mod said;
mod statuses;
mod surroundings;
mod table;
mod world;
mod writes;
