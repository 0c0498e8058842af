//! Webhooks as Meta writes and signs them, for `say` and for the simulator. Source: docs/providers.md §1.2 to §1.5.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Request, header};
use hyper::body::Bytes;
use serde_json::{Value, json};
use sha2::Sha256;

/// The business account that the demo's numbers belong to.
pub(crate) const ACCOUNT: &str = "100000000000009";

/// Which way a message goes; Meta's ids differ by it.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    FromCustomer,
    ToCustomer,
}

/// A new message id in Meta's form: Base64 of a few framing bytes, the customer's number and twenty hexadecimal digits.
pub(crate) fn message_id(customer: &str, direction: Direction) -> String {
    let number = &customer.as_bytes()[..customer.len().min(255)];
    let mut bytes = vec![0x1c, 0x18, u8::try_from(number.len()).unwrap_or(u8::MAX)];
    bytes.extend(number);
    bytes.extend([0x15, 0x02, 0x00]);
    bytes.push(match direction {
        Direction::FromCustomer => 0x12,
        Direction::ToCustomer => 0x11,
    });
    bytes.extend([0x18, 0x14]);
    bytes.extend(format!("{:020X}", fastrand::u128(..) >> 48).bytes());
    bytes.push(0x00);
    format!("wamid.{}", STANDARD.encode(bytes))
}

/// The envelope of one change of the `messages` field: `part` holds `contacts`, `messages` or `statuses`.
pub(crate) fn envelope(phone_number_id: &str, mut part: Value) -> Value {
    part["messaging_product"] = json!("whatsapp");
    part["metadata"] = json!({ "display_phone_number": "15550100000", "phone_number_id": phone_number_id });
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": ACCOUNT, "changes": [{ "field": "messages", "value": part }] }],
    })
}

/// JSON as Meta sends it: beyond ASCII everything is `\uXXXX` in lower case, and a slash is `\/`.
pub(crate) fn written(value: &Value) -> Bytes {
    let mut text = String::new();
    for c in value.to_string().chars() {
        match c {
            '/' => text.push_str("\\/"),
            c if c.is_ascii() => text.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // A String takes whatever is written to it.
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    Bytes::from(text)
}

/// The request that carries a body to the webhook, signed with the app secret.
pub(crate) fn signed(api_url: &str, app_secret: &str, body: Bytes) -> Result<Request<Bytes>, http::Error> {
    Request::post(format!("{api_url}/webhook/whatsapp"))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "facebookexternalua")
        .header("x-hub-signature-256", signature(app_secret, &body))
        .body(body)
}

/// `X-Hub-Signature-256` of these bytes.
pub(crate) fn signature(app_secret: &str, body: &[u8]) -> String {
    // HMAC takes a key of any length, so there is nothing that could fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()) else { return String::new() };
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_published_vectors() {
        assert_eq!(
            signature("sesame", b"hello world"),
            "sha256=f39034b29165ec6a5104d9aef27266484ab26c8caa7bca8bcb2dd02e8be61b17"
        );
        assert_eq!(
            signature("sesame", b"hello world2"),
            "sha256=60905fdf409d0b4f721e99f6f25b31567a68a6b45e933d814e17a246be4c5a53"
        );
    }

    #[test]
    fn text_beyond_ascii_is_escaped_and_reads_back_the_same() {
        let value = json!({ "body": "Olá 👍 a/b \"c\"" });
        let bytes = written(&value);
        assert!(bytes.is_ascii());
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.contains("Ol\\u00e1 \\ud83d\\udc4d a\\/b"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn message_ids_differ_and_hold_the_number() {
        let id = message_id("77079861373", Direction::FromCustomer);
        assert_ne!(id, message_id("77079861373", Direction::FromCustomer));
        let decoded = STANDARD.decode(id.strip_prefix("wamid.").unwrap()).unwrap();
        assert!(decoded.windows(11).any(|window| window == b"77079861373"));
    }
}
