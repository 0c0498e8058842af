//! SQS: putting batches on queues durably, and the bodies that travel on ours.
//!
//! Never decides anything: a message is on its queue when a call returns `Ok`, and the caller decides what that means.

pub mod event;
pub mod media;
pub mod outbound;
mod sqs_queue;

pub use sqs_queue::{Entry, Error, SqsQueue};
