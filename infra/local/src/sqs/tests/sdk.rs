//! AWS's own client against the protocol over HTTP: what it sends is understood, what it gets it parses.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageAttributeValue,
    MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};
use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;

use super::*;

/// A client of a server that ends with the test.
async fn client(bench: &Bench) -> Client {
    let queues = bench.queues.clone();
    let answer = move |headers: HeaderMap, body: Bytes| async move {
        queues.handle(headers["x-amz-target"].to_str().unwrap(), &body).await.map(axum::body::Body::from)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = Router::new().route("/", post(answer));
    tokio::spawn(async move { axum::serve(listener, server).await });
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("operator", "operator", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(url);
    Client::from_conf(config.build())
}

#[tokio::test]
async fn a_message_makes_the_round_trip_with_everything_it_has() {
    let bench = Bench::new();
    let client = client(&bench).await;
    let created = client
        .create_queue()
        .queue_name("sdk.fifo")
        .attributes(QueueAttributeName::FifoQueue, "true")
        .attributes(QueueAttributeName::ContentBasedDeduplication, "true")
        .send()
        .await
        .unwrap();
    let url = client.get_queue_url().queue_name("sdk.fifo").send().await.unwrap().queue_url.unwrap();
    assert_eq!(Some(&url), created.queue_url.as_ref());
    let text = MessageAttributeValue::builder().data_type("String").string_value("olá").build().unwrap();
    let binary =
        MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([1, 2, 3])).build().unwrap();
    let number = MessageAttributeValue::builder().data_type("Number.int").string_value("42").build().unwrap();
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body("Meu pedido não chegou")
        .message_group_id("cnv_1")
        .message_attributes("kind", text.clone())
        .message_attributes("bytes", binary.clone())
        .message_attributes("count", number)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.md5_of_message_body(), Some("9f48e3d966eecd3fc2bece97ff61e4ea"));
    assert_eq!(sent.md5_of_message_attributes(), Some("19db2ce4e577e2e4091f050dfadf3eae"));
    let received = client
        .receive_message()
        .queue_url(&url)
        .wait_time_seconds(20)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("kind")
        .message_attribute_names("bytes")
        .send()
        .await
        .unwrap()
        .messages
        .unwrap();
    let message = &received[0];
    assert_eq!(message.body(), Some("Meu pedido não chegou"));
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    let shown = message.attributes().unwrap();
    assert_eq!(shown[&MessageSystemAttributeName::MessageGroupId], "cnv_1");
    assert_eq!(shown[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    assert_eq!(Some(shown[&MessageSystemAttributeName::SequenceNumber].as_str()), sent.sequence_number());
    let attributes = message.message_attributes().unwrap();
    assert_eq!((attributes.len(), &attributes["kind"], &attributes["bytes"]), (2, &text, &binary));
    client.delete_message().queue_url(&url).receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
    assert_eq!(bench.counts("sdk.fifo").await, [0, 0, 0]);
}

#[tokio::test]
async fn batches_report_each_entry() {
    let bench = Bench::new();
    let client = client(&bench).await;
    let url = client.get_queue_url().queue_name(STANDARD).send().await.unwrap().queue_url.unwrap();
    let entry =
        |id: &str, body: &str| SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap();
    let sent = client
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("good", "one"))
        .entries(entry("bad", "\u{1}"))
        .entries(entry("also", "two"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        sent.successful().iter().map(aws_sdk_sqs::types::SendMessageBatchResultEntry::id).collect::<Vec<_>>(),
        ["good", "also"]
    );
    assert_eq!((sent.failed()[0].id(), sent.failed()[0].code()), ("bad", "InvalidMessageContents"));
    let received = client.receive_message().queue_url(&url).max_number_of_messages(10).send().await.unwrap();
    let handles: Vec<_> = received.messages().iter().map(|message| message.receipt_handle().unwrap()).collect();
    let change = |id: &str, handle: &str| {
        ChangeMessageVisibilityBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(handle)
            .visibility_timeout(60)
            .build()
            .unwrap()
    };
    let changed = client
        .change_message_visibility_batch()
        .queue_url(&url)
        .entries(change("a", handles[0]))
        .entries(change("b", "nonsense"))
        .send()
        .await
        .unwrap();
    assert_eq!((changed.successful()[0].id(), changed.failed()[0].code()), ("a", "ReceiptHandleIsInvalid"));
    bench.advance(30);
    assert_eq!(bench.counts(STANDARD).await, [1, 1, 0]);
    let delete = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let deleted = client
        .delete_message_batch()
        .queue_url(&url)
        .entries(delete("a", handles[0]))
        .entries(delete("b", handles[1]))
        .entries(delete("c", "nonsense"))
        .send()
        .await
        .unwrap();
    assert_eq!((deleted.successful().len(), deleted.failed()[0].id()), (2, "c"));
    assert_eq!(bench.counts(STANDARD).await, [0, 0, 0]);
}

#[tokio::test]
async fn errors_arrive_as_the_clients_own_types() {
    let bench = Bench::new();
    let client = client(&bench).await;
    let error = client.get_queue_url().queue_name("absent").send().await.unwrap_err().into_service_error();
    assert!(error.is_queue_does_not_exist(), "{error:?}");
    assert_eq!(error.code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
    let url = client.get_queue_url().queue_name(STANDARD).send().await.unwrap().queue_url.unwrap();
    let error =
        client.delete_message().queue_url(&url).receipt_handle("x").send().await.unwrap_err().into_service_error();
    assert!(error.is_receipt_handle_is_invalid(), "{error:?}");
    let error = client.send_message_batch().queue_url(&url).send().await.unwrap_err().into_service_error();
    assert!(error.is_empty_batch_request(), "{error:?}");
    let error =
        client.send_message().queue_url(&url).message_body("\u{1}").send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_message_contents(), "{error:?}");
    let error = client.send_message().queue_url(&url).message_body("").send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("MissingParameter"));
    client.send_message().queue_url(&url).message_body("x").send().await.unwrap();
    let received = client.receive_message().queue_url(&url).send().await.unwrap().messages.unwrap();
    bench.advance(30);
    let change = client.change_message_visibility().queue_url(&url).visibility_timeout(5);
    let change = change.receipt_handle(received[0].receipt_handle().unwrap());
    let error = change.send().await.unwrap_err().into_service_error();
    assert!(error.is_message_not_inflight(), "{error:?}");
}

#[tokio::test]
async fn a_long_poll_over_http_ends_with_the_message_it_waited_for() {
    let bench = Bench::new();
    let client = client(&bench).await;
    let url = client.get_queue_url().queue_name(STANDARD).send().await.unwrap().queue_url.unwrap();
    let poll = tokio::spawn(client.receive_message().queue_url(&url).wait_time_seconds(20).send());
    while !bench.queues.wakes.is_awaited(STANDARD) {
        tokio::task::yield_now().await;
    }
    client.send_message().queue_url(&url).message_body("here").send().await.unwrap();
    let received = tokio::time::timeout(Duration::from_secs(10), poll).await.expect("the long poll ends").unwrap();
    assert_eq!(received.unwrap().messages()[0].body(), Some("here"));
}
