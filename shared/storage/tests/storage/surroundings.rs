//! What is shown beside tickets.

use domain::ids::ContactId;
use domain::ticket::Ticket;

use crate::table::fresh;
use crate::world::{add_agent, agent_id, at, connection, org, take, text};

#[tokio::test(flavor = "multi_thread")]
async fn each_ticket_has_what_is_its_own_and_a_contact_that_went_into_another_is_that_one() {
    let storage = fresh().await;
    let connection = connection("comercial");
    let ana = add_agent(&storage, "ana", 5).await;
    let [one, two] = [text("A", "77015550001", "a"), text("B", "77015550002", "b")];
    let mut first = take(&storage, &connection, &one).await.unwrap();
    let second = take(&storage, &connection, &two).await.unwrap();
    first.agent = Some(ana.id.clone());
    let ids = [first.contact.clone(), second.contact.clone()];
    let merged = storage.merge_contacts(&org(), &ids, &two.sender.aliases).await.unwrap();
    // More than one call can ask for.
    let strangers = (0..150).map(|n| Ticket {
        contact: ContactId::generate(at(n), 1),
        agent: Some(agent_id("nobody")),
        conversation: None,
        ..second.clone()
    });
    let page: Vec<Ticket> = [first.clone(), second.clone()].into_iter().chain(strangers).collect();
    let around = storage.surroundings(&page).await.unwrap();
    for ticket in [&first, &second] {
        assert_eq!(around.contact(ticket).unwrap().id, merged.id);
        assert_eq!(around.conversation(ticket).unwrap().id, ticket.conversation.clone().unwrap());
    }
    assert_eq!((around.agent_name(&first), around.agent_name(&second)), (Some("ana"), None));
    for stranger in &page[2..] {
        let found = (around.contact(stranger), around.conversation(stranger), around.agent_name(stranger));
        assert_eq!(found, (None, None, None));
    }
    assert_eq!(storage.surroundings(&[]).await.unwrap().agent_name(&first), None);
    for known in [None, Some(&ana)] {
        let around = storage.surroundings_of(&first, known).await.unwrap();
        assert_eq!(around.agent_name(&first), Some("ana"));
        assert_eq!(around.contact(&first).unwrap().id, merged.id);
        assert!(around.conversation(&first).is_some() && around.conversation(&second).is_none());
    }
}
