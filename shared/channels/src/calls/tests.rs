//! What every provider tells of calls.

use domain::alias::AliasKind;
use serde_json::json;

use super::*;
use crate::gateway::Batch;
use crate::samples::{at, carried, connection, received_at};
use crate::{baileys, cloud_api, gowa, parse, waha};

const OURS: &str = "15550100000";
const THEIRS: &str = "77079861373";

type Split = fn(&domain::ids::OrganizationId, &domain::ids::ConnectionId, &[u8], Timestamp) -> Batch;

/// What the units of a body mean, each after its journey through the queue.
fn seen(split: Option<Split>, body: &Value, calls: CallPolicy) -> Vec<Observation> {
    let own = vec![Alias::new(AliasKind::Phone, OURS)];
    let connection = Connection { calls, ..connection(GroupPolicy::Mention, own) };
    let bytes = body.to_string().into_bytes();
    let units = match split {
        Some(split) => split(&connection.org, &connection.id, &bytes, received_at()).units,
        None => cloud_api::split("default", &bytes, received_at()),
    };
    units.iter().map(|unit| parse(&carried(unit), &connection)).collect()
}

fn line(split: Option<Split>, body: &Value) -> (String, InboundMessage) {
    match seen(split, body, CallPolicy::Line).pop() {
        Some(Observation::Message(message)) => (message.content.text.clone().unwrap(), message),
        other => panic!("{other:?} of {body}"),
    }
}

fn cloud(call: &Value) -> Value {
    let contact = json!({ "wa_id": THEIRS, "user_id": "KZ.1", "profile": { "name": "Maria" } });
    let value = json!({ "metadata": { "display_phone_number": OURS, "phone_number_id": "100000000000001" },
        "contacts": [contact], "calls": [call], "errors": [{ "code": 138_000 }] });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "calls", "value": value }] }] })
}

fn terminate(direction: &str, status: &str, duration: Option<u64>) -> Value {
    let (from, to) = if direction == "USER_INITIATED" { (THEIRS, OURS) } else { (OURS, THEIRS) };
    json!({ "id": "wacid.A", "from": from, "to": to, "event": "terminate", "direction": direction, "status": status,
        "timestamp": "1763694120", "duration": duration })
}

#[test]
fn a_call_of_the_cloud_api_is_told_when_it_is_over() {
    let check = |call: Value, words: &str, from_contact: bool| {
        let (text, message) = line(None, &cloud(&call));
        assert_eq!(
            (text.as_str(), message.from_contact, message.effect),
            (words, from_contact, Effect::Silent),
            "{call}"
        );
        assert_eq!((message.content.kind.as_str(), message.provider_id.as_str()), ("call", "wacid.A"));
        assert_eq!(message.sender.aliases[0].value, THEIRS, "{call}");
        assert!(message.content.raw.unwrap().contains("138000"), "why it failed is kept");
    };
    check(terminate("USER_INITIATED", "FAILED", None), "Missed call", true);
    check(terminate("USER_INITIATED", "COMPLETED", Some(120)), "Answered call, 2:00", true);
    check(terminate("BUSINESS_INITIATED", "REJECTED", None), "Declined call", false);
    check(terminate("BUSINESS_INITIATED", "NO_ANSWER", Some(0)), "Missed call", false);
    let mut timed = terminate("USER_INITIATED", "Completed", None);
    timed["start_time"] = json!("1763694060");
    timed["end_time"] = json!("1763694121");
    assert_eq!(line(None, &cloud(&timed)).1.sent_at, at(1_763_694_060));
    check(timed, "Answered call, 1:01", true);
    let connect = json!({ "id": "wacid.A", "from": THEIRS, "to": OURS, "event": "connect", "direction": "USER_INITIATED",
        "timestamp": "1763694100", "session": { "sdp_type": "offer" } });
    let nothing = [Observation::nothing("call_goes_on")];
    assert_eq!(seen(None, &cloud(&connect), CallPolicy::Line), nothing);
    assert_eq!(
        seen(None, &cloud(&json!(5)), CallPolicy::Line),
        [Observation::Inspect { reason: "element_is_no_object".into() }]
    );
}

#[test]
fn a_call_opens_a_ticket_where_its_connection_says_so_and_the_contact_called() {
    let effect = |call: Value| match seen(None, &cloud(&call), CallPolicy::Opens).pop() {
        Some(Observation::Message(message)) => message.effect,
        other => panic!("{other:?}"),
    };
    assert_eq!(effect(terminate("USER_INITIATED", "FAILED", None)), Effect::Opens);
    assert_eq!(effect(terminate("BUSINESS_INITIATED", "FAILED", None)), Effect::Silent);
}

#[test]
fn gateways_tell_of_calls_in_their_own_events() {
    use CallOutcome::{Answered, Declined, Ended, Missed, Rang};
    let check = |split: Split, body: Value, expected: CallOutcome| {
        let (_, message) = line(Some(split), &body);
        assert_eq!(message.content.context.unwrap().call.unwrap().outcome, expected, "{body}");
        assert_eq!((message.provider_id.as_str(), message.effect), ("call.A", Effect::Silent), "{body}");
        assert_eq!(message.sender.aliases[0].value, THEIRS, "{body}");
        assert_eq!(message.sent_at, at(1_763_694_120), "{body}");
    };
    let jid = format!("{THEIRS}@s.whatsapp.net");
    for (status, expected) in
        [("offer", Rang), ("timeout", Missed), ("reject", Declined), ("accept", Answered), ("terminate", Ended)]
    {
        let call = json!({ "id": "A", "from": "2110@lid", "callerPn": jid, "chatId": jid, "isVideo": true, "isGroup": false,
            "date": "2025-11-21T03:02:00.000Z", "status": status });
        check(baileys::split, json!({ "event": "call", "data": [call] }), expected);
        check(baileys::split, json!({ "event": "CALL", "instance": "x", "data": call }), expected);
    }
    let bare = json!({ "id": "A", "from": jid, "timestamp": "2025-11-21T03:02:00Z", "isVideo": false });
    check(baileys::split, json!({ "event": "call", "data": bare }), Rang);
    for (event, expected) in [("call.received", Rang), ("call.accepted", Answered), ("call.rejected", Declined)] {
        let payload =
            json!({ "id": "A", "from": format!("{THEIRS}@c.us"), "timestamp": 1_763_694_120, "isVideo": false });
        check(waha::split, json!({ "event": event, "payload": payload }), expected);
    }
    for (auto_rejected, expected) in [(false, Rang), (true, Declined)] {
        let payload = json!({ "call_id": "A", "from": jid, "auto_rejected": auto_rejected });
        let body = json!({ "event": "call.offer", "timestamp": "2025-11-21T03:02:00Z", "payload": payload });
        check(gowa::split, body, expected);
    }
    let going_on = json!({ "event": "call", "data": { "id": "A", "from": jid, "status": "relaylatency" } });
    assert_eq!(seen(Some(baileys::split), &going_on, CallPolicy::Line), [Observation::nothing("call_goes_on")]);
    let group =
        json!({ "event": "call", "data": { "id": "A", "from": jid, "groupJid": "1203@g.us", "status": "offer" } });
    assert_eq!(seen(Some(baileys::split), &group, CallPolicy::Line), [Observation::nothing("group_not_mentioned")]);
}
