//! The invocation that is being worked on, as far as everything within it has to know: its id.

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The id of the request that is being answered, as the caller sees it in errors and the operator in logs; empty outside of
/// one.
pub fn request_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// Works on an invocation.
pub(crate) async fn within<F: Future>(id: String, work: F) -> F::Output {
    REQUEST_ID.scope(id, work).await
}
