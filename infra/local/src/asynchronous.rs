//! Asynchronous invocations: an event that Lambda has accepted and tries again while its function fails.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;

use crate::lambda::{InvokeError, Lambda};

/// Lambda waits a minute before the second attempt and two before the third.
const FIRST_PAUSE: Duration = Duration::from_mins(1);

/// Runs the event up to `1 + retries` times. What is given up is in the log alone: no destination is configured.
pub(crate) async fn run(lambda: Arc<Lambda>, function: String, payload: Bytes, retries: u32) {
    for attempt in 0..=retries {
        match lambda.invoke(&function, payload.clone()).await {
            Ok(_) | Err(InvokeError::Stopping) => return,
            Err(error) if attempt < retries => {
                let pause = FIRST_PAUSE * (attempt + 1);
                tracing::warn!(function, %error, "an event failed; it is tried again in {pause:?}");
                tokio::time::sleep(pause).await;
            }
            Err(error) => tracing::error!(function, %error, "an event was given up"),
        }
    }
}
