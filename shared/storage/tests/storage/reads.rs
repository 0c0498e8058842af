//! Reads of the same moment: one call, and each has its own item.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use storage::Storage;

use crate::table::{Table, between};
use crate::world::{add_agent, agent_id, org};

/// The operations that were called.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<String>>>);

impl Calls {
    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Three agents, a storage that shares its reads and loses those of one kind, and the calls that it makes.
async fn watched(lost: Option<&'static str>) -> (Storage, Calls) {
    let table = Table::fresh().await;
    let storage = table.through(|client| client);
    for name in ["ana", "bruno", "carla"] {
        add_agent(&storage, name, 1).await;
    }
    let calls = Calls::default();
    let noted = calls.clone();
    let call = move |engine: &SharedHttpConnector, request: HttpRequest| {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let is_lost = lost == Some(operation.as_str());
        noted.0.lock().unwrap().push(operation);
        if is_lost {
            return HttpConnectorFuture::ready(Err(ConnectorError::user("lost".into())));
        }
        engine.call(request)
    };
    (table.through(|inner| between(inner, call)).sharing_reads(), calls)
}

async fn name(storage: &Storage, id: &str) -> Option<String> {
    storage.agent(&org(), &agent_id(id)).await.unwrap().map(|agent| agent.name)
}

const ASKED: [&str; 5] = ["carla", "ana", "nobody", "ana", "bruno"];

#[tokio::test]
async fn what_is_asked_for_at_once_is_one_call_and_one_alone_is_as_ever() {
    let (storage, calls) = watched(None).await;
    let names = join_all(ASKED.map(|id| name(&storage, id))).await;
    let found = names.iter().map(|name| name.as_deref().unwrap_or("nobody")).collect::<Vec<_>>();
    assert_eq!((found.as_slice(), calls.taken()), (&ASKED[..], vec!["BatchGetItem".to_owned()]));
    assert_eq!(name(&storage, "ana").await.as_deref(), Some("ana"));
    assert_eq!(calls.taken(), ["GetItem"]);
    // A contact may be read as it was a moment ago, an agent may not.
    let contact = domain::ids::ContactId::generate(crate::world::at(0), 1);
    let org = org();
    let (contact, ana) = tokio::join!(storage.contact(&org, &contact), name(&storage, "ana"));
    assert_eq!((contact.unwrap(), ana.as_deref()), (None, Some("ana")));
    assert_eq!(calls.taken(), ["GetItem", "GetItem"]);
}

#[tokio::test]
async fn who_is_left_by_the_first_and_whose_call_fails_reads_alone() {
    let (storage, calls) = watched(Some("BatchGetItem")).await;
    let names = join_all(ASKED.map(|id| name(&storage, id))).await;
    assert_eq!(names.iter().flatten().count(), 4);
    assert_eq!(calls.taken().iter().filter(|call| *call == "GetItem").count(), 5);
    let mut first = Box::pin(name(&storage, "ana"));
    let mut second = Box::pin(name(&storage, "bruno"));
    assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
    drop(first);
    assert_eq!(second.await.as_deref(), Some("bruno"));
    assert_eq!(calls.taken(), ["GetItem"]);
}
