//! The identities under which a contact is known to a provider.
//!
//! A phone number is one alias among several, and any of them may be missing. The value is kept as it came, because answers
//! go to exactly that; the *match key* beside it is used for look-up only.

use serde::{Deserialize, Serialize};

/// What kind of identity an alias is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AliasKind {
    /// Digits of a phone number with country code (Meta's `wa_id`, a JID on `s.whatsapp.net`).
    Phone,
    /// Meta's business-scoped user id (`US.1349…`).
    Bsuid,
    /// WhatsApp's hidden id (`@lid`); its digits are not a phone number.
    Lid,
    /// A group's id (`…@g.us`, `group_id`).
    Group,
}

impl AliasKind {
    /// The name in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Bsuid => "bsuid",
            Self::Lid => "lid",
            Self::Group => "group",
        }
    }
}

/// One identity of a contact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Alias {
    /// What kind of identity this is.
    pub kind: AliasKind,
    /// The value as it came; answers are addressed with it.
    pub value: String,
}

impl Alias {
    /// An alias as it came from a provider.
    pub fn new(kind: AliasKind, value: impl Into<String>) -> Self {
        Self { kind, value: value.into() }
    }

    /// What two spellings of one identity have in common. Only for look-up, never for sending.
    ///
    /// Phones: digits only, Brazil's ninth digit and the mobile marks of Mexico (`521`) and Argentina (`549`) removed, since
    /// providers write the same subscriber with and without them. Source: whatsapp.md §1.9.
    pub fn match_key(&self) -> String {
        match self.kind {
            AliasKind::Phone => phone_match_key(&self.value),
            AliasKind::Bsuid | AliasKind::Lid | AliasKind::Group => self.value.clone(),
        }
    }
}

fn phone_match_key(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    match digits.as_bytes() {
        // Brazil: 55, area code, 9, then eight digits of which the first is 6-9 (2-5 are landlines, which never had a nine).
        [b'5', b'5', _, _, b'9', b'6'..=b'9', ..] if digits.len() == 13 => format!("{}{}", &digits[..4], &digits[5..]),
        [b'5', b'2', b'1', ..] if digits.len() == 13 => format!("52{}", &digits[3..]),
        [b'5', b'4', b'9', ..] if digits.len() == 13 => format!("54{}", &digits[3..]),
        _ => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_phone_share_a_match_key() {
        let check = |a: &str, b: &str, same: bool| {
            let key = |phone: &str| Alias::new(AliasKind::Phone, phone).match_key();
            assert_eq!(key(a) == key(b), same, "{a} {b}");
        };
        check("5511987654321", "551187654321", true);
        check("+55 11 98765-4321", "551187654321", true);
        check("5511912345678", "551112345678", false); // 1234-5678 is no mobile number: nothing to drop
        check("551123456789", "5511923456789", false); // a landline never gets a nine
        check("5215512345678", "525512345678", true);
        check("5491123456789", "541123456789", true);
        check("77079861373", "77079861373", true);
        check("77079861373", "77079861374", false);
    }

    #[test]
    fn a_lid_is_never_read_as_a_phone() {
        assert_eq!(Alias::new(AliasKind::Lid, "5511987654321").match_key(), "5511987654321");
    }
}
