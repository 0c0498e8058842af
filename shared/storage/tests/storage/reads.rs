//! Reads of the same moment: one call, and each has its own item.

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use storage::Storage;

use crate::calls::{Calls, Fate, watched};
use crate::table::Table;
use crate::world::{add_agent, agent_id, org};

/// A storage on a table with three agents, whose batches of reads have a fate.
async fn three_agents(fate: Fate) -> (Storage, Calls) {
    let table = Table::fresh().await;
    for name in ["ana", "bruno", "carla"] {
        add_agent(&table.through(|client| client), name, 1).await;
    }
    watched(&table, "BatchGetItem", fate)
}

async fn name(storage: &Storage, id: &str) -> Option<String> {
    storage.agent(&org(), &agent_id(id)).await.unwrap().map(|agent| agent.name)
}

const ASKED: [&str; 5] = ["carla", "ana", "nobody", "ana", "bruno"];

#[tokio::test]
async fn what_is_asked_for_at_once_is_one_call_and_one_alone_is_as_ever() {
    let (storage, calls) = three_agents(Fate::Answered).await;
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
    let (storage, calls) = three_agents(Fate::Lost).await;
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
