//! How far a message of ours came, as `messages.update` says it. Source: docs/providers.md §3.1, Baileys' `WebMessageInfo.Status`.

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
    if status == "DELETED" || status == "EDITED" {
        // So Evolution calls whatever is no status; deletions and edits it tells by events of their own.
        return Observation::nothing("update_without_status");
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
    let stub = [&changed["messageStubParameters"], &update["messageStubParameters"]];
    let refused = || refusal(stub.into_iter().find(|stub| stub.is_array()).unwrap_or(&Value::Null));
    Observation::Delivery(DeliveryReport {
        provider_id: ProviderMessageId::new(id),
        callback: None,
        delivery,
        at: received_at,
        error: (delivery == Delivery::Failed).then(refused),
    })
}

/// Why a message was refused: WhatsApp's own number of the error and its words, which come as the parameters of a stub. Code 0 where
/// none is given.
pub(crate) fn refusal(parameters: &Value) -> DeliveryError {
    let parameters = || parameters.as_array().into_iter().flatten().take(8);
    let code = parameters().find_map(lenient::integer).unwrap_or(0);
    let words = parameters().filter(|said| lenient::integer(said).is_none()).filter_map(lenient::text);
    let words = words.collect::<Vec<_>>().join(" ");
    DeliveryError { code, details: (!words.is_empty()).then(|| lenient::head(&words, 500).to_owned()) }
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
    fn a_refusal_keeps_its_number_and_its_words() {
        let check = |parameters: Value, code: i64, words: Option<&str>| {
            for value in [
                json!({ "key": { "id": "A" }, "update": { "status": 0, "messageStubParameters": parameters } }),
                json!({ "keyId": "A", "fromMe": true, "status": "ERROR", "messageStubParameters": parameters }),
            ] {
                let Observation::Delivery(report) = update(&value, received_at()) else { panic!("{value}") };
                let error = report.error.unwrap();
                assert_eq!((error.code, error.details.as_deref()), (code, words), "{value}");
            }
        };
        check(json!(["463", "Your account has been restricted"]), 463, Some("Your account has been restricted"));
        check(json!([463]), 463, None);
        check(json!(["Your account has been restricted"]), 0, Some("Your account has been restricted"));
        check(json!([]), 0, None);
        check(json!("463"), 0, None);
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
