//! Every permission of the template is needed, and its absence is noticed (invariant of the roles: exactly what is used).
//!
//! The host counts, for each action of each statement on each resource, the calls that nothing else of the role would have
//! allowed. One journey over everything that the product does shows that there is no action without such a call; for one
//! action of each function the absence itself is shown, and for each action of a mapping, that nothing starts without it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::baileys::{self, TOKEN};
use crate::world::cloud_api::{self, APP_SECRET, COMERCIAL};
use crate::world::template::Template;
use crate::world::{Host, SOON, Session, binaries, eventually, people, program};

/// What AWS's own machinery calls for a function and nothing on one machine does, with the page that asks for it.
const WITHOUT_COUNTERPART: [(&str, &str); 2] = [
    // The host's standard output is the log of every function.
    ("logs:CreateLogStream", "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"),
    ("logs:PutLogEvents", "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"),
];
/// Needed where a batch of changes is given up, which no journey over a whole template makes happen.
const SET_ASIDE: &str = "SetAside";

/// The polling of a queue and of a stream: statement, function and actions. A mapping without one of them is not created.
const MAPPINGS: [(&str, &str, &[&str]); 4] = [
    ("ingest", "ConsumeInbound", &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
    ("send", "ConsumeOutbound", &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
    ("media", "ConsumeMedia", &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
    (
        "relay",
        "ReadChanges",
        &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_permission_is_needed_and_its_absence_is_noticed() {
    let data = tempfile::tempdir().unwrap();
    let host = Host::on(data.path()).await;
    everything(&host).await;
    let permissions = host.permissions().await;
    let statements: BTreeSet<_> = permissions.iter().map(|of| (text(of, "function"), text(of, "sid"))).collect();
    assert_eq!(statements.len(), Template::whole().statements());
    let functions: BTreeSet<_> = statements.iter().map(|(function, _)| *function).collect();
    assert_eq!(functions.len(), binaries::functions().len());
    let superfluous: Vec<_> = permissions.iter().filter(|of| of["alone"] == 0 && !is_excused(of)).collect();
    assert!(superfluous.is_empty(), "nothing needs these: {superfluous:#?}");
    host.stop();
    one_missing_in_each_function(data.path()).await;
}

#[test]
fn no_mapping_starts_without_an_action_that_lambda_asks_for() {
    let data = tempfile::tempdir().unwrap();
    let relay = ("relay", SET_ASIDE, &["sqs:SendMessage"][..]);
    for (function, sid, actions) in MAPPINGS.into_iter().chain([relay]) {
        for action in actions {
            let part = (actions.len() > 1).then_some(*action);
            let template = Template::whole().without(function, sid, part).write(data.path());
            let mut command = program();
            command.args(["--memory", "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0", "--data"]);
            command.arg(data.path().join("data")).arg("--functions").arg(binaries::directory());
            let output = command.arg("--template").arg(template).output().unwrap();
            let told = String::from_utf8(output.stderr).unwrap();
            let expected = "turno: template: an event source mapping: User: arn:aws:sts::000000000000:assumed-role/";
            assert_eq!(output.status.code(), Some(1), "{action}: {told}");
            assert!(told.starts_with(expected) && told.contains(action), "{action}: {told}");
        }
    }
}

/// What the product does, once: each function in each of its ways.
async fn everything(host: &Host) {
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    // Two ids of one person, one of which may be known.
    let mut said = baileys::message("2110", "3EB0A", &json!({ "conversation": people::words(1) }));
    said["key"]["remoteJid"] = json!("2110@lid");
    said["key"]["remoteJidAlt"] = json!(format!("{}@s.whatsapp.net", people::phone(2)));
    host.post_baileys(TOKEN, &baileys::upsert("notify", &[said])).await.expect(200);
    // One that the queue cannot hold.
    let long = cloud_api::text(&people::phone(1), &people::message_id(), &"x".repeat(1_100_000));
    host.post_whatsapp(&cloud_api::body(&[cloud_api::messages(COMERCIAL, &[long])])).await.expect(200);
    host.settled().await;
    // One whose file came with it.
    let picture = json!({ "imageMessage": { "mimetype": "image/png" }, "base64": "eA==" });
    let said = baileys::message(&people::phone(2), "3EB0F", &picture);
    host.post_baileys(TOKEN, &baileys::upsert("notify", &[said])).await.expect(200);
    // What conversations do not count may have been told with another time.
    let liked = json!({ "reactionMessage": { "key": { "id": "3EB0F" }, "text": "👍" } });
    let said = baileys::message(&people::phone(2), "3EB10", &liked);
    host.post_baileys(TOKEN, &baileys::upsert("notify", &[said])).await.expect(200);
    // What nobody understands is kept for inspection.
    host.post_signed("/webhook/whatsapp", APP_SECRET, b"{\"object\":\"page\"}".to_vec()).await.expect(200);
    host.settled().await;

    let ana = host.agent("ana");
    ana.post("/api/tickets/1/claim", json!({})).await.expect(200);
    for path in ["", "/stats", "/queue", "/my-tickets", "/1", "/1/messages"] {
        ana.get(&format!("/api/tickets{path}")).await.expect(200);
    }
    let read = ana.get("/api/v2/tickets/1").await.expect(200)["data"].take();
    ana.get("/api/v2/tickets").await.expect(200);
    // The first answer changes the ticket, the second only makes sure that it is as it was.
    for n in 2..4 {
        ana.post("/api/tickets/1/messages", json!({ "body": people::words(n) })).await.expect(201);
    }
    eventually("both answers are read", SOON, async || {
        let messages = ana.get("/api/tickets/1/messages").await.expect(200);
        (messages[2]["status"] == "read" && messages[3]["status"] == "read").then_some(())
    })
    .await;
    // One that waits as long as the provider asks for.
    host.script(&people::phone(1), &[json!({ "outcome": "refuse", "status": 400, "code": 131_056 })]).await;
    ana.post("/api/tickets/1/messages", json!({ "body": people::words(4) })).await.expect(201);
    eventually("the third is read", SOON, async || {
        (ana.get("/api/tickets/1/messages").await.expect(200)[4]["status"] == "read").then_some(())
    })
    .await;
    make_a_ticket(&ana, &read).await;
    let conversation = report_as_a_model(host, "2").await;
    assert!(conversation.starts_with("cnv_"));
    // A file that comes at the second try, and is looked at.
    let file = host.attach("image/png", b"file".to_vec(), "error").await;
    host.say_file(COMERCIAL, &people::phone(1), "image", file).await;
    let path = eventually("the file is kept", SOON, async || with_file(&ana, "stored").await).await;
    let link = ana.get(&format!("{path}/media")).await.expect(200);
    assert_eq!(host.download(&link).await, b"file");
    // One that goes out.
    let upload = ana.upload("nota.pdf", "application/pdf", b"bytes").await;
    let body = json!({ "type": "document", "document": { "upload": upload } });
    ana.post("/v3/tickets/1/messages", body).await.expect(201);
    eventually("the upload is read", SOON, async || {
        let messages = ana.get("/api/tickets/1/messages").await.expect(200);
        (messages.as_array()?.last()?["status"] == "read").then_some(())
    })
    .await;
    // And one that does not come.
    let file = host.attach("image/png", b"file".to_vec(), "gone").await;
    host.say_file(COMERCIAL, &people::phone(1), "image", file).await;
    eventually("the file is given up", SOON, async || with_file(&ana, "failed").await).await;
    // Several people at the same moment, and again.
    for _ in 0..2 {
        let text = |n: usize| cloud_api::text(&people::phone(n), &people::message_id(), &people::words(n));
        let texts: Vec<Value> = (10..15).map(text).collect();
        host.post_whatsapp(&cloud_api::body(&[cloud_api::messages(COMERCIAL, &texts)])).await.expect(200);
        host.settled().await;
    }
    let resolved = json!({ "status": "resolved", "reason": "journey" });
    ana.put("/api/v2/tickets/1/status", resolved).await.expect(200);
    let late = (runtime::clock::now() + jiff::SignedDuration::from_hours(24)).to_string();
    let fired: Value = serde_json::from_str(&host.command(&["fire", "sla-scan", "--at", &late])).unwrap();
    assert_ne!(fired["breaches"], 0);
    eventually("the last change is told to both queues", SOON, async || {
        let is_alarm = |event: &Value| event["kind"] == "sla_breach_alert";
        let (push, automation) = (host.take_events("push").await, host.take_events("automation").await);
        (push.iter().any(is_alarm) || automation.iter().any(is_alarm)).then_some(())
    })
    .await;
}

/// The path in `/v3` of the message of ticket 1 whose file is in this state.
async fn with_file(agent: &Session, state: &str) -> Option<String> {
    let messages = agent.get("/api/tickets/1/messages").await.expect(200);
    let message = messages.as_array().unwrap().iter().find(|message| message["media"]["state"] == state)?;
    Some(format!("/v3/messages/{}", text(message, "id")))
}

async fn make_a_ticket(agent: &Session, like: &Value) {
    let shown = agent.get("/api/tickets/1").await.expect(200);
    let wanted = json!({
        "customerId": shown["contactId"], "conversationId": shown["conversationId"], "priority": "urgent",
        "title": people::words(3), "description": people::words(4),
    });
    let made = agent.post("/api/v2/tickets", wanted).await.expect(201);
    assert_ne!(made["data"]["ticketNumber"], like["ticketNumber"]);
}

/// What a model does for the customer of a ticket: gives its ticket words, makes another, and asks for one by its number.
async fn report_as_a_model(host: &Host, ticket: &str) -> String {
    let shown = host.agent("dora").get(&format!("/api/tickets/{ticket}")).await.expect(200);
    let conversation = shown["conversationId"].as_str().unwrap().to_owned();
    let report = |n: usize| json!({ "title": people::words(n), "description": people::words(n), "priority": "high" });
    let call = |id: &str, name: &str, arguments: Value| json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } });
    let calls = json!([
        call("1", "create_ticket_report", report(2)),
        call("2", "create_ticket_report", report(3)),
        call("3", "get_ticket_information", json!({ "ticketId": ticket })),
        call("4", "get_reply_context", json!({})),
    ]);
    let bot = host.signed_in(host.command(&["key", "create", "--name", "bot"]));
    let body = json!({ "conversation_id": conversation, "tool_calls": calls });
    let told = bot.post("/v3/assistant/tool-calls", body).await.expect(200);
    let outputs: Vec<&str> =
        told["tool_outputs"].as_array().unwrap().iter().map(|told| told["output"].as_str().unwrap()).collect();
    assert!(outputs[..2].iter().all(|output| output.contains("\"success\":true")), "{outputs:?}");
    conversation
}

/// A host on the same data whose functions miss one permission each.
async fn one_missing_in_each_function(data: &std::path::Path) {
    let place = tempfile::tempdir().unwrap();
    let template = Template::whole()
        .without("webhook", "FindConnection", None)
        .without("ingest", "KeepMessages", Some("dynamodb:PutItem"))
        .without("tickets", "ListTickets", Some("!Sub \"${Table.Arn}/index/board\""))
        .without("claim", "FindByNumber", None)
        .without("assistant", "FindByNumber", None)
        .without("relay", "FanOut", Some("!GetAtt PushQueue.Arn"))
        .without("send", "ReadAccessTokens", None)
        .without("media", "ReadAccessTokens", None)
        .without("sla-scan", "FindDue", None)
        // A batch that cannot be told is given up at once, so that the journey need not wait for ten tries.
        .with("MaximumRetryAttempts: 10", "MaximumRetryAttempts: 0");
    let mut host = Host::crippled(data, &template.write(place.path())).await;
    // The batch that is given up below; and an answer now, to a ticket that the scan of tomorrow found late.
    host.will_break(&["relay-dead: their events were not told", "was recorded as late, but it was in time"]);
    // What the host before has told.
    host.take_events("push").await;
    let (ana, bruno) = (host.agent("ana"), host.agent("bruno"));
    let said = baileys::message(&people::phone(3), "3EB0B", &json!({ "conversation": people::words(1) }));
    host.post_baileys(TOKEN, &baileys::upsert("notify", &[said])).await.expect(503);
    host.say(COMERCIAL, &people::phone(4)).await;
    assert!(ana.get("/api/tickets/queue").await.status >= 500);
    assert!(bruno.post("/api/tickets/2/claim", json!({})).await.status >= 500);
    // The model is told that it did not work, and that is all.
    report_as_a_model(&host, "3").await;
    let late = (runtime::clock::now() + jiff::SignedDuration::from_hours(48)).to_string();
    let fired = program().args(["fire", "sla-scan", "--at", &late, "--data"]).arg(data).output().unwrap();
    assert_eq!(fired.status.code(), Some(1));
    // A file that was given up is asked for again.
    let path = with_file(&ana, "failed").await.unwrap();
    ana.post(&format!("{path}/media/retry"), json!({})).await.expect(202);
    // What does not need the missing permissions works: the answer is stored, and relayed to the queue of `send`.
    ana.post("/api/tickets/3/messages", json!({ "body": people::words(5) })).await.expect(201);

    let expected: BTreeSet<_> = [
        ("AssistantFunction", "dynamodb:Query"),
        ("ClaimFunction", "dynamodb:Query"),
        ("IngestFunction", "dynamodb:PutItem"),
        ("MediaFunction", "secretsmanager:GetSecretValue"),
        ("RelayFunction", "sqs:SendMessage"),
        ("SendFunction", "secretsmanager:GetSecretValue"),
        ("SlaScanFunction", "dynamodb:Query"),
        ("TicketsFunction", "dynamodb:Query"),
        ("WebhookFunction", "dynamodb:GetItem"),
    ]
    .map(|(function, action)| (function.to_owned(), action.to_owned()))
    .into();
    eventually("every function is refused what it misses, and nothing else", SOON, async || {
        (refusals(&host) == expected).then_some(())
    })
    .await;
    eventually("the given-up batch is told", SOON, async || {
        let permissions = host.permissions().await;
        let set_aside = permissions.iter().find(|of| of["sid"] == SET_ASIDE).unwrap();
        (set_aside["alone"] != 0 && host.depth("relay-dead").await != (0, 0)).then_some(())
    })
    .await;
    assert_eq!(host.take_events("push").await, [] as [Value; 0]);
    let messages = ana.get("/api/tickets/3/messages").await.expect(200);
    assert_eq!(messages.as_array().unwrap().last().unwrap()["status"], "queued");
    assert_eq!(host.agent("carla").get("/api/tickets").await.expect(200)["pagination"]["total"], 11);
    assert_eq!(host.depth("inbound.fifo").await, (0, 1));
}

/// Which function was refused which action.
fn refusals(host: &Host) -> BTreeSet<(String, String)> {
    let part = |line: &str, before: &str, after: char| {
        Some(line.split_once(before)?.1.split(after).next().unwrap_or_default().to_owned())
    };
    let refused = |line: &String| Some((part(line, "assumed-role/", '/')?, part(line, "to perform: ", ' ')?));
    host.output.lines().iter().filter(|line| line.contains("a call was refused")).filter_map(refused).collect()
}

fn is_excused(permission: &Value) -> bool {
    WITHOUT_COUNTERPART.iter().any(|(action, _)| permission["action"] == *action) || permission["sid"] == SET_ASIDE
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap()
}
