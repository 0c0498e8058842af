//! What a Baileys service's body is cut into.

use serde_json::json;

use super::*;
use crate::Unit;
use crate::samples::{BAILEYS, baileys_batch};

fn message(id: &str) -> Value {
    json!({ "key": { "remoteJid": "77079861373@s.whatsapp.net", "id": id }, "message": { "conversation": "Oi" } })
}

fn names(batch: &Batch) -> Vec<String> {
    let name = |unit: &Unit| match &unit.part {
        Part::BaileysMessage { message, upsert, .. } => format!("{} {upsert:?}", message["key"]["id"]).replace('"', ""),
        Part::BaileysUpdate { .. } => "update".to_owned(),
        Part::Unreadable { reason, .. } => reason.clone(),
        other => panic!("{other:?}"),
    };
    batch.units.iter().map(name).collect()
}

#[test]
fn every_wrapping_gives_the_same_messages() {
    let check = |body: Value, expected: &[&str]| {
        let batch = baileys_batch(body.to_string().as_bytes());
        assert_eq!(
            (names(&batch), batch.ignored_event),
            (expected.iter().map(ToString::to_string).collect(), None),
            "{body}"
        );
    };
    let (a, b) = (message("A"), message("B"));
    let both = ["A Notify", "B Notify"];
    check(json!({ "messages": [a, b], "type": "notify" }), &both);
    check(json!({ "messages": [a, b], "type": "append" }), &["A Append", "B Append"]);
    check(json!({ "messages": [a, b] }), &both);
    check(json!({ "messages": a }), &["A Notify"]);
    check(
        json!({ "event": "messages.upsert", "data": { "messages": [a, b], "type": "append" } }),
        &["A Append", "B Append"],
    );
    check(json!({ "event": "messages.upsert", "type": "append", "data": { "messages": [a] } }), &["A Append"]);
    check(json!({ "event": "MESSAGES_UPSERT", "data": [a, b] }), &both);
    check(json!({ "event": "messages.upsert", "data": a }), &["A Notify"]);
    check(json!({ "event": "messages.upsert", "data": { "messages": a } }), &["A Notify"]);
    check(
        json!({ "event": "messages.upsert", "data": [{ "messages": [a], "type": "append" }, b] }),
        &["A Append", "B Notify"],
    );
    check(json!({ "event": "SEND_MESSAGE", "data": a }), &["A Notify"]);
    check(json!({ "event": "messages.upsert", "instance": "x", "payload": a }), &["A Notify"]);
    check(json!({ "data": { "messages": [a, b] } }), &both);
    check(json!([a, b]), &both);
    check(a, &["A Notify"]);
    check(json!({ "event": "messages.upsert", "data": [] }), &[]);
    check(json!({ "event": "messages.upsert", "data": null }), &[]);
    check(json!({ "messages": [] }), &[]);
}

#[test]
fn what_is_no_message_is_kept_for_inspection() {
    let check = |body: &str, expected: &[&str]| assert_eq!(names(&baileys_batch(body.as_bytes())), expected, "{body}");
    check("", &["empty_body"]);
    check("{", &["not_json"]);
    check("5", &["no_object"]);
    check("{}", &["message_without_key"]);
    check(r#"{"event":"messages.upsert","data":{"message":"Hello"}}"#, &["message_without_key"]);
    check(r#"{"messages":[null,{"key":{"id":"A"}},7]}"#, &["message_without_key", "A Notify", "message_without_key"]);
}

#[test]
fn a_deep_message_reaches_the_consumer_or_is_kept_for_inspection() {
    for depth in 1..127 {
        let inner = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let batch = baileys_batch(format!(r#"{{"key":{{"id":"A"}},"message":{inner}}}"#).as_bytes());
        let expected = if depth < 100 { "A Notify" } else { "too_deep" };
        assert_eq!(names(&batch), [expected], "{depth}");
        assert!(Unit::from_json(&batch.units[0].to_json().unwrap()).is_ok(), "{depth}");
    }
}

#[test]
fn other_events_are_only_named() {
    let check = |body: Value, expected: &str| {
        let batch = baileys_batch(body.to_string().as_bytes());
        assert_eq!((batch.units.len(), batch.ignored_event.as_deref()), (0, Some(expected)), "{body}");
    };
    check(json!({ "event": "connection.update", "apikey": "s3cret", "data": { "qr": "s3cret" } }), "connection.update");
    check(json!({ "event": "QRCODE_UPDATED", "data": {} }), "qrcode.updated");
    check(json!({ "event": "unsupported.event", "data": "some-data" }), "unsupported.event");
    check(json!({ "event": "a\nb <script>", "data": 1 }), "a_b__script_");
}

#[test]
fn an_update_is_a_unit_each_however_it_is_wrapped() {
    let update = |id: &str| json!({ "key": { "id": id, "fromMe": true }, "update": { "status": 3 } });
    for (body, expected) in [
        (json!({ "event": "messages.update", "data": [update("A"), update("B")] }), vec!["update", "update"]),
        (json!({ "event": "MESSAGES_UPDATE", "data": { "keyId": "A", "status": "READ" } }), vec!["update"]),
        (json!({ "event": "messages.update", "data": null }), vec![]),
        (json!({ "event": "messages.update", "data": ["x"] }), vec!["update_is_no_object"]),
        (update("A"), vec!["update"]),
    ] {
        assert_eq!(names(&baileys_batch(body.to_string().as_bytes())), expected, "{body}");
    }
}

#[test]
fn credentials_and_inlined_media_do_not_travel() {
    let mut batch = baileys_batch(BAILEYS.as_bytes());
    assert_eq!(batch.units.len(), 7);
    batch.units.extend(baileys_batch(&BAILEYS.as_bytes()[..BAILEYS.len() - 9]).units);
    for unit in &batch.units {
        let json = unit.to_json().unwrap();
        assert!(!json.contains("demo-gateway-token"), "{json}");
        assert!(!json.contains(r#""jpegThumbnail":{"#), "{json}");
    }
    let inlined = json!({ "messages": [{ "key": { "id": "A" }, "message": { "imageMessage": {}, "base64": "A".repeat(2_000_000) } }] });
    assert_eq!(names(&baileys_batch(inlined.to_string().as_bytes())), ["A Notify"]);
}

#[test]
fn what_the_gateway_says_it_sent_is_ours() {
    let from_me = |event: &str| {
        let batch = baileys_batch(json!({ "event": event, "data": message("A") }).to_string().as_bytes());
        let Part::BaileysMessage { message, .. } = &batch.units[0].part else { panic!("{batch:?}") };
        message["key"]["fromMe"].clone()
    };
    assert_eq!(from_me("SEND_MESSAGE"), true);
    assert_eq!(from_me("messages.upsert"), Value::Null);
}

#[test]
fn our_own_identities_are_taken_from_the_body() {
    let batch = baileys_batch(BAILEYS.as_bytes());
    let Part::BaileysMessage { own, .. } = &batch.units[0].part else { panic!("{batch:?}") };
    assert_eq!(own, &["551140001234:3@s.whatsapp.net", "9000000000001:3@lid"]);
}
