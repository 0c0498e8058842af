//! Whether a group's message is meant for us: it mentions us, or answers one of our messages.

use domain::alias::{Alias, AliasKind};
use serde_json::Value;

use crate::baileys::jid;
use crate::lenient;

/// Whether a message mentions one of `own`, or answers a message of one of them.
///
/// `places` are the objects in which a `contextInfo` may stand. Phones and hidden ids are compared each with their like. Where
/// no own identity of a mention's kind is known, that mention counts as ours: groups nowadays mention by hidden id, a
/// connection often knows only its phone, and a needless ticket is a smaller harm than a customer unheard.
pub(crate) fn is_for_us(places: &[&Value], own: &[Alias]) -> bool {
    let is_ours = |jid: &Value| {
        lenient::text(jid).and_then(jid::alias).is_some_and(|named| {
            let mut alike = own.iter().filter(|own| own.kind == named.kind).peekable();
            let unknown = alike.peek().is_none() && named.kind != AliasKind::Group;
            unknown || alike.any(|own| own.match_key() == named.match_key())
        })
    };
    places.iter().map(|place| &place["contextInfo"]).any(|context| {
        let mentions = context["mentionedJid"].as_array().map_or(&[][..], Vec::as_slice);
        let answers = !context["stanzaId"].is_null() && is_ours(&context["participant"]);
        answers || mentions.iter().any(is_ours)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mention_or_an_answer_is_for_us() {
        let phone = Alias::new(AliasKind::Phone, "551140001234");
        let lid = Alias::new(AliasKind::Lid, "9001");
        let both = vec![phone.clone(), lid];
        let check = |context: Value, own: &[Alias], expected: bool| {
            assert_eq!(
                is_for_us(&[&json!({}), &json!({ "contextInfo": context })], own),
                expected,
                "{context} {own:?}"
            );
        };
        let mention = |jid: &str| json!({ "mentionedJid": ["77079861373@s.whatsapp.net", jid] });
        let answer = |jid: &str| json!({ "stanzaId": "A", "participant": jid });
        check(mention("551140001234@s.whatsapp.net"), &both, true);
        check(mention("551140001234:5@s.whatsapp.net"), &both, true);
        check(mention("9001@lid"), &both, true);
        check(mention("9002@lid"), &both, false);
        check(mention("551140001234@lid"), &both, false); // equal digits, another kind
        check(answer("9001:2@lid"), &both, true);
        check(answer("77079861373@s.whatsapp.net"), &both, false);
        check(json!({ "participant": "9001@lid" }), &both, false); // names nothing that it answers
        check(json!({ "mentionedJid": [] }), &both, false);
        check(json!({ "mentionedJid": [null, 5, "x"] }), &[], false);
        check(json!(null), &[], false);
        // Only the phone is known: a hidden id may be ours, another phone is not.
        check(json!({ "mentionedJid": ["9002@lid"] }), std::slice::from_ref(&phone), true);
        check(json!({ "mentionedJid": ["77079861373@s.whatsapp.net"] }), std::slice::from_ref(&phone), false);
        // Nothing is known: any mention counts.
        check(json!({ "mentionedJid": ["77079861373@s.whatsapp.net"] }), &[], true);
        check(answer("77079861373@s.whatsapp.net"), &[], true);
    }
}
