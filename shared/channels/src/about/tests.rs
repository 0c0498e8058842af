//! Every provider's spelling of what a message refers to, through the whole parser.

use domain::alias::AliasKind;
use domain::connection::GroupPolicy;
use domain::context::ChoiceKind::{Button, Form, Row};
use domain::context::{Choice, ChoiceKind, Forwarded, Product, Referral};
use serde_json::json;

use super::*;
use crate::amendment::Amendment;
use crate::samples::{connection, received_at};
use crate::{Observation, baileys, cloud_api, gowa, waha};

const OURS: &str = "551140001234";
const THEIRS: &str = "77079861373";

/// The context of the one message in a body of a gateway or, where `split` is none, of the Cloud API.
fn context(gateway: Option<Split>, body: &Value) -> Context {
    let connection = connection(GroupPolicy::All, vec![Alias::new(AliasKind::Phone, OURS)]);
    let bytes = body.to_string().into_bytes();
    let units = match gateway {
        Some(split) => split(&connection.org, &connection.id, &bytes, received_at()).units,
        None => cloud_api::split("default", &bytes, received_at()),
    };
    let [unit] = &units[..] else { panic!("{units:?}") };
    match crate::parse(&crate::samples::carried(unit), &connection) {
        Observation::Message(message) | Observation::Amendment(Amendment { message, .. }) => {
            message.content.context.map(|context| *context).unwrap_or_default()
        }
        other => panic!("{other:?} of {body}"),
    }
}

type Split =
    fn(&domain::ids::OrganizationId, &domain::ids::ConnectionId, &[u8], jiff::Timestamp) -> crate::gateway::Batch;

