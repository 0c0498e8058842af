//! Files that a gateway puts into its body as Base64: taken out before the message travels, and named by their digest.
//!
//! A gateway that is told to does this instead of giving files out: Evolution (`webhook_base64`) beside the content, baileys-api
//! (`includeMedia`) at the end of the body by the ids of the messages. Sources: EvolutionAPI/evolution-api,
//! `whatsapp.baileys.service.ts`; fazer-ai/baileys-api, `src/baileys/connection.ts`.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use domain::ids::OrganizationId;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::lenient;
use crate::media::Digest;
use crate::parcel::Parcel;

/// Under this name a message says which file was taken out of it. Nobody else may: what a gateway writes there is dropped.
pub(crate) const NAME: &str = "turno_file";

/// With or without what fills up its end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The file that a message holds, or that stands beside it in the body.
pub(crate) fn file(message: &Value, beside: Option<&str>) -> Option<Vec<u8>> {
    let places = [&message["message"]["base64"], &message["base64"], &message["media"]["data"]];
    let text = places.into_iter().find_map(lenient::text).or(beside)?;
    // `data:image/png;base64,…`, as Evolution writes pictures elsewhere.
    let text = text.strip_prefix("data:").and_then(|uri| uri.split_once(',')).map_or(text, |(_, data)| data);
    BASE64.decode(text.trim()).ok().filter(|bytes| !bytes.is_empty())
}

/// Notes in a message which file was taken out of it. Names under which nothing else stands are dropped by whoever calls.
pub(crate) fn note(message: &mut Value, file: &[u8]) {
    if let Some(media) = message.get_mut("media").and_then(Value::as_object_mut) {
        media.remove("data");
    }
    if message.is_object() {
        message[NAME] = json!({ "sha256": hex::encode(Sha256::digest(file)), "size": file.len() });
    }
}

/// What a stored message notes of its file: its digest and length.
pub(crate) fn noted(message: &Value) -> Option<(Digest, u64)> {
    let note = &message[NAME];
    Some((Digest::read(&note["sha256"])?, note["size"].as_u64()?))
}

/// The parcel of a file.
pub(crate) fn parcel(org: &OrganizationId, bytes: Vec<u8>) -> Parcel {
    let sha256 = hex::encode(Sha256::digest(&bytes));
    Parcel { key: key(org, &sha256), sha256, bytes }
}

/// Where the file of this SHA-256, in lower-case hex, lies among the parcels. No message leads to another organization's.
pub fn key(org: &OrganizationId, sha256: &str) -> String {
    format!("files/{org}/{sha256}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_wherever_a_gateway_puts_it() {
        let check = |message: Value, beside: Option<&str>, expected: Option<&[u8]>| {
            assert_eq!(file(&message, beside).as_deref(), expected, "{message}");
        };
        check(json!({ "message": { "base64": "YWI=", "imageMessage": {} } }), None, Some(b"ab"));
        check(json!({ "message": { "base64": "YWI" } }), None, Some(b"ab"));
        check(json!({ "base64": "data:image/png;base64,YWI=" }), None, Some(b"ab"));
        check(json!({ "media": { "data": "YWI=" } }), None, Some(b"ab"));
        check(json!({ "message": { "imageMessage": {} } }), Some("YWI="), Some(b"ab"));
        check(json!({ "message": { "base64": "" } }), None, None);
        check(json!({ "message": { "base64": "no base64!" } }), None, None);
        check(json!({ "message": { "base64": 5 } }), None, None);
        check(json!([]), None, None);
    }

    #[test]
    fn a_note_says_which_file_it_was() {
        let mut message = json!({ "key": {}, "media": { "data": "YWI=", "url": null } });
        note(&mut message, b"ab");
        assert_eq!(message["media"], json!({ "url": null }));
        let (digest, size) = noted(&message).unwrap();
        let parcel = parcel(&OrganizationId::new("demo").unwrap(), b"ab".to_vec());
        assert_eq!((digest.hex(), size), (parcel.sha256.clone(), 2));
        assert_eq!(parcel.key, format!("files/demo/{}", parcel.sha256));
        let mut text = json!("x");
        note(&mut text, b"ab");
        assert_eq!((noted(&text), noted(&json!({}))), (None, None));
    }
}
