//! baileys-api. Source: fazer-ai/baileys-api, `src/controllers/connections/index.ts` and `types.ts`.

use domain::alias::Alias;
use domain::answer::{Answer, AnswerBody, Target};
use domain::ids::ProviderMessageId;
use serde_json::{Value, json};

use super::{Call, Unsupported, jid, key, segment};

/// `session` is the phone number of the connection, with its plus.
pub(super) fn message(session: &str, to: &Alias, answer: &Answer, reference: &str) -> Result<Call, Unsupported> {
    if answer.reply_to.is_some() {
        return Err(Unsupported("quotes"));
    }
    let content = match &answer.body {
        AnswerBody::Text { body, .. } => json!({ "text": body }),
        AnswerBody::Reaction { target, emoji } => json!({ "react": { "key": key(to, target), "text": emoji } }),
        // It takes the bytes themselves, in the request.
        AnswerBody::Media(_) => return Err(Unsupported("media by link")),
        AnswerBody::Template(_) => return Err(Unsupported("templates")),
        AnswerBody::Interactive(_) => return Err(Unsupported("buttons and lists")),
    };
    // It remembers this key, and answers a repetition with what the first came to.
    let body = json!({ "jid": jid(to), "messageContent": content, "chatwootMessageId": reference });
    Ok(call("POST", session, "send-message", body))
}

pub(super) fn read(session: &str, to: &Alias, id: &ProviderMessageId) -> Call {
    let key = key(to, &Target { id: id.clone(), is_ours: false });
    call("POST", session, "read-messages", json!({ "keys": [key] }))
}

pub(super) fn typing(session: &str, to: &Alias) -> Call {
    call("PATCH", session, "presence", json!({ "type": "composing", "toJid": jid(to) }))
}

fn call(method: &'static str, session: &str, what: &str, body: Value) -> Call {
    Call { method, path: format!("/connections/{}/{what}", segment(session)), body }
}
