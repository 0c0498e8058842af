//! Which operations a storage calls.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use storage::Storage;

use crate::table::{Table, between};

/// The operations that were called.
#[derive(Clone, Default)]
pub(crate) struct Calls(Arc<Mutex<Vec<String>>>);

impl Calls {
    /// Those since the last time.
    pub(crate) fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is answered.
    Answered,
    /// It never reaches the engine.
    Lost,
    /// The engine carries it out, and its answer is lost.
    Unanswered,
}

/// A storage on the table that shares its calls, those of one operation with a fate, and the calls that it makes.
pub(crate) fn watched(table: &Table, operation: &'static str, fate: Fate) -> (Storage, Calls) {
    let calls = Calls::default();
    let noted = calls.clone();
    let call = move |engine: &SharedHttpConnector, request: HttpRequest| {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let called = target.rsplit('.').next().unwrap_or_default().to_owned();
        let fate = if called == operation { fate } else { Fate::Answered };
        noted.0.lock().unwrap().push(called);
        let lost = || Err(ConnectorError::user("lost".into()));
        match fate {
            Fate::Answered => engine.call(request),
            Fate::Lost => HttpConnectorFuture::ready(lost()),
            Fate::Unanswered => {
                let carried_out = engine.call(request);
                HttpConnectorFuture::new(async move { carried_out.await.and_then(|_| lost()) })
            }
        }
    };
    (table.through(|inner| between(inner, call)).sharing_calls(), calls)
}
