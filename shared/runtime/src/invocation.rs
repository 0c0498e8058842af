//! The invocation that is being worked on, as far as everything within it has to know: its id, and the dialect of its answer.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock;
use crate::dialects::Dialect;

/// What everything within an invocation knows of it.
#[derive(Debug)]
struct Invocation {
    id: String,
    deadline: Option<Timestamp>,
    dialect: Option<&'static dyn Dialect>,
}

tokio::task_local! {
    static INVOCATION: Invocation;
}

/// The id of the request that is being answered, as the caller sees it in errors and the operator in logs; empty outside of
/// one.
pub fn request_id() -> String {
    INVOCATION.try_with(|invocation| invocation.id.clone()).unwrap_or_default()
}

/// The dialect in which the request is answered; `None` outside of one.
pub(crate) fn dialect() -> Option<&'static dyn Dialect> {
    INVOCATION.try_with(|invocation| invocation.dialect).ok().flatten()
}

/// How much longer this invocation may last; `None` where nobody says.
pub fn time_left() -> Option<Duration> {
    let deadline = INVOCATION.try_with(|invocation| invocation.deadline).ok().flatten()?;
    Some(Duration::try_from(deadline.duration_since(clock::now())).unwrap_or_default())
}

/// Works on an invocation.
pub(crate) async fn within<F: Future>(id: String, work: F) -> F::Output {
    INVOCATION.scope(Invocation { id, deadline: None, dialect: None }, work).await
}

/// Works on an invocation that ends at a time, in milliseconds since 1970, whatever is done by then.
pub(crate) async fn until<F: Future>(id: String, deadline_ms: u64, work: F) -> F::Output {
    let deadline = i64::try_from(deadline_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    INVOCATION.scope(Invocation { id, deadline, dialect: None }, work).await
}

/// Answers the request of this invocation in a dialect.
pub(crate) async fn answering<F: Future>(dialect: &'static dyn Dialect, work: F) -> F::Output {
    INVOCATION.scope(Invocation { id: request_id(), deadline: None, dialect: Some(dialect) }, work).await
}
