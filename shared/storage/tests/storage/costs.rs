//! The write units of each path, against the budget of docs/data-model.md, which has the same figures.

use domain::context::{Context, Referred, Side};
use domain::ids::ConversationId;
use storage::Consumed;

use crate::table::fresh;
use crate::world::*;

/// A message of ordinary length: what matters is that its item stays below 1 KB.
const TEXT: &str = "Bom dia! Fiz um pedido na semana passada e até agora não chegou, podem verificar por favor?";
const WAMID: &str = "wamid.HBgLNzcwNzk4NjEzNzMVAgASGBQzQTdCNDhDMzNEMUQ5N0Y5NkM2QgA=";

#[tokio::test(flavor = "multi_thread")]
async fn the_write_units_of_inbound_messages_keep_their_budget() {
    let storage = fresh().await;
    let connection = connection("comercial");
    let taken = async |id: &str, from: &str| {
        storage.units().take();
        take(&storage, &connection, &text(id, from, TEXT)).await;
        storage.units().take()
    };
    let with_contact = taken(WAMID, "77079861373").await;
    assert!(with_contact.write <= 12.0, "a new ticket with a new contact: {with_contact:?}");
    let further = taken(&format!("{WAMID}2"), "77079861373").await;
    assert!(further.write <= 2.0, "a further message: {further:?}");
    let suporte = crate::world::connection("suporte");
    storage.units().take();
    take(&storage, &suporte, &text(WAMID, "77079861373", TEXT)).await.unwrap();
    let known = storage.units().take();
    assert!(known.write <= 9.0, "a new ticket of a known contact: {known:?}");
    let mean = 0.85 * further.write + 0.15 * known.write;
    assert!(mean <= 3.2, "mean at 15 % new tickets: {mean}");
    let again = taken(WAMID, "77079861373").await;
    assert!(again.write <= 1.0, "a repeated message: {again:?}");
    println!("new contact {with_contact:?}, known contact {known:?}, further {further:?}, repeated {again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_units_of_the_other_paths_are_as_the_data_model_says() {
    let storage = fresh().await;
    add_agent(&storage, "ana", 5).await;
    let opened = take(&storage, &connection("comercial"), &text(WAMID, "77079861373", TEXT)).await.unwrap();
    storage.units().take();
    let claimed = storage.change_ticket(&opened.claimed_by(&agent_id("ana"), at(5)).unwrap()).await.unwrap();
    let claim = storage.units().take();
    storage.tickets_by_number(&org(), 2, 10).await.unwrap();
    let list = storage.units().take();
    storage.statistics(&org()).await.unwrap();
    let statistics = storage.units().take();
    println!("claim {claim:?}, list {list:?}, statistics {statistics:?}");
    assert_eq!(claim, Consumed { read: 0.0, write: 11.0 });
    assert!(list.read <= 1.0 && list.write == 0.0, "{list:?}");
    assert!(statistics.read <= 2.0 && statistics.write == 0.0, "{statistics:?}");
    assert_eq!(claimed.version, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_refers_to_is_found_in_a_few_calls_and_an_answer_costs_what_a_message_costs() {
    let storage = fresh().await;
    let connection = connection("comercial");
    for n in 0..101 {
        let mut said = text(&format!("{WAMID}{n}"), "77079861373", TEXT);
        said.sent_at = at(n);
        take(&storage, &connection, &said).await;
    }
    let writer = contact(&storage, &text(WAMID, "77079861373", TEXT)).await;
    let conversation = ConversationId::of(&connection.id, &writer);
    let mut answer = text("wamid.ANSWER", "77079861373", TEXT);
    answer.sent_at = at(200);
    let referred =
        Referred { side: Some(Side::Out), text: Some("x".repeat(200)), ..Referred::new(&format!("{WAMID}50")) };
    let context = Context { reply_to: Some(referred), ..Context::default() };
    answer.content.context = context.unless_empty();
    storage.units().take();
    take(&storage, &connection, &answer).await;
    let taken = storage.units().take();
    assert!(taken.write <= 2.0, "an answer: {taken:?}");
    let page = storage.messages(&org(), &conversation, None, 1).await.unwrap();
    storage.units().take();
    let place = storage::Shown { connection: Some(&connection.id), conversations: std::slice::from_ref(&conversation) };
    let found = storage.referred(&org(), place, &page).await.unwrap();
    let looked = storage.units().take();
    println!("answer {taken:?}, look back {looked:?}");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].content.text.as_deref(), Some(TEXT));
    assert!(looked.read <= 8.0 && looked.write == 0.0, "{looked:?}");
    // Nothing on it refers to anything: nothing is read.
    let plain = storage.messages(&org(), &conversation, Some(&page[0].reference), 1).await.unwrap();
    storage.units().take();
    assert_eq!(storage.referred(&org(), place, &plain).await.unwrap().len(), 0);
    assert_eq!(storage.units().take(), Consumed { read: 0.0, write: 0.0 });
    // Nor is anything found that lies in a conversation which may not be seen.
    let nowhere = storage::Shown { connection: Some(&connection.id), conversations: &[] };
    assert_eq!(storage.referred(&org(), nowhere, &page).await.unwrap().len(), 0);
}
