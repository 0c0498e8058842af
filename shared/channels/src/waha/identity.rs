//! Who is on the other side of a WAHA message. Its id, `false_<chat>_<id>[_<participant>]`, names the chat whichever side wrote;
//! what the engine gave along in `_data` may know the person's other identities. Source: docs/providers.md §3.3.

use domain::alias::{Alias, AliasKind};
use serde_json::Value;

use crate::baileys::identity::Chat;
use crate::baileys::jid::{self, Jid};
use crate::lenient;

/// The parts of a message's id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MessageId<'a> {
    pub(crate) from_me: bool,
    pub(crate) chat: &'a str,
    pub(crate) id: &'a str,
    pub(crate) participant: Option<&'a str>,
}

/// Takes an id apart; nothing where it is not of that form.
pub(crate) fn message_id(text: &str) -> Option<MessageId<'_>> {
    let (from_me, rest) = text
        .strip_prefix("true_")
        .map(|rest| (true, rest))
        .or(text.strip_prefix("false_").map(|rest| (false, rest)))?;
    let server = rest.find('@')?;
    let end = server + rest[server..].find('_')?;
    let (chat, rest) = (&rest[..end], &rest[end + 1..]);
    let (id, participant) = rest.split_once('_').map_or((rest, None), |(id, participant)| (id, Some(participant)));
    (!id.is_empty()).then_some(MessageId { from_me, chat, id, participant })
}

/// Whether our own side wrote it.
pub(crate) fn is_from_me(payload: &Value) -> bool {
    match payload["fromMe"].as_bool() {
        Some(from_me) => from_me,
        None => payload["id"].as_str().and_then(message_id).is_some_and(|id| id.from_me),
    }
}

/// The chat that a message belongs to.
pub(crate) fn chat(payload: &Value) -> Chat {
    let from_me = is_from_me(payload);
    let of_id = payload["id"].as_str().and_then(message_id).map(|id| id.chat);
    let side = if from_me { &payload["to"] } else { &payload["from"] };
    let named = of_id.or_else(|| lenient::text(side));
    if !from_me && [named, lenient::text(&payload["from"])].into_iter().flatten().any(jid::is_list) {
        return writer_to_a_list(payload);
    }
    match named.and_then(jid::read) {
        Some(Jid::Nobody) => return Chat::Nobody,
        Some(Jid::Somebody(group)) if group.kind == AliasKind::Group => return Chat::Group(group),
        _ => {}
    }
    let (key, info) = (&payload["_data"]["key"], &payload["_data"]["Info"]);
    let of_writer =
        [&payload["from"], &key["senderPn"], &key["senderLid"], &info["Sender"], &info["SenderAlt"]].map(lenient::text);
    let of_chat = [&key["remoteJid"], &key["remoteJidAlt"], &info["Chat"], &info["RecipientAlt"]].map(lenient::text);
    let writer = of_writer.into_iter().flatten().filter(|_| !from_me);
    let given = named.into_iter().chain(of_chat.into_iter().flatten()).chain(writer);
    Chat::person(given)
}

/// What a contact sends to a broadcast list is shown in the private chat with it.
fn writer_to_a_list(payload: &Value) -> Chat {
    let of_id = payload["id"].as_str().and_then(message_id).and_then(|id| id.participant);
    let (key, info) = (&payload["_data"]["key"], &payload["_data"]["Info"]);
    let told = [
        &payload["participant"],
        &key["participant"],
        &key["participantAlt"],
        &info["Sender"],
        &info["SenderAlt"],
        &payload["_data"]["author"],
    ];
    match Chat::person(of_id.into_iter().chain(told.into_iter().filter_map(lenient::text))) {
        Chat::Unknown => Chat::Nobody,
        chat => chat,
    }
}

/// The strongest identity of the other side.
pub(crate) fn counterpart(payload: &Value) -> Option<Alias> {
    chat(payload).counterpart()
}

/// Who wrote in a group, as WAHA spells it.
pub(crate) fn participant(payload: &Value) -> Option<Alias> {
    let of_id = payload["id"].as_str().and_then(message_id).and_then(|id| id.participant);
    lenient::text(&payload["participant"]).or(of_id).and_then(jid::alias)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_names_side_chat_and_participant() {
        let check = |text: &str, expected: Option<(bool, &str, &str, Option<&str>)>| {
            let seen = message_id(text).map(|id| (id.from_me, id.chat, id.id, id.participant));
            assert_eq!(seen, expected, "{text}");
        };
        check("true_111@c.us_AAA", Some((true, "111@c.us", "AAA", None)));
        check("false_120@g.us_AAA_9@lid", Some((false, "120@g.us", "AAA", Some("9@lid"))));
        check("false_111_1@c.us_AAA", Some((false, "111_1@c.us", "AAA", None)));
        for text in ["", "AAA", "false_", "false_111@c.us", "false_111@c.us_", "123@g.us"] {
            check(text, None);
        }
    }

    #[test]
    fn the_other_side_is_known_whoever_wrote() {
        let check = |payload: Value, expected: &[&str]| {
            let Chat::Person(aliases) = chat(&payload) else { panic!("{payload}") };
            let names: Vec<_> =
                aliases.iter().map(|alias| format!("{} {}", alias.kind.as_str(), alias.value)).collect();
            assert_eq!(names, expected, "{payload}");
        };
        let id = "true_77079861373@c.us_A";
        check(json!({ "id": id, "from": "15550100003@c.us", "fromMe": true }), &["phone 77079861373"]);
        check(json!({ "id": "A", "from": "77079861373@c.us" }), &["phone 77079861373"]);
        // Written to a broadcast list, which each reads in the private chat.
        let list = "false_1600000000@broadcast_A_77079861373@c.us";
        check(json!({ "id": list, "from": "1600000000@broadcast" }), &["phone 77079861373"]);
        let sender = json!({ "from": "1600000000@broadcast", "participant": "77079861373@c.us" });
        check(sender, &["phone 77079861373"]);
        check(json!({ "id": "A", "fromMe": true, "to": "77079861373@c.us" }), &["phone 77079861373"]);
        let noweb = json!({ "key": { "remoteJidAlt": "77079861373@s.whatsapp.net" } });
        check(
            json!({ "id": "false_2110@lid_A", "from": "2110@lid", "_data": noweb }),
            &["phone 77079861373", "lid 2110"],
        );
        let gows = json!({ "Info": { "Chat": "2110@lid", "Sender": "2110:3@lid", "SenderAlt": "77079861373:1@s.whatsapp.net" } });
        check(json!({ "id": "false_2110@lid_A", "_data": gows }), &["phone 77079861373", "lid 2110"]);
        assert_eq!(chat(&json!({ "id": "false_status@broadcast_A_1@c.us" })), Chat::Nobody);
        assert_eq!(chat(&json!({ "from": "1@newsletter" })), Chat::Nobody);
        assert_eq!(chat(&json!({})), Chat::Unknown);
    }
}
