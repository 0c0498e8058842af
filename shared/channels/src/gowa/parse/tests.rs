//! What GOWA's events mean. The bodies are written after the project's docs/webhook-payload.md.

use serde_json::json;

use super::*;
use crate::Amendment;
use crate::samples::{connection, received_at};

const OWN: &str = "628111222333@s.whatsapp.net";

fn seen(event: &str, extra: &Value) -> Observation {
    let mut payload = json!({
        "id": "3EB0A", "chat_id": OWN, "from": "628999888777@s.whatsapp.net", "from_lid": "251556368777322@lid",
        "from_name": "Budi", "timestamp": "2025-11-21T03:02:00Z", "is_from_me": false,
    });
    payload.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    super::event(event, &payload, &[OWN.to_owned()], received_at(), &connection(GroupPolicy::Mention, vec![]))
}

fn message(observation: Observation) -> InboundMessage {
    match observation {
        Observation::Message(message) | Observation::Amendment(Amendment { message, .. }) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_of_a_person_opens_a_ticket() {
    let said = message(seen("message", &json!({ "body": "Halo" })));
    let aliases: Vec<_> = said.sender.aliases.iter().map(|alias| alias.value.as_str()).collect();
    assert_eq!((aliases, said.sender.name.as_deref()), (vec!["628999888777", "251556368777322"], Some("Budi")));
    assert_eq!((said.content.text.as_deref(), said.effect), (Some("Halo"), Effect::Opens));
    assert_eq!(said.sent_at, "2025-11-21T03:02:00Z".parse().unwrap());
}

#[test]
fn what_is_about_another_message_or_written_by_us_opens_nothing() {
    for (event, extra, kind) in [
        ("message.reaction", json!({ "reaction": "👍", "reacted_message_id": "3EB0B" }), "reaction"),
        ("message.edited", json!({ "body": "Halo!", "original_message_id": "3EB0B" }), "edit"),
        ("message.revoked", json!({ "revoked_message_id": "3EB0B" }), "revoke"),
        ("message", json!({ "body": "Ya", "is_from_me": true, "chat_id": "628999888777@s.whatsapp.net" }), "text"),
    ] {
        let said = message(seen(event, &extra));
        assert_eq!((said.content.kind.as_str(), said.effect), (kind, Effect::Silent));
    }
}

#[test]
fn a_group_is_heard_when_it_names_us() {
    let in_group = |body: &str| seen("message", &json!({ "chat_id": "120363402106@g.us", "body": body }));
    assert_eq!(in_group("halo"), Observation::nothing("group_not_mentioned"));
    let said = message(in_group("halo @628111222333"));
    assert!(said.sender.is_group && said.effect == Effect::Opens);
    assert_eq!(said.provider_id.as_str(), "3EB0A.628999888777");
}

#[test]
fn receipts_become_reports() {
    let report = |kind: &str| match seen("message.ack", &json!({ "receipt_type": kind })) {
        Observation::Delivery(report) => Some(report.delivery),
        _ => None,
    };
    assert_eq!(report("delivered"), Some(Delivery::Delivered));
    assert_eq!(report("read"), Some(Delivery::Read));
    assert_eq!(report("played"), Some(Delivery::Played));
    assert_eq!(report("read-self"), None);
    assert_eq!(report("in_orbit"), None);
}
