//! What only the real service does: it cancels a transaction because another one holds its items, throttles, and loses answers.
//!
//! No local engine emits these, so a client between the code and the engine makes them up, in the service's own shapes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use storage::Error;

use crate::table::{between, fresh_through};
use crate::world::*;

/// What happens to the next calls of an operation.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// The service refuses the write or cancels the transaction: another transaction holds an item.
    Conflict,
    /// The service carries the call out, and its answer is lost.
    LostAnswer,
}

const CANCELLED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict, None]",
    "CancellationReasons":[{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"},{"Code":"None"}]}"#;
const CONFLICT: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException",
    "message":"Transaction is ongoing for the item"}"#;

fn refusal(body: &'static str) -> HttpResponse {
    let mut response = HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}

/// A storage whose first `times` calls of one operation meet the fault, and how many of them are left.
async fn through(operation: &'static str, fault: Fault, times: u32) -> (storage::Storage, Arc<AtomicU32>) {
    let left = Arc::new(AtomicU32::new(times));
    let counter = Arc::clone(&left);
    let call = move |engine: &SharedHttpConnector, request: HttpRequest| {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let meets = target.ends_with(operation)
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        match (meets, fault) {
            (false, _) => engine.call(request),
            (true, Fault::Conflict) if target.ends_with("TransactWriteItems") => {
                HttpConnectorFuture::ready(Ok(refusal(CANCELLED)))
            }
            (true, Fault::Conflict) => HttpConnectorFuture::ready(Ok(refusal(CONFLICT))),
            (true, Fault::LostAnswer) => {
                let answer = engine.call(request);
                HttpConnectorFuture::new(async move {
                    answer.await?;
                    Err(ConnectorError::io("the connection broke".into()))
                })
            }
        }
    };
    (fresh_through(|inner| between(inner, call)).await, counter)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_met_others_is_tried_again_and_leaves_no_gap() {
    let (storage, left) = through("TransactWriteItems", Fault::Conflict, 5).await;
    for n in 1..=3 {
        let message = text("wamid.1", &format!("7707986137{n}"), "Oi");
        assert_eq!(take(&storage, &connection("comercial"), &message).await.unwrap().number.number, n);
    }
    assert_eq!(left.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_write_that_met_a_transaction_is_tried_again() {
    for operation in ["PutItem", "UpdateItem"] {
        let (storage, left) = through(operation, Fault::Conflict, 2).await;
        let connection = connection("comercial");
        for n in 1..=3 {
            take(&storage, &connection, &text(&format!("wamid.{n}"), "77079861373", "Oi")).await;
        }
        assert_eq!(left.load(Ordering::SeqCst), 0, "{operation}");
        let id = tickets(&storage).await[0].conversation.clone().unwrap();
        assert_eq!(storage.conversation(&org(), &id).await.unwrap().unwrap().in_seq, 3, "{operation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contention_without_end_is_told_as_unavailable_and_writes_nothing() {
    let (storage, _) = through("TransactWriteItems", Fault::Conflict, u32::MAX).await;
    let message = text("wamid.1", "77079861373", "Oi");
    let contact = contact(&storage, &message).await;
    let connection = connection("comercial");
    let known = domain::ingest::Known { connection: &connection, contact: &contact, conversation: None, ticket: None };
    let plan = domain::ingest::plan(known, &message, at(1));
    let outcome = storage.carry_out(&org(), (YEAR, at(1)), &message, &plan, &mut storage::Progress::default()).await;
    assert!(matches!(outcome, Err(Error::Unavailable { .. })), "{outcome:?}");
    assert_eq!(storage.ticket_count(&org()).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_does_not_count_a_message_or_a_ticket_twice() {
    for operation in ["PutItem", "UpdateItem", "TransactWriteItems"] {
        let (storage, left) = through(operation, Fault::LostAnswer, 1).await;
        let connection = connection("comercial");
        for n in 1..=3 {
            take(&storage, &connection, &text(&format!("wamid.{n}"), "77079861373", "Oi")).await;
        }
        assert_eq!(left.load(Ordering::SeqCst), 0, "{operation}");
        let tickets = tickets(&storage).await;
        assert_eq!(tickets.len(), 1, "{operation}");
        let id = tickets[0].conversation.clone().unwrap();
        assert_eq!(storage.conversation(&org(), &id).await.unwrap().unwrap().in_seq, 3, "{operation}");
        assert_eq!(storage.messages(&org(), &id, None, 10).await.unwrap().len(), 3, "{operation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_at_sending_recognises_itself_after_a_lost_answer() {
    let (storage, left) = through("UpdateItem", Fault::LostAnswer, 1).await;
    let reference = crate::statuses::queued(&storage).await;
    assert!(storage.begin_sending(&org(), &reference, "record.1").await.unwrap());
    assert_eq!(left.load(Ordering::SeqCst), 0);
    assert!(!storage.begin_sending(&org(), &reference, "record.2").await.unwrap());
}
