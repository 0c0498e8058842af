//! Who is on the other side of a Baileys message. Source: docs/providers.md §3.1.

use domain::alias::{Alias, AliasKind};
use serde_json::Value;

use crate::baileys::jid::{self, Jid};
use crate::cloud_api::identity::distinct;
use crate::lenient;

/// The chat that a message belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chat {
    /// A person, under every identity that the key gives, phone first.
    Person(Vec<Alias>),
    /// A group.
    Group(Alias),
    /// Status updates, broadcasts, newsletters, bots.
    Nobody,
    /// The key names no chat.
    Unknown,
}

/// Reads the chat from a message's key. The sender's alternative ids (6.7: `senderPn`, `senderLid`) are the contact's only
/// when the contact wrote; the chat's own (7: `remoteJidAlt`) always.
pub(crate) fn chat(message: &Value) -> Chat {
    let key = &message["key"];
    let is_from_me = lenient::flag(&key["fromMe"]);
    if !is_from_me && lenient::text(&key["remoteJid"]).is_some_and(jid::is_list) {
        return writer_to_a_list(message);
    }
    let remote = lenient::text(&key["remoteJid"]).and_then(jid::read);
    match remote {
        Some(Jid::Nobody) => return Chat::Nobody,
        Some(Jid::Somebody(group)) if group.kind == AliasKind::Group => return Chat::Group(group),
        _ => {}
    }
    let of_sender: &[&str] = if is_from_me { &[] } else { &["senderPn", "senderLid"] };
    let fields = ["remoteJid", "remoteJidAlt", "previousRemoteJid"];
    let jids = fields.iter().chain(of_sender).filter_map(|field| lenient::text(&key[field]));
    let username = lenient::short(&key["remoteJidUsername"]).map(|name| Alias::new(AliasKind::Username, name));
    Chat::of(jids.filter_map(jid::alias).chain(username))
}

/// What a contact sends to a broadcast list is shown in the private chat with it. What our side sends to one has many chats and none.
fn writer_to_a_list(message: &Value) -> Chat {
    let key = &message["key"];
    let of_writer = ["participant", "participantAlt", "participantPn", "participantLid", "senderPn", "senderLid"];
    let writer = of_writer.iter().map(|field| &key[field]).chain([&message["participant"]]).filter_map(lenient::text);
    match Chat::person(writer) {
        Chat::Unknown => Chat::Nobody,
        chat => chat,
    }
}

impl Chat {
    /// The person with these JIDs, or bare numbers.
    pub(crate) fn person<'a>(jids: impl Iterator<Item = &'a str>) -> Self {
        Self::of(jids.filter_map(jid::alias))
    }

    fn of(given: impl Iterator<Item = Alias>) -> Self {
        let aliases = distinct(given.filter(|alias| alias.kind != AliasKind::Group));
        if aliases.is_empty() { Self::Unknown } else { Self::Person(aliases) }
    }

    /// The strongest identity of the other side.
    pub(crate) fn counterpart(self) -> Option<Alias> {
        match self {
            Self::Person(aliases) => aliases.into_iter().next(),
            Self::Group(group) => Some(group),
            Self::Nobody | Self::Unknown => None,
        }
    }
}

/// Who wrote in a group, as the key spells it, without device.
pub(crate) fn participant(message: &Value) -> Option<Alias> {
    [&message["key"]["participant"], &message["participant"], &message["key"]["participantAlt"]]
        .into_iter()
        .find_map(|jid| lenient::text(jid).and_then(jid::alias))
}

/// The strongest identity of the other side.
pub(crate) fn counterpart(message: &Value) -> Option<Alias> {
    chat(message).counterpart()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_person_has_every_alias_that_the_key_gives_with_the_phone_first() {
        let check = |key: Value, expected: &[&str]| {
            let Chat::Person(aliases) = chat(&json!({ "key": key })) else { panic!("{key}") };
            let names: Vec<_> =
                aliases.iter().map(|alias| format!("{} {}", alias.kind.as_str(), alias.value)).collect();
            assert_eq!(names, expected, "{key}");
        };
        check(json!({"remoteJid":"77079861373:2@s.whatsapp.net"}), &["phone 77079861373"]);
        check(
            json!({"remoteJid":"2110@lid","remoteJidAlt":"77079861373@s.whatsapp.net"}),
            &["phone 77079861373", "lid 2110"],
        );
        check(
            json!({"remoteJid":"77079861373@s.whatsapp.net","remoteJidAlt":"2110@lid"}),
            &["phone 77079861373", "lid 2110"],
        );
        check(
            json!({"remoteJid":"2110@lid","senderPn":"77079861373@s.whatsapp.net"}),
            &["phone 77079861373", "lid 2110"],
        );
        check(json!({"remoteJid":"77079861373@c.us","senderLid":"2110@lid"}), &["phone 77079861373", "lid 2110"]);
        // Our own number, not the contact's.
        check(json!({"remoteJid":"2110@lid","fromMe":true,"senderPn":"551140001234@s.whatsapp.net"}), &["lid 2110"]);
    }

    #[test]
    fn groups_and_nobodies_are_told_apart() {
        let of = |jid: &str| chat(&json!({ "key": { "remoteJid": jid, "senderPn": "77079861373@s.whatsapp.net" } }));
        assert_eq!(of("1@g.us"), Chat::Group(Alias::new(AliasKind::Group, "1@g.us")));
        assert_eq!(of("status@broadcast"), Chat::Nobody);
        let list = |fields: Value| {
            let mut key = json!({ "remoteJid": "1600000000@broadcast" });
            key.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            chat(&json!({ "key": key }))
        };
        let ana = vec![Alias::new(AliasKind::Phone, "77079861373"), Alias::new(AliasKind::Lid, "2110")];
        let by_both = json!({ "participant": "2110@lid", "participantAlt": "77079861373:3@s.whatsapp.net" });
        assert_eq!(list(by_both), Chat::Person(ana.clone()));
        assert_eq!(list(json!({ "participant": "77079861373@s.whatsapp.net" })), Chat::Person(ana[..1].to_vec()));
        assert_eq!(list(json!({ "participant": "77079861373@s.whatsapp.net", "fromMe": true })), Chat::Nobody);
        assert_eq!(list(json!({ "participant": "" })), Chat::Nobody);
        assert_eq!(chat(&json!({ "key": { "remoteJid": "user@s.whatsapp.net" } })), Chat::Unknown);
        assert_eq!(chat(&json!({})), Chat::Unknown);
    }
}
