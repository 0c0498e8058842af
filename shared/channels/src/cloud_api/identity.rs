//! Who a Cloud API message is from or to. Any of the ids may be missing, empty, or in another's place: an id is judged by its
//! looks (digits are a phone, all else is a user id) and not by the field it stands in. Source: docs/providers.md §1.8.

use domain::alias::{Alias, AliasKind};
use serde_json::Value;

use crate::lenient;
use crate::unit::CloudContact;

/// The alias that an id stands for; nothing when it is empty.
///
/// Digits, with the signs people write into phone numbers, are a phone. Anything else is kept as a user id: an id of a shape
/// not seen before is still somebody who wrote.
pub(crate) fn alias(id: &str) -> Option<Alias> {
    let id = id.trim();
    let mut digits = 0;
    let phone_like = id.chars().all(|c| {
        digits += usize::from(c.is_ascii_digit());
        c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.')
    });
    match id {
        "" => None,
        _ if phone_like && (1..=20).contains(&digits) => Some(Alias::new(AliasKind::Phone, id)),
        _ => Some(Alias::new(AliasKind::Bsuid, id)),
    }
}

/// The ids that one element gives for a person, then those of its contact, the strongest kinds first, each identity once.
fn aliases<const N: usize>(element: &Value, fields: [&str; N], contact: Option<&CloudContact>) -> Vec<Alias> {
    let in_contact =
        contact.into_iter().flat_map(|contact| [&contact.wa_id, &contact.user_id, &contact.parent_user_id]);
    let given = fields.iter().filter_map(|field| lenient::short(&element[field])).chain(in_contact.flatten().cloned());
    let username = contact.and_then(|contact| contact.username.as_ref());
    let username = username.map(|name| Alias::new(AliasKind::Username, name));
    distinct(given.filter_map(|id| alias(&id)).chain(username))
}

/// Each identity once, the strongest kinds first.
pub(crate) fn distinct(given: impl Iterator<Item = Alias>) -> Vec<Alias> {
    let mut aliases: Vec<Alias> = Vec::new();
    for alias in given {
        if !aliases.iter().any(|known| known.kind == alias.kind && known.match_key() == alias.match_key()) {
            aliases.push(alias);
        }
    }
    aliases.sort_by_key(|alias| alias.kind);
    aliases
}

/// Every identity of whoever wrote a message.
pub(crate) fn writer(message: &Value, contact: Option<&CloudContact>) -> Vec<Alias> {
    aliases(message, ["from", "from_user_id", "from_parent_user_id"], contact)
}

/// Every identity of whom an echo was written to. Some echoes have the two sides swapped, so our own number is not taken.
pub(crate) fn addressee(echo: &Value, contact: Option<&CloudContact>, own_number: Option<&str>) -> Vec<Alias> {
    let own = own_number.and_then(alias).map(|own| own.match_key());
    let to_us = lenient::short(&echo["to"]).and_then(|to| alias(&to)).is_some_and(|to| own == Some(to.match_key()));
    if to_us { writer(echo, contact) } else { aliases(echo, ["to", "to_user_id", "to_parent_user_id"], contact) }
}

/// The group that a message was written in.
pub(crate) fn group(message: &Value) -> Option<Alias> {
    lenient::short(&message["group_id"]).map(|id| Alias::new(AliasKind::Group, id))
}

/// The strongest identity of the other side of the conversation that a message belongs to.
pub(crate) fn counterpart_of_message(message: &Value, contact: Option<&CloudContact>) -> Option<Alias> {
    group(message).or_else(|| writer(message, contact).into_iter().next())
}

/// As [`counterpart_of_message`], for an echo.
pub(crate) fn counterpart_of_echo(
    echo: &Value,
    contact: Option<&CloudContact>,
    own_number: Option<&str>,
) -> Option<Alias> {
    group(echo).or_else(|| addressee(echo, contact, own_number).into_iter().next())
}

/// As [`counterpart_of_message`], for a status.
pub(crate) fn counterpart_of_status(status: &Value) -> Option<Alias> {
    if status["recipient_type"] == "group" {
        return lenient::short(&status["recipient_id"]).map(|id| Alias::new(AliasKind::Group, id));
    }
    aliases(status, ["recipient_id", "recipient_user_id", "recipient_parent_user_id"], None).into_iter().next()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(aliases: &[Alias]) -> Vec<String> {
        aliases.iter().map(|alias| format!("{} {}", alias.kind.as_str(), alias.value)).collect()
    }

    #[test]
    fn every_id_is_taken_once_with_phones_first() {
        let check = |message: Value, contact: Option<CloudContact>, expected: &[&str]| {
            assert_eq!(names(&writer(&message, contact.as_ref())), expected, "{message}");
        };
        let contact = |wa_id: &str, user_id: &str| {
            let some = |id: &str| (!id.is_empty()).then(|| id.to_owned());
            Some(CloudContact { wa_id: some(wa_id), user_id: some(user_id), ..CloudContact::default() })
        };
        check(json!({ "from": "77079861373" }), None, &["phone 77079861373"]);
        check(json!({ "from": 77_079_861_373_i64 }), None, &["phone 77079861373"]);
        check(json!({ "from": "", "from_user_id": "US.1" }), None, &["bsuid US.1"]);
        check(json!({ "from": "US.1" }), contact("US.1", "US.1"), &["bsuid US.1"]);
        check(json!({ "from_user_id": "US.1" }), contact("77079861373", "US.1"), &["phone 77079861373", "bsuid US.1"]);
        check(json!({ "from": "551187654321" }), contact("5511987654321", ""), &["phone 551187654321"]);
        check(json!({ "from": null, "id": "x" }), None, &[]);
        check(json!({ "from": "x".repeat(300) }), None, &[]);
        let parent = json!({ "from_user_id": "US.1", "from_parent_user_id": "US.ENT.2" });
        check(parent, None, &["bsuid US.1", "bsuid US.ENT.2"]);
        let named = CloudContact { username: Some("ana".to_owned()), ..CloudContact::default() };
        check(json!({ "from_user_id": "US.1" }), Some(named), &["bsuid US.1", "username ana"]);
    }

    #[test]
    fn an_echo_belongs_to_whoever_is_not_us() {
        let check = |echo: Value, expected: &[&str]| {
            assert_eq!(names(&addressee(&echo, None, Some("+55 11 4000-1234"))), expected, "{echo}");
        };
        check(json!({ "from": "551140001234", "to": "77079861373" }), &["phone 77079861373"]);
        check(json!({ "from": "77079861373", "to": "551140001234" }), &["phone 77079861373"]);
        check(json!({ "from": "551140001234", "to_user_id": "US.1" }), &["bsuid US.1"]);
    }

    #[test]
    fn a_groups_statuses_belong_to_the_group() {
        let status =
            json!({ "recipient_type": "group", "recipient_id": "G1", "recipient_participant_id": "77079861373" });
        assert_eq!(counterpart_of_status(&status), Some(Alias::new(AliasKind::Group, "G1")));
    }
}
