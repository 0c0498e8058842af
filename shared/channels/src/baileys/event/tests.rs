//! What events about messages mean.

use domain::connection::GroupPolicy;
use domain::message::InboundMessage;

use super::*;
use crate::samples::{baileys_batch, connection};
use crate::{Amendment, Naming, Part};

const OWN: &str = "551140001234@s.whatsapp.net";
const THEIRS: &str = "77079861373@s.whatsapp.net";

/// What a body's only event means, as it comes from the door.
fn seen(body: &Value) -> Vec<Observation> {
    let connection = connection(GroupPolicy::Mention, vec![]);
    baileys_batch(body.to_string().as_bytes()).units.iter().map(|unit| crate::parse(unit, &connection)).collect()
}

fn amendment(body: &Value) -> (String, InboundMessage) {
    match <[Observation; 1]>::try_from(seen(body)) {
        Ok([Observation::Amendment(Amendment { original, message, naming: Naming::Doubtful })]) => {
            (original.to_string(), message)
        }
        other => panic!("{other:?} of {body}"),
    }
}

fn evolution(event: &str, data: &Value) -> Value {
    json!({ "event": event, "instance": "loja", "data": data, "sender": OWN, "apikey": "x" })
}

#[test]
fn an_edit_is_told_by_the_id_of_its_message_whatever_the_event_is_called() {
    let key = |jid: &str, from_me: bool| json!({ "remoteJid": jid, "fromMe": from_me, "id": "A" });
    let edited = json!({ "conversation": "Novo" });
    let protocol = json!({ "key": key(THEIRS, false), "type": "MESSAGE_EDIT", "editedMessage": edited, "timestampMs": "1763694120000" });
    let wrapped = json!({ "editedMessage": { "message": edited } });
    let time = json!("1763694120");
    for body in [
        evolution("messages.edited", &protocol),
        evolution("MESSAGES_EDITED", &json!([protocol])),
        evolution(
            "messages.edited",
            &json!({ "key": key(THEIRS, false), "message": { "conversation": "Novo" }, "messageTimestamp": time }),
        ),
        evolution("messages.edited", &json!({ "key": key(THEIRS, false), "text": "Novo", "messageTimestamp": time })),
        json!({ "event": "messages.update", "data": [{ "key": key(THEIRS, false), "update": { "message": wrapped, "messageTimestamp": time } }] }),
        json!({ "event": "messages.update", "data": { "key": key(THEIRS, false), "update": { "message":
            { "protocolMessage": { "type": 14, "editedMessage": edited } }, "messageTimestamp": time } } }),
        // Bare, as a service of the customer's own may post it.
        json!({ "key": key(THEIRS, false), "update": { "message": wrapped, "messageTimestamp": time } }),
        json!([{ "key": key(THEIRS, false), "update": { "message": wrapped, "messageTimestamp": time } }]),
    ] {
        let (original, message) = amendment(&body);
        assert_eq!((original.as_str(), message.content.kind.as_str()), ("A", "edit"), "{body}");
        assert_eq!(message.content.text.as_deref(), Some("Novo"), "{body}");
        assert_eq!(message.sender.aliases[0].value, "77079861373");
        assert_eq!(message.sent_at.as_second(), 1_763_694_120, "{body}");
        assert!(message.from_contact && message.effect == domain::message::Effect::Silent);
    }
    // The key as the contact's own phone sees it: our number, and its side. That names nobody.
    let theirs = json!({ "key": key(OWN, true), "type": 14, "editedMessage": edited });
    assert_eq!(amendment(&evolution("messages.edited", &theirs)).1.sender.aliases, []);
}

#[test]
fn a_deletion_is_told_by_the_id_of_its_message_whatever_the_event_is_called() {
    let key = json!({ "remoteJid": THEIRS, "fromMe": false, "id": "A" });
    let of_its_own = json!({ "remoteJid": THEIRS, "fromMe": false, "id": "R" });
    for body in [
        evolution("messages.delete", &key),
        evolution("MESSAGES_DELETE", &json!({ "key": key })),
        evolution("messages.delete", &json!({ "keyId": "A", "remoteJid": THEIRS, "fromMe": false })),
        evolution(
            "messages.delete",
            &json!({ "id": "clx1", "key": key, "status": "DELETED", "message": { "conversation": "Oi" } }),
        ),
        evolution("messages.edited", &json!({ "key": key, "type": "REVOKE" })),
        json!({ "event": "messages.delete", "data": { "keys": [key] } }),
        json!({ "event": "messages.update", "data": [{ "key": key, "update": { "message": null, "messageStubType": 1, "key": of_its_own } }] }),
        json!({ "event": "messages.update", "data": [{ "key": key, "update": { "messageStubType": "REVOKE" } }] }),
        json!({ "key": key, "update": { "message": null } }),
    ] {
        let (original, message) = amendment(&body);
        assert_eq!((original.as_str(), message.content.kind.as_str()), ("A", "revoke"), "{body}");
        assert_eq!((message.content.text, message.sender.aliases[0].value.as_str()), (None, "77079861373"));
    }
    let two = json!({ "event": "messages.delete", "data": { "keys": [key, key] } });
    assert_eq!(seen(&two).len(), 2);
}

#[test]
fn what_changes_no_words_is_no_change() {
    let key = json!({ "remoteJid": THEIRS, "fromMe": false, "id": "A" });
    let nothing = |body: Value| {
        let seen = seen(&body);
        assert!(seen.iter().all(|seen| matches!(seen, Observation::Nothing { .. })), "{seen:?} of {body}");
    };
    nothing(evolution("messages.edited", &json!({ "key": key, "type": "EPHEMERAL_SETTING" })));
    nothing(evolution(
        "messages.update",
        &json!({ "keyId": "A", "remoteJid": THEIRS, "fromMe": true, "status": "DELETED" }),
    ));
    nothing(
        json!({ "event": "messages.update", "data": [{ "key": key, "update": { "message": { "imageMessage": {} } } }] }),
    );
    nothing(json!({ "event": "messages.update", "data": [{ "key": key, "update": { "starred": true } }] }));
    nothing(json!({ "event": "messages.delete", "data": { "jid": THEIRS, "all": true } }));
    let nameless = evolution("messages.delete", &json!({ "remoteJid": THEIRS }));
    assert_eq!(seen(&nameless), [Observation::inspect("change_without_id")]);
}

#[test]
fn a_message_of_a_group_is_known_with_its_writer() {
    let key = json!({ "remoteJid": "1@g.us", "participant": "9002@lid", "fromMe": false, "id": "A" });
    let part = &baileys_batch(evolution("messages.delete", &key).to_string().as_bytes()).units[0].part;
    assert!(matches!(part, Part::GatewayEvent { .. }));
    let (original, message) = amendment(&evolution("messages.delete", &json!({ "key": key })));
    assert_eq!((original.as_str(), message.sender.is_group), ("A.9002", true));
}
