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
    /// A name that its holder chose and may give up. Nobody else has it meanwhile.
    Username,
}

impl AliasKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Phone, Self::Bsuid, Self::Lid, Self::Group, Self::Username];

    /// The kind of a name, as [`AliasKind::as_str`] gives it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether whoever has it keeps it, so that it tells people apart. A user name is given up and taken by others.
    pub fn is_strong(self) -> bool {
        self != Self::Username
    }

    /// The name in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Bsuid => "bsuid",
            Self::Lid => "lid",
            Self::Group => "group",
            Self::Username => "username",
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

    /// Whether two spellings are one identity.
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.match_key() == other.match_key()
    }

    /// Meta's id of a person in one business portfolio. That of the parent portfolio (`US.ENT.…`) is another: it never stands for a number.
    /// Source: docs/providers.md §1.8.
    pub fn user_id(&self) -> Option<&str> {
        (self.kind == AliasKind::Bsuid && !self.is_parent_id()).then_some(self.value.as_str())
    }

    /// Meta's id of a person in the parent of several portfolios.
    pub fn is_parent_id(&self) -> bool {
        self.kind == AliasKind::Bsuid && self.value.split('.').nth(1) == Some("ENT")
    }

    /// What two spellings of one identity have in common. Only for look-up, never for sending.
    ///
    /// Phones: digits only, Brazil's ninth digit and the mobile marks of Mexico (`521`) and Argentina (`549`, or `15` before
    /// the subscriber's number) removed, since providers write the same subscriber with and without them. Source: docs/providers.md
    /// §1.9. User names: lower case, without the `@` that people put before them.
    pub fn match_key(&self) -> String {
        match self.kind {
            AliasKind::Phone => phone_match_key(&self.value),
            AliasKind::Username => self.value.trim_start_matches('@').to_lowercase(),
            AliasKind::Bsuid | AliasKind::Lid | AliasKind::Group => self.value.clone(),
        }
    }
}

fn phone_match_key(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    match digits.as_bytes() {
        // Brazil: 55, area code, 9, then eight digits. Those that begin with 2-5 are landlines, which never had a nine.
        [b'5', b'5', _, _, b'9', first, ..] if digits.len() == 13 && !(b'2'..=b'5').contains(first) => {
            format!("{}{}", &digits[..4], &digits[5..])
        }
        [b'5', b'2', b'1', ..] if digits.len() == 13 => format!("52{}", &digits[3..]),
        [b'5', b'4', b'9', ..] if digits.len() == 13 => format!("54{}", &digits[3..]),
        [b'5', b'4', ..] if digits.len() == 14 => without_15(&digits).unwrap_or(digits),
        _ => digits,
    }
}

/// An Argentine number as it is dialled at home, `54`, area code, `15`, subscriber: without the `15`. The area code of Buenos
/// Aires (11) has two digits, the others have three or four.
fn without_15(digits: &str) -> Option<String> {
    let area_ends = if digits.get(2..4) == Some("11") { 4..=4 } else { 5..=6 };
    let at = area_ends.into_iter().find(|at| digits.get(*at..at + 2) == Some("15"))?;
    Some(format!("{}{}", &digits[..at], &digits[at + 2..]))
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
        check("5531912345678", "553112345678", true);
        check("551123456789", "5511923456789", false); // a landline never gets a nine
        check("5215512345678", "525512345678", true);
        check("5491123456789", "541123456789", true);
        check("54111523456789", "541123456789", true);
        check("+54 9 351 234-5678", "54351152345678", true);
        check("54111523456789", "541523456789", false);
        check("77079861373", "77079861373", true);
        check("77079861373", "77079861374", false);
    }

    #[test]
    fn a_user_name_is_the_same_however_it_is_written() {
        let key = |name: &str| Alias::new(AliasKind::Username, name).match_key();
        assert_eq!(key("@Ana.Lima"), key("ana.lima"));
        assert_ne!(key("ana"), key("rui"));
    }

    #[test]
    fn a_lid_is_never_read_as_a_phone() {
        assert_eq!(Alias::new(AliasKind::Lid, "5511987654321").match_key(), "5511987654321");
    }
}
