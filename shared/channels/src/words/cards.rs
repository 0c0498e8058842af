//! Shared contacts: as the Cloud API tells them, as visiting cards (vCard, RFC 6350), and as gateways take those apart.

use serde_json::Value;

use super::{LONGEST_LIST, first, joined};
use crate::lenient;

/// How much of a visiting card is read: a picture in it may be long, names and numbers are not.
const LONGEST_CARD: usize = 65_536;

/// One line for each contact.
pub(crate) fn cards(cards: &Value) -> Option<String> {
    let cards = cards.as_array()?;
    joined("\n", cards.iter().take(LONGEST_LIST).map(card))
}

/// A contact: its name and its numbers, or its addresses where it has no number.
pub(crate) fn card(contact: &Value) -> Option<String> {
    let vcard = Vcard::read(contact.as_str().or(lenient::text(&contact["vcard"])).unwrap_or_default());
    let name = &contact["name"];
    let name =
        first(&[&name["formatted_name"], &name["first_name"], &name["last_name"], &contact["displayName"], name]);
    let each = |list: &str, field: &str| {
        let values = contact[list].as_array().map_or(&[][..], Vec::as_slice);
        values.iter().take(LONGEST_LIST).filter_map(|value| lenient::short(&value[field])).collect::<Vec<_>>()
    };
    let told = || lenient::short(&contact["phone_number"]).into_iter().collect();
    let mut reached = each("phones", "phone");
    let others: [&dyn Fn() -> Vec<String>; 5] =
        [&|| each("phones", "wa_id"), &|| vcard.numbers.clone(), &told, &|| each("emails", "email"), &|| {
            vcard.addresses.clone()
        }];
    for other in others {
        if reached.is_empty() {
            reached = other();
        }
    }
    let name = name.or_else(|| vcard.name.clone()).filter(|name| !reached.contains(name));
    joined(": ", [name, (!reached.is_empty()).then(|| reached.join(", "))])
}

/// What is used of a visiting card.
#[derive(Debug, Default)]
struct Vcard {
    name: Option<String>,
    numbers: Vec<String>,
    addresses: Vec<String>,
}

impl Vcard {
    /// Reads `FN`, or else `N`, and every `TEL` and `EMAIL`, whatever parameters and group they have.
    fn read(text: &str) -> Self {
        let mut card = Self::default();
        let mut structured = None;
        // A long line goes on in the next, which then begins with a blank.
        let text = lenient::head(text, LONGEST_CARD).replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
        for line in text.lines() {
            let Some((property, value)) = line.split_once(':') else { continue };
            let property = property.split(';').next().unwrap_or_default();
            let property = property.rsplit('.').next().unwrap_or_default().trim().to_ascii_uppercase();
            let value = unescaped(value);
            if value.is_empty() {
                continue;
            }
            match property.as_str() {
                "FN" => card.name = card.name.or(Some(value)),
                "N" => structured = structured.or(Some(value)),
                "TEL" => add(&mut card.numbers, value.strip_prefix("tel:").unwrap_or(&value)),
                "EMAIL" => add(&mut card.addresses, &value),
                _ => {}
            }
        }
        card.name = card.name.or_else(|| structured.as_deref().and_then(in_order));
        card
    }
}

fn add(list: &mut Vec<String>, value: &str) {
    if list.len() < LONGEST_LIST && !list.iter().any(|known| known == value) {
        list.push(value.to_owned());
    }
}

fn unescaped(value: &str) -> String {
    value.trim().replace("\\,", ",").replace("\\n", " ").replace("\\\\", "\\")
}

/// `family;given;…`, as it is spoken.
fn in_order(name: &str) -> Option<String> {
    let mut parts = name.split(';').map(str::trim);
    let (family, given) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    joined(" ", [given, family].map(|part| (!part.is_empty()).then(|| part.to_owned())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_contact_has_name_and_numbers_in_any_spelling() {
        let check = |value: Value, expected: Option<&str>| assert_eq!(card(&value).as_deref(), expected, "{value}");
        let vcard = "BEGIN:VCARD\nVERSION:3.0\nN:Silva;Ana;;;\nFN:Ana Silva\nitem1.TEL;type=CELL;waid=5511988887777:+55 11 98888-7777\nTEL:+55 11 4000\nEND:VCARD";
        check(json!(vcard), Some("Ana Silva: +55 11 98888-7777, +55 11 4000"));
        check(json!({"displayName":"Ana","vcard":vcard}), Some("Ana: +55 11 98888-7777, +55 11 4000"));
        check(json!({"displayName":"Ana"}), Some("Ana"));
        check(json!({"displayName":"Ana","phone_number":"+62 132"}), Some("Ana: +62 132"));
        check(json!("BEGIN:VCARD\r\nN:Silva;Ana;;;\r\nTEL;VALUE=uri:tel:+5511\r\nEND:VCARD"), Some("Ana Silva: +5511"));
        check(json!("BEGIN:VCARD\nFN:Lo\n ja\nEMAIL:a@example.com\nEND:VCARD"), Some("Loja: a@example.com"));
        check(
            json!({"name":{"formatted_name":"Ana"},"phones":[{"phone":"+1 555"},{"phone":"+1 556"}]}),
            Some("Ana: +1 555, +1 556"),
        );
        check(json!({"name":{},"phones":[{"wa_id":"1557"}]}), Some("1557"));
        for nothing in [json!(""), json!("FN"), json!(null), json!({"vcard":5}), json!({"name":{}})] {
            check(nothing, None);
        }
        assert_eq!(cards(&json!(["FN:Ana", {"displayName":"Rui"}, null])).as_deref(), Some("Ana\nRui"));
    }
}
