//! What the operator sees and puts right: status and redrive.

use serde_json::{Value, json};

use crate::refusals::refuses;
use crate::world::cloud_api::COMERCIAL;
use crate::world::{Host, SOON, eventually, people};

/// The exit code of `status`, and its report.
fn status(host: &Host) -> (Option<i32>, Value) {
    let output = host.program(&["status", "--json"]).output().unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

fn named<'a>(report: &'a Value, list: &str, name: &str) -> &'a Value {
    report[list].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap()
}

/// Sends a message to `push`, which has no consumer, and receives it until it is given up.
async fn give_up(host: &Host, body: &str) {
    let url = host.aws("AmazonSQS.GetQueueUrl", &json!({ "QueueName": "turno-push" })).await["QueueUrl"].take();
    host.aws("AmazonSQS.SendMessage", &json!({ "QueueUrl": url, "MessageBody": body })).await;
    eventually("the message is given up", SOON, async || {
        host.aws("AmazonSQS.ReceiveMessage", &json!({ "QueueUrl": url, "VisibilityTimeout": 0 })).await;
        (host.depth("push-dead").await == (1, 0)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_queue_is_told_of_until_its_messages_are_moved_back() {
    let host = Host::fresh().await;
    let (code, report) = status(&host);
    assert_eq!(code, Some(0), "{report}");
    assert!(host.command(&["status"]).ends_with("All is well."));

    give_up(&host, "once more").await;
    let (code, report) = status(&host);
    assert_eq!(code, Some(2), "{report}");
    let dead = named(&report, "queues", "turno-push-dead");
    assert_eq!((&dead["waiting"], &dead["dead_letters_of"]), (&json!(1), &json!(["turno-push"])));
    assert!(dead["oldest_age_secs"].is_u64());
    let shown = host.program(&["status"]).output().unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(shown.status.code(), Some(2));
    assert!(text.contains("push-dead (dead letters)") && text.contains("`redrive push-dead`"), "{text}");

    refuses(
        &mut host.program(&["redrive", "pushed"]),
        &["pushed is no dead-letter queue", "inbound-dead", "push-dead"],
    );
    refuses(&mut host.program(&["redrive", "relay-dead"]), &["failures of relay"]);
    let told = host.command(&["redrive", "push", "--rate", "5"]);
    assert_eq!(told, "1 message moved from turno-push-dead to turno-push");
    assert_eq!(status(&host).0, Some(0));
    assert_eq!(host.command(&["redrive", "push"]), "0 messages moved from turno-push-dead to turno-push");
    let url = host.aws("AmazonSQS.GetQueueUrl", &json!({ "QueueName": "turno-push" })).await["QueueUrl"].take();
    let received = host.aws("AmazonSQS.ReceiveMessage", &json!({ "QueueUrl": url, "AttributeNames": ["All"] })).await;
    let message = &received["Messages"][0];
    assert_eq!(
        (&message["Body"], &message["Attributes"]["ApproximateReceiveCount"]),
        (&json!("once more"), &json!("1"))
    );

    // What was sent there by hand came from nowhere.
    let url = host.aws("AmazonSQS.GetQueueUrl", &json!({ "QueueName": "turno-push-dead" })).await["QueueUrl"].take();
    host.aws("AmazonSQS.SendMessage", &json!({ "QueueUrl": url, "MessageBody": "by hand" })).await;
    refuses(&mut host.program(&["redrive", "push"]), &["0 messages moved", "sent to turno-push-dead directly"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_shows_tables_streams_and_functions_and_which_of_them_keeps_failing() {
    let host = Host::fresh().await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let read = |report: &Value| report["streams"][0]["oldest_unread_age_secs"].is_null().then_some(());
    eventually("the stream is read", SOON, async || read(&status(&host).1)).await;
    let (_, report) = status(&host);
    assert!(report["tables"][0]["items"].as_u64().unwrap() > 10, "{report}");
    assert!(report["data_bytes"].as_u64().unwrap() > 10_000, "{report}");
    let ingest = named(&report, "functions", "turno-ingest");
    assert!(ingest["invocations"].as_u64().unwrap() >= 1 && ingest["failures"] == 0, "{ingest}");
    assert!(ingest["processes"][0]["memory_bytes"].as_u64().unwrap() > 1_000_000, "{ingest}");

    // An event that is none fails the function each time.
    let url = format!("{}/2015-03-31/functions/sla-scan/invocations", host.aws_url);
    let report = eventually("the function is told of", SOON, async || {
        for _ in 0..3 {
            host.http.post(&url).header("authorization", host.operator()).body("[]").send().await.unwrap();
        }
        // The minute's own scan may have come in between, and succeeded.
        let (code, report) = status(&host);
        (code == Some(2)).then_some(report)
    })
    .await;
    let scan = named(&report, "functions", "turno-sla-scan");
    assert!(scan["failures_in_a_row"].as_u64().unwrap() >= 3, "{scan}");
    assert!(scan["last_failure"]["reason"].is_string(), "{scan}");
    host.command(&["fire", "sla-scan"]);
    assert_eq!(status(&host).0, Some(0));
}
