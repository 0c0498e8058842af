//! What WAHA's events mean.

use serde_json::json;

use super::*;
use crate::Amendment;
use crate::samples::{connection, received_at};

fn seen(event: &str, payload: &Value) -> Observation {
    let own = ["15550100003@c.us".to_owned(), "9001@lid".to_owned()];
    super::event(event, payload, &own, received_at(), &connection(GroupPolicy::Mention, vec![]))
}

fn message(observation: Observation) -> InboundMessage {
    match observation {
        Observation::Message(message) | Observation::Amendment(Amendment { message, .. }) => message,
        other => panic!("{other:?}"),
    }
}

fn text(id: &str, body: &str) -> Value {
    json!({ "id": id, "timestamp": 1_763_694_120.5, "from": "77079861373@c.us", "fromMe": false, "body": body,
        "_data": { "notifyName": "Ana" } })
}

#[test]
fn a_text_of_a_person_opens_a_ticket() {
    let said = message(seen("message", &text("false_77079861373@c.us_AAA", "Oi")));
    assert_eq!((said.provider_id.as_str(), said.content.text.as_deref()), ("AAA", Some("Oi")));
    assert_eq!((said.effect, said.from_contact, said.sender.name.as_deref()), (Effect::Opens, true, Some("Ana")));
    assert_eq!(said.sent_at.as_millisecond(), 1_763_694_120_500);
}

#[test]
fn our_own_is_an_echo_to_whom_it_was_written() {
    let payload =
        json!({ "id": "true_77079861373@c.us_AAA", "from": "15550100003@c.us", "fromMe": true, "body": "Já vejo" });
    let said = message(seen("message.any", &payload));
    assert_eq!((said.effect, said.from_contact), (Effect::Silent, false));
    assert_eq!(said.sender.aliases[0].value, "77079861373");
}

#[test]
fn what_is_about_another_message_has_an_id_of_its_own() {
    let id = "false_77079861373@c.us_AAA";
    let reaction = json!({ "id": id, "reaction": { "text": "🙏", "messageId": "true_77079861373@c.us_BBB" } });
    let edited = json!({ "id": id, "editedMessageId": "BBB", "body": "Novo" });
    let revoked = json!({ "after": { "id": id }, "revokedMessageId": "BBB", "before": null });
    let vote =
        json!({ "vote": { "id": id, "selectedOptions": ["Sim"] }, "poll": { "id": "true_77079861373@c.us_BBB" } });
    for (event, payload, kind, words) in [
        ("message.reaction", reaction, "reaction", Some("🙏")),
        ("message.edited", edited, "edit", Some("Novo")),
        ("message.revoked", revoked, "revoke", None),
        ("poll.vote", vote, "poll_vote", Some("Sim")),
    ] {
        let said = message(seen(event, &payload));
        assert_eq!(said.provider_id.as_str(), format!("{kind}.BBB.AAA"));
        assert_eq!((said.content.kind.as_str(), said.content.text.as_deref()), (kind, words));
        assert_eq!(said.effect, Effect::Silent);
    }
}

#[test]
fn a_group_is_heard_when_it_means_us() {
    let in_group = |extra: Value| {
        let mut payload = text("false_120363000000000001@g.us_AAA_77079861373@c.us", "oi");
        payload.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        seen("message", &payload)
    };
    let taken = |observation: Observation| matches!(observation, Observation::Message(_));
    assert_eq!(in_group(json!({})), Observation::nothing("group_not_mentioned"));
    assert!(taken(in_group(json!({ "body": "oi @15550100003" }))));
    assert!(taken(in_group(json!({ "_data": { "mentionedJidList": ["9001@lid"], "type": "chat" } }))));
    assert!(taken(in_group(json!({ "replyTo": { "id": "X", "participant": "15550100003@c.us" } }))));
    let context = json!({ "extendedTextMessage": { "text": "oi", "contextInfo": { "mentionedJid": ["9001@lid"] } } });
    assert!(taken(in_group(json!({ "_data": { "message": context } }))));
    assert!(!taken(in_group(json!({ "_data": { "mentionedJidList": ["9002@lid"], "type": "chat" } }))));
    let said = message(in_group(json!({ "body": "oi @9001" })));
    assert_eq!(said.provider_id.as_str(), "AAA.77079861373");
}

#[test]
fn acknowledgements_become_reports() {
    let report = |ack: i64| match seen("message.ack", &json!({ "id": "true_77079861373@c.us_AAA", "ack": ack })) {
        Observation::Delivery(report) => Some((report.provider_id.to_string(), report.delivery)),
        _ => None,
    };
    for (ack, expected) in [
        (-1, Some(Delivery::Failed)),
        (0, None),
        (1, Some(Delivery::Sent)),
        (2, Some(Delivery::Delivered)),
        (3, Some(Delivery::Read)),
        (4, Some(Delivery::Played)),
        (9, None),
    ] {
        assert_eq!(report(ack), expected.map(|delivery| ("AAA".to_owned(), delivery)));
    }
    assert_eq!(
        seen("message.ack", &json!({ "id": "false_77079861373@c.us_AAA", "ack": 3 })),
        Observation::nothing("ack_of_theirs")
    );
}

#[test]
fn nobody_and_nothing_are_told_apart_from_nobody_known() {
    assert_eq!(
        seen("message", &json!({ "id": "false_1@newsletter_AAA", "body": "x" })),
        Observation::nothing("broadcast")
    );
    assert_eq!(seen("message", &json!({})), Observation::nothing("no_content"));
    assert_eq!(seen("message", &json!({ "body": "x" })), Observation::inspect("no_sender"));
}
