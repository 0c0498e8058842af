//! The one place where the clock is read.

use jiff::Timestamp;

/// The time, cut to milliseconds: what is stored and what is compared are the same.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
