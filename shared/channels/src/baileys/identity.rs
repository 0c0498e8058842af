//! Who is on the other side of a Baileys message. Source: whatsapp.md §3.1.

use domain::alias::{Alias, AliasKind};
use serde_json::Value;

use crate::baileys::jid::{self, Jid};
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
    let remote = lenient::text(&key["remoteJid"]).and_then(jid::read);
    match remote {
        Some(Jid::Nobody) => return Chat::Nobody,
        Some(Jid::Somebody(group)) if group.kind == AliasKind::Group => return Chat::Group(group),
        _ => {}
    }
    let of_sender: &[&str] = if lenient::flag(&key["fromMe"]) { &[] } else { &["senderPn", "senderLid"] };
    let fields = ["remoteJid", "remoteJidAlt", "previousRemoteJid"];
    let given = fields.iter().chain(of_sender).filter_map(|field| lenient::text(&key[field])).filter_map(jid::alias);
    let mut aliases: Vec<Alias> = Vec::new();
    for alias in given.filter(|alias| alias.kind != AliasKind::Group) {
        if !aliases.iter().any(|known| known.kind == alias.kind && known.match_key() == alias.match_key()) {
            aliases.push(alias);
        }
    }
    aliases.sort_by_key(|alias| alias.kind != AliasKind::Phone);
    if aliases.is_empty() { Chat::Unknown } else { Chat::Person(aliases) }
}

/// Who wrote in a group, as the key spells it, without device.
pub(crate) fn participant(message: &Value) -> Option<Alias> {
    [&message["key"]["participant"], &message["participant"], &message["key"]["participantAlt"]]
        .into_iter()
        .find_map(|jid| lenient::text(jid).and_then(jid::alias))
}

/// The strongest identity of the other side.
pub(crate) fn counterpart(message: &Value) -> Option<Alias> {
    match chat(message) {
        Chat::Person(aliases) => aliases.into_iter().next(),
        Chat::Group(group) => Some(group),
        Chat::Nobody | Chat::Unknown => None,
    }
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
        assert_eq!(chat(&json!({ "key": { "remoteJid": "user@s.whatsapp.net" } })), Chat::Unknown);
        assert_eq!(chat(&json!({})), Chat::Unknown);
    }
}
