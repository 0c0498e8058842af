//! Writes of the same moment: one call, and each is made or refused by itself, once.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::alias::{Alias, AliasKind};
use domain::contact::Contact;
use domain::conversation::Conversation;
use domain::ids::{ContactId, ConversationId};
use domain::ingest::{Known, Plan, plan};
use domain::message::InboundMessage;
use futures_util::future::join_all;
use storage::{NewContact, Progress, Step, Storage};

use crate::calls::{Calls, Fate, watched};
use crate::table::Table;
use crate::world::*;

const PEOPLE: [&str; 5] = ["77079860001", "77079860002", "77079860003", "77079860004", "77079860005"];

/// Each person's message of a round.
fn said(person: &str, round: u32) -> InboundMessage {
    text(&format!("wamid.{person}.{round}"), person, "Olá")
}

fn contact_of(place: u128) -> ContactId {
    ContactId::generate(at(0), place)
}

/// A table on which five people wrote once, and a storage on it whose batches of writes have a fate.
async fn five_tickets(fate: Fate) -> (Table, Storage, Calls) {
    let table = Table::fresh().await;
    let storage = table.through(|client| client);
    for (place, person) in PEOPLE.iter().enumerate() {
        let aliases = vec![Alias::new(AliasKind::Phone, *person)];
        let id = contact_of(place as u128);
        let contact = Contact { aliases, ..Contact::new(id, at(0)) };
        storage.contact_or_new(&org(), &NewContact { contact }, None).await.unwrap();
        take(&storage, &connection("comercial"), &said(person, 0)).await.unwrap();
    }
    let (shared, calls) = watched(&table, "BatchExecuteStatement", fate);
    (table, shared, calls)
}

async fn state(storage: &Storage, place: usize) -> Conversation {
    let id = ConversationId::of(&connection("comercial").id, &contact_of(place as u128));
    storage.conversation(&org(), &id).await.unwrap().unwrap()
}

async fn planned(storage: &Storage, place: usize, message: &InboundMessage) -> Plan {
    let (comercial, contact) = (connection("comercial"), contact_of(place as u128));
    let id = ConversationId::of(&comercial.id, &contact);
    let (conversation, ticket) = storage.known(&org(), &contact, &id).await.unwrap();
    plan(Known { connection: &comercial, contact: &contact, conversation, ticket }, message, at(1))
}

/// Everybody's message of a round, taken at the same time.
async fn round(storage: &Storage, round: u32) {
    let comercial = connection("comercial");
    let messages = PEOPLE.map(|person| said(person, round));
    join_all(messages.iter().map(|message| take(storage, &comercial, message))).await;
}

async fn counted(storage: &Storage) -> Vec<u64> {
    let states = join_all((0..PEOPLE.len()).map(|place| state(storage, place))).await;
    states.iter().map(|state| state.in_seq).collect()
}

/// Every item, by its key.
async fn items(table: &Table) -> BTreeMap<String, HashMap<String, AttributeValue>> {
    let key = |item: &HashMap<String, AttributeValue>| format!("{:?} {:?}", item["pk"], item["sk"]);
    table.items().await.into_iter().map(|item| (key(&item), item)).collect()
}

#[tokio::test]
async fn what_is_written_at_once_is_one_call_and_costs_and_leaves_what_single_calls_do() {
    let (together, shared, calls) = five_tickets(Fate::Answered).await;
    let (apart, _, _) = five_tickets(Fate::Answered).await;
    let single = apart.through(|client| client);
    let _before = (shared.units().take(), calls.taken());
    round(&shared, 1).await;
    // Who wrote, their conversations and tickets; the messages and the conversations.
    let reads = ["BatchGetItem"; 3];
    assert_eq!(calls.taken(), [&reads[..], &["BatchExecuteStatement"; 2]].concat());
    round(&single, 1).await;
    // Not every engine counts what is read together.
    assert_eq!([&shared, &single].map(|storage| storage.units().take().write.to_string()), ["10", "10"]);
    assert_eq!(items(&together).await, items(&apart).await);
}

#[tokio::test]
async fn of_writes_at_once_each_is_refused_by_itself() {
    let (_table, shared, calls) = five_tickets(Fate::Answered).await;
    let comercial = connection("comercial");
    let messages = PEOPLE.map(|person| said(person, 1));
    let plans = join_all((0..5).map(|place| planned(&shared, place, &messages[place]))).await;
    // The second person's conversation moves on, and the third one's message has come before.
    take(&shared, &comercial, &said(PEOPLE[1], 2)).await;
    take(&shared, &comercial, &messages[2]).await;
    calls.taken();
    let carried_out = join_all(plans.iter().zip(&messages).map(async |(plan, message)| {
        let mut progress = Progress::default();
        shared.carry_out(&org(), (YEAR, at(1)), message, plan, &mut progress).await.unwrap()
    }));
    let done = Step::Done { opened: None };
    assert_eq!(carried_out.await, [done.clone(), Step::Stale, Step::Stale, done.clone(), done]);
    assert_eq!(calls.taken(), ["BatchExecuteStatement", "PutItem", "BatchExecuteStatement", "UpdateItem"]);
    assert_eq!(counted(&shared).await, [2, 2, 2, 2, 2]);
}

#[tokio::test]
async fn a_call_that_fails_is_made_alone_by_each_and_counts_once_whether_it_was_carried_out_or_not() {
    for fate in [Fate::Lost, Fate::Unanswered] {
        let (table, shared, calls) = five_tickets(fate).await;
        round(&shared, 1).await;
        assert!(calls.taken().iter().any(|call| call == "BatchExecuteStatement"));
        round(&shared, 1).await;
        assert_eq!(counted(&shared).await, [2; 5]);
        assert_eq!(tickets(&shared).await.len(), 5);
        let messages = table.items().await.into_iter().filter(|item| item.contains_key("mid")).count();
        assert_eq!(messages, 10);
    }
}

#[tokio::test]
async fn the_first_messages_of_several_people_at_once_are_all_there() {
    let table = Table::fresh().await;
    let (shared, calls) = watched(&table, "BatchExecuteStatement", Fate::Answered);
    round(&shared, 0).await;
    assert!(calls.taken().iter().filter(|call| *call == "BatchExecuteStatement").count() >= 2);
    let numbers: Vec<u64> = tickets(&shared).await.iter().map(|ticket| ticket.number.number).collect();
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    round(&shared, 1).await;
    assert_eq!(tickets(&shared).await.len(), 5);
}
