//! What the gateways have in common: how their bodies are cut, which event a unit holds, whom a group's message names.

use domain::alias::Alias;
use domain::ids::{ConnectionId, OrganizationId, ProviderMessageId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::parcel::Parcel;
use crate::unit::{Part, Source, Unit};
use crate::{inlined, lenient, unreadable};

/// Bodies below this cannot hold a part that is too large for the queue.
const SMALL_BODY: usize = 100_000;

/// The deepest nesting of a message. A JSON reader gives up at 128, and a unit is deeper than the message in it.
const DEEPEST: usize = 100;

/// Bytes inlined in a message, and our own note of them. Files are parcels, and a thumbnail would cost more to store than all else.
const INLINED: [&str; 6] =
    ["base64", "jpegThumbnail", "pngThumbnail", "thumbnail", "highQualityThumbnail", inlined::NAME];

/// Fields in which gateways put their own credentials, wherever they stand, in any spelling: a name that holds one of these without
/// what its words are joined by. A plain `token` is none: orders have one. Source: docs/providers.md §0.10.
const CREDENTIALS: [&str; 14] = [
    "apikey",
    "verifytoken",
    "jwtkey",
    "accesstoken",
    "refreshtoken",
    "bearertoken",
    "authtoken",
    "apitoken",
    "sessiontoken",
    "authorization",
    "password",
    "clientsecret",
    "appsecret",
    "webhooksecret",
];

/// Which gateway's events a unit holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gateway {
    /// A Baileys service or Evolution, where it tells by an event of its own what became of a message.
    Baileys,
    /// WAHA, with any engine.
    Waha,
    /// GOWA (go-whatsapp-web-multidevice).
    Gowa,
}

/// A body cut into units.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// The units, in the body's order.
    pub units: Vec<Unit>,
    /// The name of the event when it is one that carries no messages; to be counted.
    pub ignored_event: Option<String>,
    /// The files that the messages held, to be durable before the units are sent.
    pub files: Vec<Parcel>,
}

/// A body while it is being cut.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    pub(crate) parts: Vec<Part>,
    files: Vec<Vec<u8>>,
    ignored_event: Option<String>,
}

impl Cut {
    /// An event that carries no messages.
    pub(crate) fn ignored(&mut self, event: &str) {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
        self.ignored_event = Some(event.chars().take(60).map(plain).collect());
    }

    /// Bytes that are not what they should be.
    pub(crate) fn broken(&mut self, reason: &str, body: &[u8]) {
        self.parts.push(unreadable::bytes(reason, body));
    }

    /// A value that is not what it should be.
    pub(crate) fn unreadable(&mut self, reason: &str, value: &Value) {
        self.parts.push(unreadable::value(reason, value));
    }

    /// An event about a message.
    pub(crate) fn event(&mut self, gateway: Gateway, event: String, payload: Value, own: Vec<String>) {
        if !payload.is_object() {
            return self.unreadable("payload_is_no_object", &payload);
        }
        let part = |payload| Part::GatewayEvent { gateway, event, payload, own };
        self.message(payload, None, part);
    }

    /// A message without what must not or need not travel; nested too deep it would not come out of the queue again. `beside` is its
    /// file where the body has it elsewhere.
    pub(crate) fn message(&mut self, mut message: Value, beside: Option<&str>, part: impl FnOnce(Value) -> Part) {
        let file = inlined::file(&message, beside);
        drop_unwanted(&mut message);
        if lenient::is_deeper_than(&message, DEEPEST) {
            return self.unreadable("too_deep", &message);
        }
        if let Some(file) = file {
            inlined::note(&mut message, &file);
            self.files.push(file);
        }
        self.parts.push(part(message));
    }

