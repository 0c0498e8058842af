//! What a message is about is told by every message API: what it answers, the advertisement that it came from, a call, a voice note.

use domain::connection::CallPolicy;
use serde_json::{Value, json};

use crate::world::baileys::{TOKEN, message, upsert};
use crate::world::cloud_api::{self, COMERCIAL};
use crate::world::{Host, SOON, Session, demo, eventually, people};

/// A message of the first person, as the Cloud API delivers it.
fn cloud(id: &str, rest: Value) -> Value {
    let mut said = cloud_api::text(&people::phone(1), id, &people::words(2));
    if let Value::Object(rest) = rest {
        rest.into_iter().for_each(|(name, value)| said[name] = value);
    }
    cloud_api::body(&[cloud_api::messages(COMERCIAL, &[said])])
}

async fn shown(agent: &Session) -> Vec<Value> {
    serde_json::from_value(agent.get("/v3/tickets/1/messages").await.expect(200)["data"].take()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_of_answers_is_seen_whole_in_every_dialect() {
    let host = Host::fresh().await;
    let question = host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let ana = host.agent("ana");
    ana.post("/v3/tickets/1/claim", Value::Null).await.expect(200);
    let first = shown(&ana).await.remove(0);
    // An agent quotes the contact, and is told at once what.
    let quoting = json!({ "body": people::words(3), "reply_to": first["id"] });
    let told = ana.post("/v3/tickets/1/messages", quoting).await.expect(201);
    assert_eq!(
        (&told["reply_to"]["id"], &told["reply_to"]["text"], &told["reply_to"]["direction"]),
        (&first["id"], &first["text"], &json!("in"))
    );
    let sent = eventually("it is sent", SOON, async || host.sent().await.pop()).await;
    assert_eq!(sent["body"]["context"]["message_id"], json!(question));
    let wamid = sent["id"].clone();
    eventually("its receipt is known", SOON, async || {
        (shown(&ana).await.iter().any(|said| said["id"] == told["id"] && said["delivery"] == "read")).then_some(())
    })
    .await;
    // The contact quotes the agent, reacts, and answers what nobody here has ever seen.
    let own = "15550100000";
    for body in [
        cloud("wamid.Q", json!({ "context": { "from": own, "id": wamid } })),
        cloud(
            "wamid.R",
            json!({ "type": "reaction", "reaction": { "message_id": wamid, "emoji": "👍" }, "text": null }),
        ),
        cloud("wamid.X", json!({ "context": { "from": own, "id": "wamid.UNKNOWN" } })),
        cloud("wamid.F", json!({ "context": { "forwarded": true } })),
    ] {
        host.post_whatsapp(&body).await.expect(200);
        host.settled().await;
    }
    let find = |all: &[Value], end: &str| {
        all.iter().find(|said| said["id"].as_str().unwrap().ends_with(end)).unwrap_or_else(|| panic!("{end}")).clone()
    };
    let all = shown(&ana).await;
    let quote = find(&all, "wamid.Q");
    assert_eq!(
        (&quote["reply_to"]["id"], &quote["reply_to"]["provider_id"], &quote["reply_to"]["agent_id"]),
        (&told["id"], &wamid, &json!("ana"))
    );
    assert_eq!(find(&all, "wamid.R")["about"]["id"], told["id"]);
    let unknown = find(&all, "wamid.X")["reply_to"].take();
    assert_eq!(
        (&unknown["id"], &unknown["provider_id"], &unknown["direction"]),
        (&Value::Null, &json!("wamid.UNKNOWN"), &json!("out"))
    );
    let forwarded = find(&all, "wamid.F");
    assert_eq!((&forwarded["forwarded"], &forwarded["reply_to"]), (&json!("yes"), &Value::Null));
    // One alone, and the last of several pages, find what is beside them.
    let path = format!("/v3/messages/{}", quote["id"].as_str().unwrap());
    assert_eq!(ana.get(&path).await.expect(200)["reply_to"]["text"], json!(people::words(3)));
    let conversation = quote["conversation_id"].as_str().unwrap();
    let page = ana.get(&format!("/v3/conversations/{conversation}/messages?limit=4")).await.expect(200);
    assert_eq!(page["data"][3]["reply_to"]["id"], told["id"], "{page}");
    // S4 and S2 in their own spelling.
    let s4: Vec<Value> = serde_json::from_value(ana.get("/api/tickets/1/messages").await.expect(200)).unwrap();
    assert_eq!(find(&s4, "wamid.Q")["reply_to"]["id"], told["id"]);
    let s2: Vec<Value> = serde_json::from_value(ana.get("/messages/1").await.expect(200)["messages"].take()).unwrap();
    let quoted = find(&s2, "wamid.Q");
    assert_eq!(
        (&quoted["quotedMsgId"], &quoted["quotedMsg"]["body"], &quoted["quotedMsg"]["fromMe"]),
        (&told["id"], &json!(people::words(3)), &json!(true))
    );
    assert_eq!(find(&s2, "wamid.F")["quotedMsg"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_s_answer_far_back_is_found_or_told_by_its_words() {
    let host = Host::fresh().await;
    let person = people::phone(1);
    let say = async |id: &str, content: Value| {
        host.post_baileys(TOKEN, &upsert("notify", &[message(&person, id, &content)])).await.expect(200);
        host.settled().await;
    };
    say("3EB0A", json!({ "conversation": people::words(1) })).await;
    say("3EB0B", json!({ "conversation": people::words(2) })).await;
    let answer = |id: &str| {
        let info = json!({ "stanzaId": id, "quotedMessage": { "conversation": "Bom dia" } });
        json!({ "extendedTextMessage": { "text": people::words(3), "contextInfo": info } })
    };
    say("3EB0C", answer("3EB0A")).await;
    say("3EB0D", answer("3EB0NEVER")).await;
    let ana = host.agent("ana");
    let conversation = shown(&ana).await[0]["conversation_id"].as_str().unwrap().to_owned();
    let page = ana.get(&format!("/v3/conversations/{conversation}/messages?limit=2")).await.expect(200);
    let (never, found) = (&page["data"][0]["reply_to"], &page["data"][1]["reply_to"]);
    assert_eq!((&never["id"], &never["text"]), (&Value::Null, &json!("Bom dia")));
    assert!(found["id"].as_str().is_some_and(|id| id.ends_with("3EB0A")), "{page}");
    assert_eq!(found["text"], json!(people::words(1)), "our own record of it");
    let s2 = ana.get("/messages/1").await.expect(200);
    assert_eq!(s2["messages"][3]["quotedMsg"]["body"], "Bom dia", "{s2}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_advertisement_and_a_choice_are_told() {
    let host = Host::fresh().await;
    let referral = json!({ "source_url": "https://fb.me/1", "source_id": "52", "source_type": "ad", "headline": "Loja Azul",
        "body": "Compre já", "ctwa_clid": "Afh" });
    host.post_whatsapp(&cloud("wamid.A", json!({ "referral": referral }))).await.expect(200);
    host.settled().await;
    let reply = json!({ "type": "list_reply", "list_reply": { "id": "r1", "title": "Um", "description": "grande" } });
    host.post_whatsapp(&cloud("wamid.B", json!({ "type": "interactive", "interactive": reply, "text": null })))
        .await
        .expect(200);
    host.settled().await;
    let all = shown(&host.agent("ana")).await;
    let by = |end: &str| all.iter().find(|said| said["id"].as_str().unwrap().ends_with(end)).unwrap();
    for (name, value) in referral.as_object().unwrap() {
        assert_eq!(by("wamid.A")["referral"][name], *value, "{name}");
    }
    let choice = &by("wamid.B")["choice"];
    assert_eq!(
        (&choice["kind"], &choice["id"], &choice["title"], &choice["description"]),
        (&json!("row"), &json!("r1"), &json!("Um"), &json!("grande"))
    );
}

fn call(id: &str, event: &str, status: Option<&str>, duration: Option<u64>) -> Value {
    let at = runtime::clock::now().as_second().to_string();
    let call = json!({ "id": id, "from": people::phone(1), "to": "15550100000", "event": event, "timestamp": at,
        "direction": "USER_INITIATED", "status": status, "duration": duration });
    let contact = json!({ "wa_id": people::phone(1), "profile": { "name": people::NAME } });
    let metadata = json!({ "display_phone_number": "15550100000", "phone_number_id": COMERCIAL });
    let value = json!({ "metadata": metadata, "contacts": [contact], "calls": [call] });
    cloud_api::body(&[json!({ "field": "calls", "value": value })])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missed_call_leaves_one_line_and_opens_a_ticket_only_where_its_connection_says_so() {
    let host = Host::fresh().await;
    let missed = call("wacid.A", "terminate", Some("FAILED"), None);
    for body in [call("wacid.A", "connect", None, None), missed.clone(), missed] {
        host.post_whatsapp(&body).await.expect(200);
        host.settled().await;
    }
    assert_eq!(host.storage().await.ticket_count(&demo()).await.unwrap(), 0, "a call opens nothing");
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    host.post_whatsapp(&call("wacid.B", "terminate", Some("COMPLETED"), Some(65))).await.expect(200);
    host.settled().await;
    let all = shown(&host.agent("ana")).await;
    let calls: Vec<(&Value, &Value, &Value)> = all
        .iter()
        .filter(|said| said["kind"] == "call")
        .map(|said| (&said["text"], &said["call"]["outcome"], &said["call"]["duration_secs"]))
        .collect();
    assert_eq!(
        calls,
        [
            (&json!("Answered call, 1:05"), &json!("answered"), &json!(65)),
            (&json!("Missed call"), &json!("missed"), &Value::Null)
        ]
    );
    // A gateway tells of a call in pieces.
    let person = people::phone(2);
    let event = async |status: &str, after: i64| {
        let date = runtime::clock::now() + jiff::SignedDuration::from_secs(after);
        let told = json!({ "id": "CALL1", "from": format!("{person}@s.whatsapp.net"), "isVideo": false, "date": date, "status": status });
        host.post_baileys(TOKEN, &json!({ "event": "call", "data": [told] })).await.expect(200);
        host.settled().await;
    };
    event("offer", 0).await;
    event("ringing", 1).await;
    event("timeout", 30).await;
    event("terminate", 31).await;
    let lines: Vec<Value> = host.items().await.into_iter().filter(|item| item.to_string().contains("CALL1")).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].to_string().contains("Missed call"), "{lines:?}");
    assert_eq!(CallPolicy::default(), CallPolicy::Line);
}