fn cloud(mut message: Value) -> Context {
    for (name, value) in [("from", THEIRS), ("id", "wamid.NEW"), ("timestamp", "1763694120")] {
        message[name] = value.into();
    }
    let value = json!({ "metadata": { "phone_number_id": "1", "display_phone_number": format!("+{OURS}") },
        "messages": [message] });
    context(None, &json!({ "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] }))
}

fn of_baileys(message: Value, beside: Value) -> Context {
    let key = json!({ "remoteJid": format!("{THEIRS}@s.whatsapp.net"), "fromMe": false, "id": "NEW" });
    let mut whole = json!({ "key": key, "messageTimestamp": 1_763_694_120 });
    whole["message"] = message;
    if let Value::Object(beside) = beside {
        beside.into_iter().for_each(|(name, value)| whole[name] = value);
    }
    context(Some(baileys::split), &json!({ "messages": [whole], "type": "notify" }))
}

fn of_waha(event: &str, mut payload: Value) -> Context {
    for (name, value) in [("id", json!(format!("false_{THEIRS}@c.us_NEW"))), ("from", json!(format!("{THEIRS}@c.us")))]
    {
        payload[name] = value;
    }
    context(Some(waha::split), &json!({ "event": event, "me": { "id": format!("{OURS}@c.us") }, "payload": payload }))
}

fn of_gowa(event: &str, mut payload: Value) -> Context {
    for (name, value) in [("id", "NEW"), ("from", "77079861373@s.whatsapp.net")] {
        payload[name] = value.into();
    }
    context(
        Some(gowa::split),
        &json!({ "event": event, "device_id": format!("{OURS}@s.whatsapp.net"), "payload": payload }),
    )
}

fn reply(id: &str, side: Option<Side>, kind: Option<&str>, text: Option<&str>) -> Context {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let reply_to = Referred { side, kind: owned(kind), text: owned(text), ..Referred::new(id) };
    Context { reply_to: Some(reply_to), ..Context::default() }
}

fn about(id: &str, side: Option<Side>) -> Context {
    Context { about: Some(Referred { side, ..Referred::new(id) }), ..Context::default() }
}

#[expect(clippy::unnecessary_wraps, reason = "compared with what may be nothing")]
fn chosen(kind: ChoiceKind, id: &str, title: &str, description: Option<&str>) -> Option<Choice> {
    let owned = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Some(Choice { kind, id: owned(id), title: owned(title), description: description.map(str::to_owned) })
}

#[test]
fn the_cloud_api_names_the_message_that_is_answered_or_changed() {
    let text = |context: Value| json!({ "type": "text", "text": { "body": "Oi" }, "context": context });
    assert_eq!(cloud(json!({ "type": "text", "text": { "body": "Oi" } })), Context::default());
    assert_eq!(cloud(text(json!({ "id": "wamid.A", "from": OURS }))), reply("wamid.A", Some(Side::Out), None, None));
    assert_eq!(cloud(text(json!({ "id": "wamid.A", "from": THEIRS }))), reply("wamid.A", Some(Side::In), None, None));
    assert_eq!(cloud(text(json!({ "id": "wamid.A" }))), reply("wamid.A", None, None, None));
    let forwarded = |forwarded| Context { forwarded: Some(forwarded), ..Context::default() };
    assert_eq!(cloud(text(json!({ "forwarded": true }))), forwarded(Forwarded::Yes));
    assert_eq!(cloud(text(json!({ "forwarded": true, "frequently_forwarded": true }))), forwarded(Forwarded::Often));
    let product = json!({ "catalog_id": "5", "product_retailer_id": "SODA" });
    let asked = cloud(text(json!({ "from": OURS, "id": "wamid.A", "referred_product": product })));
    assert_eq!(asked.product, Some(Product { catalog_id: Some("5".to_owned()), id: "SODA".to_owned() }));
    assert_eq!(
        cloud(json!({ "type": "reaction", "reaction": { "message_id": "wamid.A", "emoji": "👍" } })),
        about("wamid.A", None)
    );
    for kind in ["edit", "revoke"] {
        let changed = json!({ "type": kind, kind: { "original_message_id": "wamid.A" } });
        assert_eq!(cloud(changed), about("wamid.A", Some(Side::In)));
    }
}

#[test]
fn the_cloud_api_tells_advertisements_and_choices() {
    let referral = json!({ "source_url": "https://fb.me/1", "source_id": 52, "source_type": "ad", "headline": "Loja",
        "body": "Compre", "media_type": "video", "video_url": "https://v", "thumbnail_url": "https://t",
        "ctwa_clid": "Afh", "welcome_message": { "text": "Oi!" } });
    let owned = |text: &str| Some(text.to_owned());
    assert_eq!(
        cloud(json!({ "type": "text", "text": { "body": "Oi" }, "referral": referral })).referral,
        Some(Referral {
            source_url: owned("https://fb.me/1"),
            source_id: owned("52"),
            source_type: owned("ad"),
            headline: owned("Loja"),
            body: owned("Compre"),
            media_type: owned("video"),
            image_url: None,
            video_url: owned("https://v"),
            thumbnail_url: owned("https://t"),
            ctwa_clid: owned("Afh"),
            welcome_message: owned("Oi!"),
        })
    );
    let choice = |kind: &str, inner: Value| {
        cloud(json!({ "type": "interactive", "interactive": { "type": kind, kind: inner } })).choice
    };
    assert_eq!(choice("button_reply", json!({ "id": "1", "title": "Sim" })), chosen(Button, "1", "Sim", None));
    let row = json!({ "id": "r", "title": "Um", "description": "grande" });
    assert_eq!(choice("list_reply", row), chosen(Row, "r", "Um", Some("grande")));
    let form = json!({ "name": "flow", "body": "Sent", "response_json": "{}" });
    assert_eq!(choice("nfm_reply", form), chosen(Form, "flow", "Sent", None));
    let pressed = cloud(json!({ "type": "button", "button": { "payload": "p", "text": "Sim" } }));
    assert_eq!(pressed.choice, chosen(Button, "p", "Sim", None));
}

#[test]
fn baileys_and_evolution_name_it_in_whichever_part_holds_the_context() {
    let info = |writer: &str| json!({ "stanzaId": "A", "participant": format!("{writer}@s.whatsapp.net"), "quotedMessage": { "conversation": "Bom dia" } });
    let expected = |side| reply("A", side, Some("text"), Some("Bom dia"));
    let text = |info: Value| json!({ "extendedTextMessage": { "text": "Oi", "contextInfo": info } });
    assert_eq!(of_baileys(text(info(OURS)), json!({})), expected(Some(Side::Out)));
    assert_eq!(of_baileys(text(info(THEIRS)), json!({})), expected(Some(Side::In)));
    assert_eq!(of_baileys(text(info("1555")), json!({})), expected(None));
    let image = json!({ "ephemeralMessage": { "message": { "viewOnceMessage": { "message": {
        "imageMessage": { "contextInfo": info(OURS) } } } } } });
    assert_eq!(of_baileys(image, json!({})), expected(Some(Side::Out)));
    // Evolution puts it beside the message; whatsmeow writes other capitals.
    let beside = json!({ "contextInfo": info(OURS) });
    assert_eq!(of_baileys(json!({ "conversation": "Oi" }), beside), expected(Some(Side::Out)));
    let capitals = json!({ "stanzaID": "A", "participant": format!("{OURS}:3@s.whatsapp.net") });
    assert_eq!(of_baileys(text(capitals), json!({})), reply("A", Some(Side::Out), None, None));
    let long = json!({ "stanzaId": "A", "quotedMessage": { "imageMessage": { "caption": "é".repeat(500) } } });
    let long = of_baileys(text(long), json!({})).reply_to.unwrap();
    assert_eq!(long.kind.as_deref(), Some("image"));
    assert!(long.text.is_some_and(|text| text.len() < 210 && text.ends_with('…')));
    let forwarded = of_baileys(text(json!({ "isForwarded": true, "forwardingScore": 7 })), json!({}));
    assert_eq!(forwarded, Context { forwarded: Some(Forwarded::Often), ..Context::default() });
    assert_eq!(of_baileys(text(json!({ "expiration": 0 })), json!({})), Context::default());
}

#[test]
fn baileys_reactions_edits_and_deletions_name_their_message() {
    let key = json!({ "remoteJid": "x", "fromMe": true, "id": "A" });
    let reaction = json!({ "reactionMessage": { "text": "👍", "key": key } });
    assert_eq!(of_baileys(reaction, json!({})), about("A", None));
    let revoke = json!({ "protocolMessage": { "type": 0, "key": key } });
    assert_eq!(of_baileys(revoke, json!({})), about("A", Some(Side::In)));
    let edit = json!({ "editedMessage": { "message": { "protocolMessage": { "type": 14, "key": { "ID": "A" },
        "editedMessage": { "conversation": "Novo" } } } } });
    assert_eq!(of_baileys(edit, json!({})), about("A", Some(Side::In)));
    let group = json!({ "remoteJid": "1203@g.us", "participant": "9001@s.whatsapp.net", "id": "NEW" });
    let told = of_baileys(json!({ "protocolMessage": { "type": 0, "key": key } }), json!({ "key": group }));
    assert_eq!(told.about.unwrap().names()[0].as_str(), "A.9001");
    let info = json!({ "stanzaId": "A", "participant": "9002@s.whatsapp.net" });
    let text = json!({ "extendedTextMessage": { "text": "Oi", "contextInfo": info } });
    let answered = of_baileys(text, json!({ "key": group })).reply_to.unwrap();
    assert_eq!((answered.names()[0].as_str(), answered.side), ("A.9002", Some(Side::In)));
}

#[test]
fn baileys_advertisements_and_choices_are_told() {
    let card = json!({ "title": "Loja", "body": "Compre", "mediaType": 1, "thumbnailUrl": "https://t", "mediaUrl": "https://m",
        "sourceType": "ad", "sourceId": "52", "sourceUrl": "https://fb.me/1", "ctwaClid": "Afh" });
    let info = json!({ "externalAdReply": card, "conversionSource": "FB_Ads" });
    let referral =
        of_baileys(json!({ "extendedTextMessage": { "text": "Oi", "contextInfo": info } }), json!({})).referral;
    let referral = referral.unwrap();
    assert_eq!(
        [referral.headline, referral.source_type, referral.media_type, referral.image_url, referral.ctwa_clid],
        ["Loja", "ad", "image", "https://m", "Afh"].map(|text| Some(text.to_owned()))
    );
    let source = |source: &str| {
        let info = json!({ "entryPointConversionSource": source });
        of_baileys(json!({ "extendedTextMessage": { "text": "Oi", "contextInfo": info } }), json!({})).referral
    };
    assert_eq!(source("ctwa_ad").and_then(|referral| referral.source_type).as_deref(), Some("ctwa_ad"));
    assert_eq!(source("global_search_new_chat"), None);
    let choice = |message: Value| of_baileys(message, json!({})).choice;
    assert_eq!(
        choice(json!({ "buttonsResponseMessage": { "selectedButtonId": "1", "selectedDisplayText": "Sim" } })),
        chosen(Button, "1", "Sim", None)
    );
    assert_eq!(
        choice(json!({ "templateButtonReplyMessage": { "selectedId": "1", "selectedDisplayText": "Sim" } })),
        chosen(Button, "1", "Sim", None)
    );
    let row = json!({ "title": "Um", "description": "grande", "singleSelectReply": { "selectedRowId": "r" } });
    assert_eq!(choice(json!({ "listResponseMessage": row })), chosen(Row, "r", "Um", Some("grande")));
    let flow = |name: &str, params: &str| {
        json!({ "interactiveResponseMessage": { "body": { "text": "Sim" },
            "nativeFlowResponseMessage": { "name": name, "paramsJson": params } } })
    };
    assert_eq!(choice(flow("quick_reply", "{\"id\":\"1\"}")), chosen(Button, "1", "Sim", None));
    assert_eq!(choice(flow("galaxy_message", "{broken")), chosen(Form, "", "Sim", None));
}

#[test]
fn waha_names_it_in_its_own_fields_and_in_those_of_its_engines() {
    let text = |reply: Value| json!({ "body": "Oi", "replyTo": reply });
    let whole =
        json!({ "id": format!("true_{THEIRS}@c.us_A"), "participant": format!("{OURS}@c.us"), "body": "Bom dia" });
    assert_eq!(of_waha("message", text(whole)), reply("A", Some(Side::Out), None, Some("Bom dia")));
    let bare = of_waha("message", text(json!({ "id": "A", "body": "Bom dia" })));
    assert_eq!(bare, reply("A", None, None, Some("Bom dia")));
    let words_alone = of_waha("message", text(json!({ "body": "Bom dia" }))).reply_to.unwrap();
    assert_eq!((words_alone.id, words_alone.text.as_deref()), (None, Some("Bom dia")));
    let info = json!({ "stanzaId": "A", "quotedMessage": { "imageMessage": { "caption": "Foto" } } });
    let noweb = json!({ "message": { "extendedTextMessage": { "text": "Oi", "contextInfo": info } } });
    assert_eq!(of_waha("message", json!({ "_data": noweb })), reply("A", None, Some("image"), Some("Foto")));
    let info = json!({ "stanzaID": "A" });
    let gows = json!({ "Message": { "extendedTextMessage": { "text": "Oi", "contextInfo": info } } });
    assert_eq!(of_waha("message", json!({ "_data": gows })), reply("A", None, None, None));
    let browser = json!({ "quotedStanzaID": "A", "quotedParticipant": { "_serialized": format!("{OURS}@c.us") },
        "quotedMsg": { "type": "chat", "body": "Bom dia" } });
    let expected = reply("A", Some(Side::Out), Some("text"), Some("Bom dia"));
    assert_eq!(of_waha("message", json!({ "body": "Oi", "_data": browser })), expected);

    let reaction = json!({ "reaction": { "text": "👍", "messageId": format!("true_{THEIRS}@c.us_A") } });
    assert_eq!(of_waha("message.reaction", reaction), about("A", Some(Side::Out)));
    assert_eq!(of_waha("message.edited", json!({ "body": "x", "editedMessageId": "A" })), about("A", Some(Side::In)));
    let after = json!({ "id": format!("false_{THEIRS}@c.us_B"), "from": format!("{THEIRS}@c.us") });
    let revoked = json!({ "after": after, "revokedMessageId": "A" });
    assert_eq!(of_waha("message.revoked", revoked), about("A", Some(Side::In)));
    let vote = json!({ "vote": { "id": format!("false_{THEIRS}@c.us_V"), "selectedOptions": ["Um", "Dois"] },
        "poll": { "id": format!("true_{THEIRS}@c.us_A") } });
    let voted = of_waha("poll.vote", vote);
    assert_eq!(voted.about, about("A", Some(Side::Out)).about);
    assert_eq!(voted.choice, chosen(ChoiceKind::Poll, "", "Um\nDois", None));
    let card = json!({ "ctwaContext": { "sourceUrl": "https://fb.me/1", "title": "Loja", "description": "Compre" } });
    let referral = of_waha("message", json!({ "body": "Oi", "_data": card })).referral.unwrap();
    assert_eq!((referral.headline.as_deref(), referral.body.as_deref()), (Some("Loja"), Some("Compre")));
    let list = json!({ "type": "list_response", "listResponse": { "title": "Um", "singleSelectReply": { "selectedRowId": "r" } } });
    assert_eq!(
        of_waha("message", json!({ "body": "Um", "_data": list })).choice,
        chosen(ChoiceKind::Row, "r", "Um", None)
    );
}

#[test]
fn gowa_names_it() {
    let quoted = json!({ "body": "Oi", "replied_to_id": "A", "quoted_body": "Bom dia" });
    assert_eq!(of_gowa("message", quoted), reply("A", None, None, Some("Bom dia")));
    assert_eq!(of_gowa("message.reaction", json!({ "reaction": "👍", "reacted_message_id": "A" })), about("A", None));
    let edited = json!({ "body": "Novo", "original_message_id": "A" });
    assert_eq!(of_gowa("message.edited", edited), about("A", Some(Side::In)));
    let revoked = json!({ "revoked_message_id": "A", "revoked_from_me": true });
    assert_eq!(of_gowa("message.revoked", revoked), about("A", Some(Side::Out)));
    let forwarded = Context { forwarded: Some(Forwarded::Yes), ..Context::default() };
    assert_eq!(of_gowa("message", json!({ "body": "Oi", "forwarded": true })), forwarded);
}
