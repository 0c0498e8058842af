//! A message to send, read as strictly as Meta reads it. Source: docs/providers.md §2.

use serde_json::Value;

use super::GraphError;
use super::content::{self, invalid, only, optional, required};
use super::templates::Templates;

/// What a message may be made of, beside the member that its type names.
const MEMBERS: [&str; 6] = ["messaging_product", "recipient_type", "to", "recipient", "type", "context"];
/// The longest `biz_opaque_callback_data`, in characters.
const CALLBACK_DATA_LIMIT: usize = 512;

/// What the simulator needs of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outbound {
    pub(super) recipient: Recipient,
    pub(super) callback_data: Option<String>,
}

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recipient {
    /// Digits.
    Phone(String),
    /// A business-scoped user id: `US.13491208655302741918`.
    User(String),
}

impl Recipient {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Phone(id) | Self::User(id) => id,
        }
    }
}

impl Outbound {
    pub(super) fn parse(body: &Value, templates: &Templates) -> Result<Self, GraphError> {
        if optional(body, "recipient_type")?.is_some_and(|kind| kind != "individual" && kind != "group") {
            return Err(invalid("recipient_type must be individual or group"));
        }
        let recipient = recipient(body)?;
        let kind = optional(body, "type")?.unwrap_or("text");
        let members: Vec<&str> = MEMBERS.into_iter().chain([kind, "biz_opaque_callback_data"]).collect();
        only(body, &members)?;
        if !body["context"].is_null() {
            required(&body["context"], "message_id")?;
        }
        content::check(kind, body, templates)?;
        let callback_data = optional(body, "biz_opaque_callback_data")?.map(str::to_owned);
        if callback_data.as_ref().is_some_and(|data| data.chars().count() > CALLBACK_DATA_LIMIT) {
            return Err(invalid(&format!("biz_opaque_callback_data may have {CALLBACK_DATA_LIMIT} characters")));
        }
        Ok(Self { recipient, callback_data })
    }
}

/// The phone number wins when both are given, as with Meta.
fn recipient(body: &Value) -> Result<Recipient, GraphError> {
    if let Some(to) = optional(body, "to")? {
        let digits = to.strip_prefix('+').unwrap_or(to);
        if !(5..=20).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid("to must be a phone number"));
        }
        return Ok(Recipient::Phone(digits.to_owned()));
    }
    let user = required(body, "recipient")?;
    match user.split_once('.') {
        Some((country, id)) if country.len() == 2 && (1..=132).contains(&id.len()) => {
            Ok(Recipient::User(user.to_owned()))
        }
        _ => Err(invalid("recipient must be a business-scoped user id")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "77079861373", "type": "text",
            "text": { "body": "Bom dia", "preview_url": false }, "biz_opaque_callback_data": "msg_1",
        })
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Value), expected: Result<&str, u32>) {
        let mut body = good();
        change(&mut body);
        let outcome = Outbound::parse(&body, &Templates::new());
        let outcome = outcome.map(|message| message.recipient.id().to_owned()).map_err(|error| error.code);
        assert_eq!(outcome, expected.map(str::to_owned), "{body}");
    }

    #[test]
    fn a_documented_text_message_is_taken() {
        check(|_| {}, Ok("77079861373"));
        check(|body| body["to"] = json!("+77079861373"), Ok("77079861373"));
        check(|body| body["recipient"] = json!("US.1"), Ok("77079861373"));
        check(|body| body["text"]["body"] = json!("á".repeat(4096)), Ok("77079861373"));
        check(|body| body["biz_opaque_callback_data"] = json!("x".repeat(512)), Ok("77079861373"));
        let user = |body: &mut Value| {
            body["to"] = Value::Null;
            body["recipient"] = json!("US.13491208655302741918");
        };
        check(user, Ok("US.13491208655302741918"));
    }

    #[test]
    fn what_meta_refuses_is_refused_with_meta_s_code() {
        check(|body| body["to"] = Value::Null, Err(131_008));
        check(|body| body["to"] = json!("maria"), Err(131_009));
        check(|body| body["to"] = json!(77_079_861_373_u64), Err(131_009));
        check(|body| body["recipient_type"] = json!("team"), Err(131_009));
        check(|body| body["type"] = json!("poll"), Err(100));
        check(|body| body["context"] = json!({}), Err(131_008));
        check(|body| body["preview"] = json!(true), Err(100));
        check(|body| body["text"] = Value::Null, Err(131_008));
        check(|body| body["text"]["body"] = json!(""), Err(131_009));
        check(|body| body["text"]["body"] = json!("x".repeat(4097)), Err(131_009));
        check(|body| body["biz_opaque_callback_data"] = json!("x".repeat(513)), Err(131_009));
    }
}
