//! No answer is more than a client can be given, however much was said, and by paging all of it is reached, once.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::cloud_api::{self, COMERCIAL};
use crate::world::{Host, Session, people};

/// The longest answer.
const LONGEST: usize = 5_000_000;
const MESSAGES: usize = 40;
const NOTES: usize = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_messages_and_notes_are_all_reached_and_no_answer_is_too_long() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    let at = runtime::clock::now().as_second();
    for n in 0..MESSAGES {
        let mut message = cloud_api::text(&people::phone(1), &format!("wamid.long{n:02}"), "");
        // Quotation marks are twice as long once they are written; some of a second come together.
        let words = if n % 2 == 0 { "x".repeat(200_000) } else { "\"".repeat(200_000) };
        message["text"]["body"] = format!("{} {n:02} {words}", people::WORDS).into();
        message["timestamp"] = (at + i64::try_from(n / 3).unwrap()).to_string().into();
        host.post_whatsapp(&cloud_api::body(&[cloud_api::messages(COMERCIAL, &[message])])).await.expect(200);
    }
    host.settled().await;
    let path = "/api/v2/tickets/1/notes";
    for n in 0..NOTES {
        let note = json!({ "content": format!("{n:03} {}", "😀".repeat(4_990)) });
        // The answers of some are kept.
        let told = if n % 50 == 7 {
            ana.keyed(path, &format!("note-{n}"), &note).await
        } else {
            ana.post("/v3/tickets/1/notes", json!({ "text": note["content"] })).await
        };
        assert!(told.status == 200 || told.status == 201, "{n}: {}", told.status);
        assert!(size(&told.body) < LONGEST);
    }
    let again =
        ana.keyed(path, "note-357", &json!({ "content": format!("357 {}", "😀".repeat(4_990)) })).await.expect(200);
    assert!(again["data"]["internalNotes"].to_string().contains("357 ") && again["data"]["hasMoreNotes"] == true);
    let long = json!({ "content": "x".repeat(5_001) });
    assert_eq!(ana.post(path, long).await.expect(400)["field"], "content");

    messages_are_reached(&ana).await;
    notes_and_history_are_reached(&ana).await;
    for path in [
        "/api/tickets?limit=500",
        "/api/tickets/my-tickets?limit=500",
        "/api/tickets/queue?limit=500",
        "/api/v2/tickets?limit=500",
        "/api/v2/tickets/agent/ana",
        "/api/v2/tickets/1",
        "/api/tickets/1",
        "/tickets?showAll=true",
        "/tickets/1",
        "/v3/tickets?limit=100",
        "/v3/connections",
        "/v3/connections/comercial/templates",
    ] {
        let (status, body, _) = ana.read(path).await;
        assert!(status == 200 && body.len() < LONGEST, "{path}: {status}, {} bytes", body.len());
    }
}

async fn messages_are_reached(ana: &Session) {
    let expected: Vec<String> = (0..MESSAGES).rev().map(|n| format!("{n:02}")).collect();
    let said = |message: &Value, field: &str| {
        let words = message[field].as_str().unwrap();
        words.strip_prefix(&format!("{} ", people::WORDS)).map(|rest| rest[..2].to_owned())
    };
    let conversation = ana.get("/v3/tickets/1").await.expect(200)["conversation_id"].as_str().unwrap().to_owned();
    for path in ["/v3/tickets/1/messages".to_owned(), format!("/v3/conversations/{conversation}/messages")] {
        let mut found = Vec::new();
        let mut next = format!("{path}?limit=100");
        loop {
            let page = short(ana, &next).await;
            let data = page["data"].as_array().unwrap();
            assert!(!data.is_empty());
            found.extend(data.iter().filter_map(|message| said(message, "text")));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("{path}?limit=100&cursor={cursor}");
        }
        in_their_order(&found, &expected, &path);
    }
    // S4 by its own parameter, and by the link of its answers.
    let mut found = Vec::new();
    let mut next = Some("/api/tickets/1/messages?limit=500".to_owned());
    while let Some(path) = next {
        let (status, body, link) = ana.read(&path).await;
        assert!(status == 200 && body.len() < LONGEST, "{path}: {status}");
        let page: Value = serde_json::from_str(&body).unwrap();
        let page = page.as_array().unwrap();
        found.extend(page.iter().rev().filter_map(|message| said(message, "body")));
        assert!(link.is_none() || link.as_ref().unwrap().contains("before="), "{link:?}");
        next = link;
    }
    in_their_order(&found, &expected, "S4");
    // S2 by its numbers.
    let (mut found, mut page) = (Vec::new(), 1);
    loop {
        let part = short(ana, &format!("/messages/1?pageNumber={page}")).await;
        found.extend(part["messages"].as_array().unwrap().iter().rev().filter_map(|message| said(message, "body")));
        if part["hasMore"] != true {
            break;
        }
        page += 1;
    }
    assert!(page > 2, "the parts are cut");
    in_their_order(&found, &expected, "S2");
}

