//! How far a message of ours came, as `messages.update` says it. Source: whatsapp.md §3.1, Baileys' `WebMessageInfo.Status`.

use domain::alias::Alias;
use domain::delivery::{Delivery, DeliveryError, DeliveryReport};
use domain::ids::ProviderMessageId;
use jiff::Timestamp;
use serde_json::Value;

use crate::baileys::{identity, jid};
use crate::lenient;
use crate::observation::Observation;

/// What an update means: `{key, update: {status}}`, or flat as the Evolution API writes it, `{keyId, remoteJid, fromMe, status}`.
/// An update of anything but the status, or of a message of the contact's, means nothing.
pub(crate) fn update(update: &Value, received_at: Timestamp) -> Observation {
    let (key, changed) = (&update["key"], &update["update"]);
    let status = if changed["status"].is_null() { &update["status"] } else { &changed["status"] };
    if status.is_null() {
        return Observation::nothing("update_without_status");
    }
    let from_me = if key["fromMe"].is_null() { &update["fromMe"] } else { &key["fromMe"] };
    if *from_me == false {
        return Observation::nothing("ack_of_theirs");
    }
    let named = |number: i64, name: &str| lenient::integer(status) == Some(number) || status == name;
    let delivery = if named(0, "ERROR") {
        Delivery::Failed
    } else if named(1, "PENDING") {
        return Observation::nothing("ack_pending");
    } else if named(2, "SERVER_ACK") {
        Delivery::Sent
    } else if named(3, "DELIVERY_ACK") {
        Delivery::Delivered
    } else if named(4, "READ") {
        Delivery::Read
    } else if named(5, "PLAYED") {
        Delivery::Played
    } else {
        return Observation::inspect("unknown_status");
    };
    let Some(id) = [&key["id"], &update["keyId"]].into_iter().find_map(lenient::text) else {
        return Observation::inspect("status_without_id");
    };
    // WhatsApp's own number of the error comes as a parameter of a stub.
    let code = lenient::integer(&changed["messageStubParameters"][0]).unwrap_or(0);
    Observation::Delivery(DeliveryReport {
        provider_id: ProviderMessageId::new(id),
        callback: None,
        delivery,
        at: received_at,
        error: (delivery == Delivery::Failed).then_some(DeliveryError { code, details: None }),
    })
}

/// The other side of the conversation that an update belongs to.
pub(crate) fn counterpart(update: &Value) -> Option<Alias> {
    identity::counterpart(update).or_else(|| lenient::text(&update["remoteJid"]).and_then(jid::alias))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::samples::received_at;

    fn report(value: &Value) -> Option<(String, Delivery, Option<i64>)> {
        match update(value, received_at()) {
            Observation::Delivery(report) => {
                Some((report.provider_id.to_string(), report.delivery, report.error.map(|error| error.code)))
            }
            _ => None,
        }
    }

    #[test]
    fn a_status_is_read_however_it_is_written() {
        let key = json!({ "remoteJid": "77079861373@s.whatsapp.net", "fromMe": true, "id": "A" });
        let seen = |delivery| Some(("A".to_owned(), delivery, None));
        assert_eq!(report(&json!({ "key": key, "update": { "status": 3 } })), seen(Delivery::Delivered));
        assert_eq!(report(&json!({ "key": key, "status": "READ" })), seen(Delivery::Read));
        assert_eq!(report(&json!({ "keyId": "A", "fromMe": true, "status": "SERVER_ACK" })), seen(Delivery::Sent));
        assert_eq!(report(&json!({ "key": { "id": "A" }, "status": "5" })), seen(Delivery::Played));
        let failed = json!({ "key": key, "update": { "status": 0, "messageStubParameters": ["463"] } });
        assert_eq!(report(&failed), Some(("A".to_owned(), Delivery::Failed, Some(463))));
    }

    #[test]
    fn what_is_no_status_of_ours_changes_nothing() {
        for value in [
            json!({ "key": { "id": "A", "fromMe": true }, "update": { "starred": true } }),
            json!({ "key": { "id": "A", "fromMe": false }, "update": { "status": 4 } }),
            json!({ "key": { "id": "A", "fromMe": true }, "status": "PENDING" }),
            json!({ "key": { "id": "A", "fromMe": true }, "status": "in_orbit" }),
            json!({ "status": 3 }),
        ] {
            assert_eq!(report(&value), None, "{value}");
        }
    }
}
