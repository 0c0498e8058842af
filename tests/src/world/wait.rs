//! Waiting for what must come true.

use std::time::Duration;

use tokio::time::Instant;

/// For what takes a moment; generous, since only a failing test waits it out.
pub(crate) const SOON: Duration = Duration::from_mins(1);

/// For what may have to wait until a queue gives a message out again.
pub(crate) const LONG: Duration = Duration::from_mins(4);

/// Looks until there is something to see. Fails, with `what`, when there is nothing within `limit`.
pub(crate) async fn eventually<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
