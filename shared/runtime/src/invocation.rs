//! The invocation that is being worked on, as far as everything within it has to know: its id, and the dialect of its answer.

use crate::dialects::Dialect;

/// What everything within an invocation knows of it.
#[derive(Debug)]
struct Invocation {
    id: String,
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

/// Works on an invocation.
pub(crate) async fn within<F: Future>(id: String, work: F) -> F::Output {
    INVOCATION.scope(Invocation { id, dialect: None }, work).await
}

/// Answers the request of this invocation in a dialect.
pub(crate) async fn answering<F: Future>(dialect: &'static dyn Dialect, work: F) -> F::Output {
    INVOCATION.scope(Invocation { id: request_id(), dialect: Some(dialect) }, work).await
}
