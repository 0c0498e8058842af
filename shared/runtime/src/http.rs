//! The loop over HTTP requests: one axum router a function.

use axum::Router;
use lambda_http::{Error, RequestExt, service_fn};
use storage::Storage;
use tower::ServiceExt;
use tracing::Instrument;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The id of the request that is being answered, as the caller sees it in errors and the operator in logs.
pub fn request_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// Serves a router until the environment ends the process. Each request logs one line with its status and the units it consumed.
pub async fn run(router: Router, storage: Storage) -> Result<(), Error> {
    let storage = &storage;
    lambda_http::run(service_fn(move |request: lambda_http::Request| {
        let router = router.clone();
        let id = request.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default();
        let span = tracing::info_span!("request", request_id = %id);
        let method = request.method().clone();
        let serve = async move {
            let response = router.oneshot(request).await?;
            let consumed = storage.units().take();
            tracing::info!(
                method = %method,
                status = response.status().as_u16(),
                read_units = consumed.read,
                write_units = consumed.write,
                "request answered"
            );
            Ok::<_, Error>(response)
        };
        REQUEST_ID.scope(id, serve.instrument(span))
    }))
    .await
}
