//! Files that agents send: put by a link, handed to the provider byte for byte, and shown with their messages; nothing that is not whole,
//! not theirs or not there.

use serde_json::{Value, json};

use crate::world::cloud_api::COMERCIAL;
use crate::world::{Host, LONG, SOON, Session, eventually, kill, org, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_file_reaches_the_contact_byte_for_byte_and_is_shown_with_its_message() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    let bytes = |n: u32| (0..n).flat_map(u32::to_le_bytes).collect::<Vec<u8>>();
    let hostile = "../Relatório \"final\"\r\n\u{202e}fdp.pdf";
    let files = [
        ("image", "image/jpeg", "a.jpg", bytes(100_000)),
        ("video", "video/mp4", "b.mp4", bytes(1_000_000)),
        ("audio", "audio/ogg; codecs=opus", "", bytes(1)),
        ("document", "application/pdf", hostile, bytes(5_000_000)),
        ("sticker", "image/webp", "c.webp", bytes(10)),
    ];
    for (kind, media_type, name, bytes) in &files {
        let upload = ana.upload(name, media_type, bytes).await;
        let mut content = json!({ "upload": upload });
        if matches!(*kind, "image" | "video" | "document") {
            content["caption"] = json!(people::words(3));
        }
        let body = json!({ "type": kind, *kind: content });
        let told = ana.post("/v3/tickets/1/messages", body).await.expect(201);
        assert_eq!(
            (told["media"]["state"].as_str(), told["media"]["size"].as_u64()),
            (Some("stored"), Some(bytes.len() as u64))
        );
        let message = sent(&ana, &told, "read").await;
        // As of any message: what it is, and a link to it.
        let link = ana.get(&format!("/v3/messages/{}/media", told["id"].as_str().unwrap())).await.expect(200);
        assert!(host.download(&link).await == *bytes, "{kind}");
        let plain = media_type.split(';').next().unwrap();
        assert_eq!(message["media"]["media_type"], plain);
        let got = host.sent().await.pop().unwrap()["body"].take();
        assert_eq!(got["type"], *kind);
        let (taken_for, given) = host.given(got[*kind]["id"].as_str().unwrap()).await;
        assert!(taken_for == plain && given == *bytes, "{kind}: {taken_for}");
        if *kind == "document" {
            let shown = "Relatório \"final\"fdp.pdf";
            assert_eq!(
                (got["document"]["filename"].as_str(), message["media"]["name"].as_str()),
                (Some(shown), Some(shown))
            );
        }
    }
    // The other dialects send them as well, and what was sent once can be sent again.
    let upload = ana.upload("d.png", "image/png", b"again").await;
    for path in ["/api/tickets/1/messages", "/messages/1", "/v3/tickets/1/messages"] {
        let body = json!({ "type": "image", "image": { "upload": upload } });
        let status = ana.post(path, body).await.status;
        assert!([200, 201].contains(&status), "{path}: {status}");
    }
    eventually("all three are sent", SOON, async || (host.sent().await.len() == files.len() + 3).then_some(())).await;
    for sent in &host.sent().await[files.len()..] {
        assert_eq!(host.given(sent["body"]["image"]["id"].as_str().unwrap()).await.1, b"again");
    }
    host.settled().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_takes_what_it_is_for_and_a_message_what_was_put() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    let send = async |kind: &str, upload: &Value| {
        ana.post("/v3/tickets/1/messages", json!({ "type": kind, kind: { "upload": upload } })).await
    };
    let link = ana.invitation("a.png", "image/png", 5).await;
    assert_eq!(send("image", &link["id"]).await.expect(409)["code"], "upload_missing");
    for bytes in ["1234", "123456", ""] {
        assert!([403, 411].contains(&ana.put_by(&link, bytes.as_bytes().to_vec()).await), "{bytes}");
    }
    let mut other = link.clone();
    other["headers"]["content-type"] = json!("text/html");
    assert_eq!(ana.put_by(&other, b"12345".to_vec()).await, 403);
    assert_eq!(send("image", &link["id"]).await.expect(409)["code"], "upload_missing");
    // What is put again later is another file for another message, and changes none.
    assert_eq!(ana.put_by(&link, b"first".to_vec()).await, 200);
    let first = send("image", &link["id"]).await.expect(201);
    assert_eq!(ana.put_by(&link, b"later".to_vec()).await, 200);
    let later = send("image", &link["id"]).await.expect(201);
    for (message, bytes) in [(&first, b"first"), (&later, b"later")] {
        let link = ana.get(&format!("/v3/messages/{}/media", message["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(host.download(&link).await, bytes);
    }
    // A kind that it cannot be, and a length that the kind cannot have.
    assert_eq!(send("video", &link["id"]).await.expect(422)["field"], "upload");
    let large = ana.upload("b.png", "image/png", &vec![7; 5 * 1024 * 1024 + 1]).await;
    assert_eq!(send("image", &json!(large)).await.expect(422)["field"], "upload");
    send("document", &json!(large)).await.expect(201);
    let foreign = json!(["upl_01ARZ3NDEKTSV4RRFFQ69G5FAV", "../x", 5]);
    for (id, status) in foreign.as_array().unwrap().iter().zip([409, 422, 422]) {
        send("image", id).await.expect(status);
    }
    for (body, field) in [
        (json!({ "name": "a", "media_type": "image/png", "size": 0 }), "size"),
        (json!({ "name": "a", "media_type": "image/png", "size": 104_857_601 }), "size"),
        (json!({ "name": "a", "media_type": "image", "size": 5 }), "media_type"),
        (json!({ "name": "a".repeat(256), "media_type": "image/png", "size": 5 }), "name"),
        (json!({ "media_type": "image/png", "size": 5 }), "name"),
        (json!({ "name": "a", "media_type": "image/png", "size": 5, "url": "x" }), "url"),
    ] {
        assert_eq!(ana.post("/v3/uploads", body).await.expect(422)["field"], field);
    }
    // An upload of another organization is none.
    let storage = host.storage().await;
    org(&storage, "other").await;
    let eva = host.signed_in(host.token("other", "eva"));
    let theirs = eva.upload("c.png", "image/png", b"their").await;
    assert_eq!(send("image", &json!(theirs)).await.expect(409)["code"], "upload_missing");
    // The same request twice is one upload, each time with a link that is good; the same key for another is refused.
    let body = json!({ "name": "d.png", "media_type": "image/png", "size": 5 });
    let (one, two) = tokio::join!(ana.keyed("/v3/uploads", "k", &body), ana.keyed("/v3/uploads", "k", &body));
    let (one, two) = (one.expect(201), two.expect(201));
    assert_eq!(one["id"], two["id"]);
    assert_eq!(ana.put_by(&two, b"12345".to_vec()).await, 200);
    let other = json!({ "name": "e.png", "media_type": "image/png", "size": 5 });
    assert_eq!(ana.keyed("/v3/uploads", "k", &other).await.expect(422)["code"], "idempotency_key_reused");
    host.settled().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_note_s_file_is_an_attachment_of_its_ticket() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    let path = "/v3/tickets/1/notes";
    ana.post(path, json!({ "text": people::words(2) })).await.expect(201);
    let upload = ana.upload("../fatura.pdf", "application/pdf", b"invoice").await;
    let body = json!({ "text": people::words(3), "upload": upload });
    let (one, two) = tokio::join!(ana.keyed(path, "k", &body), ana.keyed(path, "k", &body));
    let (note, again) = (one.expect(201), two.expect(201));
    assert_eq!(note, again);
    let expected = json!({ "name": "fatura.pdf", "media_type": "application/pdf", "size": 7, "link": null });
    assert_eq!(note["attachment"], expected);
    let list = ana.get(path).await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    assert_eq!(list["data"][0]["attachment"], Value::Null);
    let link = &list["data"][1]["attachment"]["link"];
    assert_eq!(host.download(link).await, b"invoice");
    // As S1 shows it, after a look and after another note.
    let shown = ana.get("/api/v2/tickets/1").await.expect(200)["data"].take();
    let changed =
        ana.post("/api/v2/tickets/1/notes", json!({ "content": people::words(2) })).await.expect(200)["data"].take();
    for ticket in [shown, changed] {
        let attachments = ticket["attachments"].as_array().unwrap();
        assert_eq!(attachments.len(), 1, "{ticket}");
        let attachment = &attachments[0];
        assert_eq!((&attachment["filename"], &attachment["type"]), (&json!("fatura.pdf"), &json!("document")));
        assert_eq!((&attachment["uploadedBy"], &attachment["uploadedByType"]), (&json!("ana"), &json!("Agent")));
        assert_eq!(attachment["uploadedAt"], list["data"][1]["created_at"]);
        let link = json!({ "url": attachment["url"], "media_type": "application/pdf" });
        assert_eq!(host.download(&link).await, b"invoice");
    }
    // It is no id, nothing was put, and another organization's.
    assert_eq!(ana.post(path, json!({ "text": "x", "upload": "../x" })).await.expect(422)["field"], "upload");
    let nothing = json!({ "text": "x", "upload": "upl_01ARZ3NDEKTSV4RRFFQ69G5FAV" });
    assert_eq!(ana.post(path, nothing).await.expect(409)["code"], "upload_missing");
    let storage = host.storage().await;
    org(&storage, "other").await;
    let theirs = host.signed_in(host.token("other", "eva")).upload("c.png", "image/png", b"their").await;
    assert_eq!(ana.post(path, json!({ "text": "x", "upload": theirs })).await.expect(409)["code"], "upload_missing");
    assert_eq!(ana.get(path).await.expect(200)["data"].as_array().unwrap().len(), 3);
    host.settled().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_handed_over_now_goes_later_and_one_that_is_refused_fails() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    let refuse = |status: u16, code: u32| json!({ "outcome": "refuse", "status": status, "code": code });
    let number = format!("{COMERCIAL}/media");
    host.script(&number, &[refuse(429, 130_429), refuse(502, 0), json!({ "outcome": "cut", "taken": true })]).await;
    let told = document(&ana, b"later").await;
    // What is written behind it waits for it.
    ana.post("/v3/tickets/1/messages", json!({ "body": people::words(2) })).await.expect(201);
    let message = sent_within(&ana, &told, "read", LONG).await;
    assert_eq!(message["media"]["state"], "stored");
    eventually("the text is sent", LONG, async || (host.sent().await.len() == 2).then_some(())).await;
    let kinds: Vec<Value> = host.sent().await.iter_mut().map(|sent| sent["body"]["type"].take()).collect();
    assert_eq!(kinds, ["document", "text"]);
    host.script(&number, &[refuse(400, 100)]).await;
    let told = document(&ana, b"refused").await;
    let message = sent(&ana, &told, "failed").await;
    assert_eq!((message["error_code"].as_i64(), host.sent().await.len()), (Some(100), 2), "{message}");
    // The provider takes no such image.
    let upload = ana.upload("a.gif", "image/gif", b"GIF").await;
    let body = json!({ "type": "image", "image": { "upload": upload } });
    let told = ana.post("/v3/tickets/1/messages", body).await.expect(201);
    let message = sent(&ana, &told, "failed").await;
    assert_eq!(message["error_code"], 100, "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_is_killed_between_file_and_message_sends_once_and_hands_over_once() {
    let host = Host::fresh().await;
    host.set_visibility("outbound.fifo", 8).await;
    let ana = host.claimed(1).await;
    // The file is handed over; the message is refused for a while, and then the sender is killed while it hands over another.
    host.script(&people::phone(1), &[json!({ "outcome": "refuse", "status": 429, "code": 130_429 })]).await;
    let first = document(&ana, b"first").await;
    let message = sent_within(&ana, &first, "read", LONG).await;
    assert_eq!(message["media"]["state"], "stored");
    assert_eq!(host.output.logged("send", "file handed over").len(), 1);
    host.script(&format!("{COMERCIAL}/media"), &[json!({ "outcome": "hang", "taken": true })]).await;
    let second = document(&ana, b"second").await;
    eventually("a sender works", SOON, async || {
        let busy = host.processes("send").await.into_iter().find(|(_, busy)| *busy)?;
        kill(busy.0).then_some(())
    })
    .await;
    sent_within(&ana, &second, "read", LONG).await;
    let files: Vec<Value> = host.sent().await.iter_mut().map(|sent| sent["body"]["document"]["id"].take()).collect();
    assert_eq!(files.len(), 2);
    for (id, bytes) in files.iter().zip([&b"first"[..], b"second"]) {
        assert_eq!(host.given(id.as_str().unwrap()).await.1, bytes);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_gateway_gets_the_bytes_themselves() {
    let host = Host::fresh().await;
    let (ana, phone) = (host.agent("ana"), people::phone(1));
    let bytes = |n: u32| (0..n).flat_map(u32::to_le_bytes).collect::<Vec<u8>>();
    // Of each kind that a gateway can send: where its call has the file, and by which name that is known.
    let all = [
        ("baileys", "image", "image/png", "/messageContent/image", 70_001),
        ("baileys", "video", "video/mp4", "/messageContent/video", 100_000),
        ("baileys", "audio", "audio/ogg", "/messageContent/audio", 1),
        ("baileys", "document", "application/pdf", "/messageContent/document", 1_000_000),
        ("evolution", "image", "image/png", "/media", 70_001),
        ("evolution", "video", "video/mp4", "/media", 100_000),
        ("evolution", "audio", "audio/ogg", "/audio", 2),
        ("evolution", "document", "application/pdf", "/media", 1_000_000),
        ("evolution", "sticker", "image/webp", "/sticker", 5),
        ("waha", "image", "image/png", "/file/data", 70_001),
        ("waha", "audio", "audio/ogg", "/file/data", 3),
        ("waha", "document", "application/pdf", "/file/data", 1_000_000),
        ("gowa", "image", "image/png", "/image", 70_001),
        ("gowa", "video", "video/mp4", "/video", 100_000),
        ("gowa", "audio", "audio/ogg", "/audio", 4),
        ("gowa", "document", "application/pdf", "/file", 1_000_000),
    ];
    for (place, gateway) in ["baileys", "evolution", "waha", "gowa"].into_iter().enumerate() {
        host.command(&["say", "--from", &phone, "--connection", gateway, &people::words(1)]);
        host.settled().await;
        ana.post(&format!("/api/tickets/{}/claim", place + 1), json!({})).await.expect(200);
        for (_, kind, media_type, pointer, size) in all.iter().filter(|(of, ..)| *of == gateway) {
            let bytes = bytes(*size);
            let upload = ana.upload("nota fiscal.bin", media_type, &bytes).await;
            let body = json!({ "type": kind, *kind: { "upload": upload } });
            let told = ana.post(&format!("/v3/tickets/{}/messages", place + 1), body).await.expect(201);
            let message = sent(&ana, &told, "accepted").await;
            let got = host.sent().await.pop().unwrap()["body"].take();
            let id = got.pointer(pointer).unwrap_or_else(|| panic!("{gateway} {kind}: {got}"));
            let (taken_for, given) = host.given(id.as_str().unwrap()).await;
            assert!(given == bytes && taken_for == *media_type, "{gateway} {kind}: {taken_for}");
            assert!(*kind != "document" || got.to_string().contains("nota fiscal.bin"), "{gateway}: {got}");
            let link = ana.get(&format!("/v3/messages/{}/media", message["id"].as_str().unwrap())).await.expect(200);
            assert!(host.download(&link).await == bytes, "{gateway} {kind}");
        }
    }
    // What one of them cannot send fails, and is not sent.
    let upload = ana.upload("a.webp", "image/webp", b"sticker").await;
    let count = host.sent().await.len();
    for ticket in [1, 3, 4] {
        let body = json!({ "type": "sticker", "sticker": { "upload": upload } });
        let told = ana.post(&format!("/v3/tickets/{ticket}/messages"), body).await.expect(201);
        sent(&ana, &told, "failed").await;
    }
    // One that breaks off when it has the file is not given it again.
    host.set_visibility("outbound.fifo", 8).await;
    host.script(&phone, &[json!({ "outcome": "cut", "taken": true })]).await;
    let told = ana.post("/v3/tickets/2/messages", json!({ "type": "sticker", "sticker": { "upload": upload } })).await;
    sent_within(&ana, &told.expect(201), "unknown", LONG).await;
    assert_eq!(host.sent().await.len(), count + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_waits_for_its_contact_has_its_file_when_the_upload_is_gone() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    // The provider finds the window closed when it has the message already.
    host.script(&people::phone(1), &[json!({ "outcome": "fail", "code": 131_047 })]).await;
    let upload = ana.upload("nota.pdf", "application/pdf", b"waits").await;
    let content = json!({ "upload": upload });
    let body = json!({ "type": "document", "document": content, "on_window_closed": "template" });
    ana.post("/v3/tickets/1/messages", body).await.expect(201);
    let documents = async |delivery: &str| {
        let messages = ana.get("/v3/tickets/1/messages").await.expect(200)["data"].take();
        let is_one = |message: &&Value| message["kind"] == "document" && message["delivery"] == delivery;
        messages.as_array().unwrap().iter().find(is_one).cloned()
    };
    eventually("it is parked again", SOON, async || documents("parked").await).await;
    host.settled().await;
    for upload in std::fs::read_dir(host.data().join("files/turno-uploadbucket")).unwrap() {
        std::fs::remove_file(upload.unwrap().path()).unwrap();
    }
    host.say(COMERCIAL, &people::phone(1)).await;
    let message = eventually("it is read", SOON, async || documents("read").await).await;
    let got = host.sent().await.pop().unwrap();
    assert_eq!(host.given(got["body"]["document"]["id"].as_str().unwrap()).await.1, b"waits");
    let link = ana.get(&format!("/v3/messages/{}/media", message["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(host.download(&link).await, b"waits");
    // Meta has it from the first time.
    assert_eq!(host.output.logged("send", "file handed over").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_each_file_is_sent_at_most_once_and_none_is_lost() {
    const FILES: usize = 8;
    let host = Host::fresh().await;
    host.set_visibility("outbound.fifo", 6).await;
    let ana = host.claimed(1).await;
    let mut uploads = Vec::new();
    for n in 0..FILES {
        uploads.push(ana.upload("nota.pdf", "application/pdf", format!("file {n}").as_bytes()).await);
    }
    let faults = "7:kill=0.1,error=0.1,throttle=0.1,lost=0.1,duplicate=0.2";
    host.operate("PUT", "/_turno/faults", &json!({ "faults": faults })).await;
    let mut told = Vec::new();
    for (n, upload) in uploads.iter().enumerate() {
        let body = json!({ "type": "document", "document": { "upload": upload } });
        told.push(
            eventually("the answer is taken", LONG, async || {
                let answer = ana.keyed("/v3/tickets/1/messages", &n.to_string(), &body).await;
                (answer.status == 201).then_some(answer.body)
            })
            .await,
        );
    }
    host.operate("PUT", "/_turno/faults", &json!({ "faults": null })).await;
    let mut read = Vec::new();
    for (n, told) in told.iter().enumerate() {
        let path = format!("/v3/messages/{}", told["id"].as_str().unwrap());
        let end = eventually("the answer has come to an end", LONG, async || {
            let message = ana.get(&path).await.expect(200);
            let end = message["delivery"].as_str().unwrap().to_owned();
            matches!(end.as_str(), "read" | "unknown" | "failed").then_some(end)
        })
        .await;
        assert_ne!(end, "failed", "file {n}");
        if end == "read" {
            read.push(format!("file {n}").into_bytes());
        }
    }
    host.settled().await;
    // In their order, each once; what is not known to have come may have come or not.
    let mut got: Vec<Vec<u8>> = Vec::new();
    for sent in host.sent().await {
        got.push(host.given(sent["body"]["document"]["id"].as_str().unwrap()).await.1);
    }
    assert!(got.is_sorted_by(|earlier, later| earlier < later), "{got:?}");
    assert!(read.iter().all(|file| got.contains(file)), "{got:?} {read:?}");
}

/// Answers with a file; the message.
async fn document(agent: &Session, bytes: &[u8]) -> Value {
    let upload = agent.upload("nota.pdf", "application/pdf", bytes).await;
    let body = json!({ "type": "document", "document": { "upload": upload } });
    agent.post("/v3/tickets/1/messages", body).await.expect(201)
}

async fn sent(agent: &Session, told: &Value, end: &str) -> Value {
    sent_within(agent, told, end, SOON).await
}

/// What a browser records: `WebM` of a length that it does not know yet, with two packets of Opus.
fn recorded() -> Vec<u8> {
    let entry = [&[0xD7, 0x81, 1, 0x86, 0x86][..], b"A_OPUS"].concat();
    let tracks = [&[0x16, 0x54, 0xAE, 0x6B, 0x8D, 0xAE, 0x8B][..], &entry].concat();
    let unknown = [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    let block = [0xA3, 0x87, 0x81, 0, 0, 0x80, 0xF8, 1, 2];
    let cluster = [&[0x1F, 0x43, 0xB6, 0x75][..], &unknown, &block].concat();
    [&[0x1A, 0x45, 0xDF, 0xA3, 0x80, 0x18, 0x53, 0x80, 0x67][..], &unknown, &tracks, &cluster, &cluster].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_browser_records_reaches_the_contact_as_a_voice_note() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    let send = async |media_type: &str, bytes: &[u8]| {
        let upload = ana.upload("", media_type, bytes).await;
        ana.post("/v3/tickets/1/messages", json!({ "type": "audio", "audio": { "upload": upload } })).await
    };
    let webm = recorded();
    let told = send("audio/webm;codecs=opus", &webm).await.expect(201);
    sent(&ana, &told, "read").await;
    let got = host.sent().await.pop().unwrap()["body"].take();
    assert_eq!(got["audio"]["voice"], true, "{got}");
    let (media_type, note) = host.given(got["audio"]["id"].as_str().unwrap()).await;
    assert_eq!(media_type, "audio/ogg");
    assert!(note.starts_with(b"OggS") && note.windows(8).any(|part| part == b"OpusHead"));
    // What is Ogg already is what it was; a recording in anything else says why it cannot be sent.
    let told = send("audio/opus", &note).await.expect(201);
    sent(&ana, &told, "read").await;
    let got = host.sent().await.pop().unwrap()["body"].take();
    assert!(host.given(got["audio"]["id"].as_str().unwrap()).await.1 == note);
    let told = send("audio/webm", b"no film at all").await.expect(201);
    sent(&ana, &told, "failed").await;
    let refused = send("audio/wav", b"RIFF").await.expect(422);
    assert_eq!(refused["field"], "upload");
    assert!(refused["detail"].as_str().unwrap().contains("audio/ogg"), "{refused}");
}

/// The message once it has come as far.
async fn sent_within(agent: &Session, told: &Value, end: &str, limit: std::time::Duration) -> Value {
    let path = format!("/v3/messages/{}", told["id"].as_str().unwrap());
    eventually(&format!("the file is {end}"), limit, async || {
        let message = agent.get(&path).await.expect(200);
        (message["delivery"] == end).then_some(message)
    })
    .await
}
