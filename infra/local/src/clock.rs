//! The host's clock: the one place of this crate that reads the time.

use jiff::Timestamp;

/// The present moment. Everything else takes its `now` as an argument or calls this at its outer edge.
#[expect(clippy::disallowed_methods, reason = "the host's single reading of the clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