/// Within a second the order is that in which they came; across seconds it is theirs.
fn in_their_order(found: &[String], expected: &[String], place: &str) {
    let all: BTreeSet<&String> = found.iter().collect();
    assert_eq!((found.len(), all.len()), (expected.len(), expected.len()), "{place}: {found:?}");
    assert_eq!(found, expected, "{place}");
}

async fn notes_and_history_are_reached(ana: &Session) {
    let expected: Vec<String> = (0..NOTES).map(|n| format!("{n:03}")).collect();
    let said = |text: &Value| text.as_str().unwrap()[..3].to_owned();
    for limit in ["", "limit=100&"] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = short(ana, &format!("/v3/tickets/1/notes?{limit}{cursor}")).await;
            found.extend(page["data"].as_array().unwrap().iter().map(|note| said(&note["text"])));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor.clear();
            write!(cursor, "cursor={next}").unwrap();
        }
        assert_eq!(found, expected, "{limit}");
    }
    // S1 shows the newest with the ticket, and the others from where it says.
    let (mut found, mut query) = (Vec::new(), String::new());
    loop {
        let ticket = short(ana, &format!("/api/v2/tickets/1{query}")).await["data"].take();
        let notes = ticket["internalNotes"].as_array().unwrap();
        found.extend(notes.iter().rev().map(|note| said(&note["content"])));
        let Some(before) = ticket["notesBefore"].as_str() else { break };
        query = format!("?notesBefore={before}");
    }
    found.reverse();
    assert_eq!(found, expected, "S1");
    let (mut versions, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = short(ana, &format!("/v3/tickets/1/history?limit=100{cursor}")).await;
        versions.extend(page["data"].as_array().unwrap().iter().map(|row| row["version"].as_u64().unwrap()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let last = ana.get("/v3/tickets/1").await.expect(200)["version"].as_u64().unwrap();
    assert_eq!(versions, (1..=last).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_of_long_tickets_go_on_where_they_were_cut() {
    const TICKETS: usize = 200;
    let host = Host::fresh().await;
    let said = |n: usize| cloud_api::text(&people::phone(1_000 + n), &people::message_id(), &people::words(n));
    let bodies: Vec<Value> =
        (1..=TICKETS).map(|n| cloud_api::body(&[cloud_api::messages(COMERCIAL, &[said(n)])])).collect();
    for bodies in bodies.chunks(20) {
        host.post_all(bodies).await;
    }
    host.settled().await;
    let dora = host.agent("dora");
    for n in 1..=TICKETS {
        let edit = json!({ "description": "😀".repeat(5_000) });
        dora.call(Method::PATCH, &format!("/v3/tickets/{n}"), Some(edit)).await.expect(200);
    }
    let expected: BTreeSet<u64> = (1..=TICKETS as u64).collect();
    let carla = host.agent("carla");
    let one = carla.get("/api/v2/tickets/1").await.expect(200);
    let filtered = format!("/api/v2/tickets?limit=500&category={}", one["data"]["category"].as_str().unwrap());
    for (path, list, number) in [
        ("/api/tickets?limit=500", "/tickets", "/id"),
        ("/api/tickets?limit=7", "/tickets", "/id"),
        ("/api/v2/tickets?limit=500", "/data", "/ticketNumber"),
        (&filtered, "/data", "/ticketNumber"),
        ("/api/tickets/all?limit=500", "", "/id"),
        ("/api/tickets/queue?limit=500", "", "/id"),
    ] {
        let (mut found, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let (status, body, link) = carla.read(&path).await;
            assert!(status == 200 && body.len() < LONGEST, "{path}: {status}, {} bytes", body.len());
            let page: Value = serde_json::from_str(&body).unwrap();
            let tickets = page.pointer(list).unwrap().as_array().unwrap();
            found.extend(tickets.iter().map(|ticket| ticket.pointer(number).unwrap().as_u64().unwrap()));
            next = link;
        }
        let all: BTreeSet<u64> = found.iter().copied().collect();
        assert!(found.len() == TICKETS && all == expected, "{path}: {found:?}");
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = short(&carla, &format!("/v3/tickets?limit=100{cursor}")).await;
        found.extend(page["data"].as_array().unwrap().iter().map(|ticket| ticket["number"].as_u64().unwrap()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(found.len() == TICKETS && found.into_iter().collect::<BTreeSet<_>>() == expected);
}

/// A part of a list, which is not too long.
async fn short(agent: &Session, path: &str) -> Value {
    let (status, body, _) = agent.read(path).await;
    assert!(status == 200 && body.len() < LONGEST, "{path}: {status}, {} bytes", body.len());
    serde_json::from_str(&body).unwrap()
}

fn size(body: &Value) -> usize {
    body.to_string().len()
}

impl Session {
    /// A list: status, body, and where it goes on.
    async fn read(&self, path: &str) -> (u16, String, Option<String>) {
        let response = self.request(Method::GET, path).send().await.unwrap();
        let status = response.status().as_u16();
        let link = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        assert_eq!(response.headers().get("x-has-more").is_some_and(|more| more == "true"), link.is_some(), "{path}");
        let next = link.map(|link| link.trim_start_matches('<').split('>').next().unwrap().to_owned());
        (status, response.text().await.unwrap(), next)
    }
}
