//! WhatsApp's own addresses: `77079861373:17@s.whatsapp.net`, `211071956705386@lid`, `120363…@g.us`.

use domain::alias::{Alias, AliasKind};

/// What a JID stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Jid {
    /// Somebody with whom there can be a conversation: a phone, a hidden id, a group.
    Somebody(Alias),
    /// Status updates, broadcast lists, newsletters, bots: nobody wrote to us.
    Nobody,
}

/// Reads a JID; nothing when the text is none. The device (`:17`) and agent (`_1`) suffixes are dropped.
///
/// The digits of a hidden id (`@lid`) are not a phone number. A phone is only what has digits alone.
pub(crate) fn read(text: &str) -> Option<Jid> {
    let (user, server) = text.trim().split_once('@')?;
    if (user.len() + server.len()) > 150 || user.is_empty() {
        return None;
    }
    let bare = user.split([':', '_']).next().unwrap_or_default();
    let digits = !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit());
    match server {
        "s.whatsapp.net" | "c.us" | "hosted" if digits && bare.len() <= 20 => Some(somebody(AliasKind::Phone, bare)),
        "lid" | "hosted.lid" if digits => Some(somebody(AliasKind::Lid, bare)),
        "g.us" => Some(somebody(AliasKind::Group, &format!("{user}@g.us"))),
        "broadcast" | "newsletter" | "bot" => Some(Jid::Nobody),
        _ => None,
    }
}

/// Whether a text names a broadcast list: what its writer sent to many, and each of them reads in the private chat with the writer.
pub(crate) fn is_list(text: &str) -> bool {
    matches!(text.trim().split_once('@'), Some((list, "broadcast")) if !list.is_empty() && list != "status")
}

/// Reads the alias of a person or group; a bare row of digits counts as a phone, as some gateways write `senderPn`.
pub(crate) fn alias(text: &str) -> Option<Alias> {
    let text = text.trim();
    if (5..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Alias::new(AliasKind::Phone, text));
    }
    match read(text)? {
        Jid::Somebody(alias) => Some(alias),
        Jid::Nobody => None,
    }
}

fn somebody(kind: AliasKind, user: &str) -> Jid {
    Jid::Somebody(Alias::new(kind, user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jids_are_read_without_device_and_agent() {
        let check = |text: &str, kind: AliasKind, value: &str| {
            assert_eq!(read(text), Some(Jid::Somebody(Alias::new(kind, value))), "{text}");
        };
        check("77079861373@s.whatsapp.net", AliasKind::Phone, "77079861373");
        check("77079861373:17@s.whatsapp.net", AliasKind::Phone, "77079861373");
        check("77079861373_1:17@s.whatsapp.net", AliasKind::Phone, "77079861373");
        check("77079861373@c.us", AliasKind::Phone, "77079861373");
        check("77079861373@hosted", AliasKind::Phone, "77079861373");
        check("211071956705386@lid", AliasKind::Lid, "211071956705386");
        check("211071956705386:3@lid", AliasKind::Lid, "211071956705386");
        check("211071956705386@hosted.lid", AliasKind::Lid, "211071956705386");
        check("120363000000000001@g.us", AliasKind::Group, "120363000000000001@g.us");
        check("77079861373-1600000000@g.us", AliasKind::Group, "77079861373-1600000000@g.us");
    }

    #[test]
    fn broadcasts_newsletters_and_bots_are_nobody() {
        for text in ["status@broadcast", "1600000000@broadcast", "120363000000000001@newsletter", "867051314767696@bot"]
        {
            assert_eq!(read(text), Some(Jid::Nobody), "{text}");
        }
    }

    #[test]
    fn a_broadcast_list_is_not_a_status() {
        for (text, expected) in
            [("1600000000@broadcast", true), ("status@broadcast", false), ("1@g.us", false), ("@broadcast", false)]
        {
            assert_eq!(is_list(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_jid_is_nothing() {
        for text in [
            "",
            "@",
            "77079861373",
            "@lid",
            "user@s.whatsapp.net",
            "a@b",
            "me@lid",
            &format!("{}@g.us", "1".repeat(200)),
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(alias("77079861373"), Some(Alias::new(AliasKind::Phone, "77079861373")));
        assert_eq!(alias("123"), None);
    }
}