    pub(crate) fn into_batch(
        self,
        org: &OrganizationId,
        connection: &ConnectionId,
        body_len: usize,
        received_at: Timestamp,
    ) -> Batch {
        let source = Source::Gateway { org: org.clone(), connection: connection.clone() };
        let unit = |part| Unit::new(source.clone(), received_at, part, body_len > SMALL_BODY);
        Batch {
            units: self.parts.into_iter().map(unit).collect(),
            ignored_event: self.ignored_event,
            files: self.files.into_iter().map(|file| inlined::parcel(org, file)).collect(),
        }
    }
}

fn drop_unwanted(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !INLINED.contains(&name.as_str()) && !is_of_a_gateway(name));
            fields.values_mut().for_each(drop_unwanted);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_unwanted),
        _ => {}
    }
}

/// Whether a field holds a gateway's own credential.
fn is_of_a_gateway(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    CREDENTIALS.iter().any(|credential| name.contains(credential))
}

/// The id of a message that has none: a digest of itself, the same on each delivery.
pub(crate) fn id_of_content(message: &Value) -> ProviderMessageId {
    ProviderMessageId::new(&format!("none.{}", hex::encode(Sha256::digest(message.to_string()))))
}

/// Whether an identity is one of these.
pub(crate) fn is_one_of(alias: &Alias, own: &[Alias]) -> bool {
    own.iter().any(|own| own.kind == alias.kind && own.match_key() == alias.match_key())
}

/// Whether a text holds `@` followed by exactly the digits of one of these identities: so a mention is written, by number or by
/// hidden id.
pub(crate) fn is_named_in(text: &str, own: &[Alias]) -> bool {
    text.split('@').skip(1).any(|after| {
        let digits = after.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        !digits.is_empty() && own.iter().any(|own| Alias::new(own.kind, digits).match_key() == own.match_key())
    })
}

#[cfg(test)]
mod tests {
    use domain::alias::AliasKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_and_inlined_media_do_not_travel() {
        let mut message = json!({
            "apikey": "s3cret", "message": { "base64": "AAAA", "imageMessage": { "caption": "A", "jpegThumbnail": {} } },
            "list": [{ "webhookVerifyToken": "s3cret", "API-Key": "s3cret", "access_token": "s3cret", "Authorization": "s3cret" }],
        });
        drop_unwanted(&mut message);
        assert_eq!(message, json!({ "message": { "imageMessage": { "caption": "A" } }, "list": [{}] }));
    }

    #[test]
    fn a_file_in_a_message_is_a_parcel_and_nobody_else_names_one() {
        let mut cut = Cut::default();
        let with = json!({ "key": { "id": "A" }, "message": { "base64": "YWI=", "imageMessage": {} } });
        let forged = json!({ "key": { "id": "B" }, "turno_file": { "sha256": "00", "size": 1 }, "message": {} });
        for message in [with, forged] {
            cut.message(message, None, |update| Part::BaileysUpdate { update });
        }
        let (org, id) = (OrganizationId::new("o").unwrap(), ConnectionId::new("c").unwrap());
        let batch = cut.into_batch(&org, &id, 10, Timestamp::UNIX_EPOCH);
        assert_eq!(batch.files.iter().map(|file| &file.bytes[..]).collect::<Vec<_>>(), [b"ab"]);
        let note = |at: usize| match &batch.units[at].part {
            Part::BaileysUpdate { update } => update["turno_file"].clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!((note(0)["sha256"].as_str(), note(0)["size"].as_u64()), (Some(&*batch.files[0].sha256), Some(2)));
        assert_eq!(note(1), Value::Null);
    }

    #[test]
    fn a_text_names_us_by_number_or_hidden_id() {
        let own = [Alias::new(AliasKind::Phone, "551140001234"), Alias::new(AliasKind::Lid, "9001")];
        for (text, expected) in
            [("@551140001234 oi", true), ("oi @9001", true), ("@90012", false), ("9001", false), ("@ 9001", false)]
        {
            assert_eq!(is_named_in(text, &own), expected, "{text}");
        }
    }
}
