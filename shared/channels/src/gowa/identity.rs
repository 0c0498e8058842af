//! Who is on the other side of a GOWA message: the chat where our side wrote, the writer where it did not.

use domain::alias::{Alias, AliasKind};
use serde_json::Value;

use crate::baileys::identity::Chat;
use crate::baileys::jid::{self, Jid};
use crate::lenient;

/// Whether our own side wrote it. Older versions do not say; then the writer is compared with the device.
pub(crate) fn is_from_me(payload: &Value, own: &[String]) -> bool {
    payload["is_from_me"].as_bool().unwrap_or_else(|| {
        let writer = lenient::text(&payload["from"]).and_then(jid::alias);
        writer.is_some_and(|writer| own.iter().filter_map(|own| jid::alias(own)).any(|own| own == writer))
    })
}

/// The chat that a message belongs to. The chat of an incoming message may be spelled as our own side's, so a person is known by
/// `from` there.
pub(crate) fn chat(payload: &Value, own: &[String]) -> Chat {
    let named = lenient::text(&payload["chat_id"]);
    let is_from_me = is_from_me(payload, own);
    // What a contact sends to a broadcast list is shown in the private chat with it.
    let named = named.filter(|named| is_from_me || !jid::is_list(named));
    match named.and_then(jid::read) {
        Some(Jid::Nobody) => return Chat::Nobody,
        Some(Jid::Somebody(group)) if group.kind == AliasKind::Group => return Chat::Group(group),
        _ => {}
    }
    if is_from_me {
        return Chat::person(named.into_iter().chain(lenient::text(&payload["chat_lid"])));
    }
    let writer = [&payload["from"], &payload["from_lid"]].map(lenient::text);
    if writer.iter().flatten().any(|jid| jid::read(jid) == Some(Jid::Nobody)) {
        return Chat::Nobody;
    }
    Chat::person(writer.into_iter().flatten())
}

/// The strongest identity of the other side.
pub(crate) fn counterpart(payload: &Value, own: &[String]) -> Option<Alias> {
    chat(payload, own).counterpart()
}

/// Who wrote in a group.
pub(crate) fn participant(payload: &Value) -> Option<Alias> {
    lenient::text(&payload["from"]).and_then(jid::alias)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_other_side_is_the_writer_or_the_chat() {
        let own = ["628111@s.whatsapp.net".to_owned()];
        let check = |payload: Value, expected: &[&str]| {
            let Chat::Person(aliases) = chat(&payload, &own) else { panic!("{payload}") };
            let names: Vec<_> =
                aliases.iter().map(|alias| format!("{} {}", alias.kind.as_str(), alias.value)).collect();
            assert_eq!(names, expected, "{payload}");
        };
        let theirs = json!({ "chat_id": own[0], "from": "628222:4@s.whatsapp.net", "from_lid": "2515@lid" });
        check(theirs, &["phone 628222", "lid 2515"]);
        let ours = json!({ "chat_id": "628222@s.whatsapp.net", "from": own[0] });
        check(ours.clone(), &["phone 628222"]);
        assert!(is_from_me(&ours, &own));
        check(json!({ "chat_id": "628222@s.whatsapp.net", "from": "1@lid", "is_from_me": true }), &["phone 628222"]);
        check(json!({ "chat_id": "1600000000@broadcast", "from": "628222@s.whatsapp.net" }), &["phone 628222"]);
        assert!(matches!(chat(&json!({ "chat_id": "1203@g.us", "from": own[0] }), &own), Chat::Group(_)));
        assert_eq!(
            chat(&json!({ "chat_id": "status@broadcast", "from": "628222@s.whatsapp.net" }), &own),
            Chat::Nobody
        );
        assert_eq!(chat(&json!({}), &own), Chat::Unknown);
    }
}
