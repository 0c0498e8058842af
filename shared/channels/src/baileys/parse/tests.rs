//! What Baileys units mean.

use domain::alias::AliasKind;

use super::*;
use crate::samples::{BAILEYS, at, baileys_batch, connection, received_at};

fn seen(message: &Value, upsert: Upsert) -> Observation {
    super::message(message, upsert, &[], received_at(), &connection(GroupPolicy::Mention, vec![]))
}

fn taken(observation: Observation) -> InboundMessage {
    match observation {
        Observation::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

fn text(remote: &str, timestamp: &Value) -> Value {
    json!({ "key": { "remoteJid": remote, "fromMe": false, "id": "A" }, "messageTimestamp": timestamp, "message": { "conversation": "Oi" } })
}

#[test]
fn the_fixture_means_what_it_says() {
    let connection = connection(GroupPolicy::Mention, vec![]);
    let units = baileys_batch(BAILEYS.as_bytes()).units;
    let seen: Vec<Observation> = units.iter().map(|unit| crate::parse(unit, &connection)).collect();
    let [first, mention, small_talk, echo, stub, status, broken] = seen.try_into().unwrap();

    let first = taken(first);
    assert_eq!(first.content, Content::text("Meu pedido não chegou"));
    assert_eq!(
        first.sender.aliases,
        [Alias::new(AliasKind::Phone, "77079861373"), Alias::new(AliasKind::Lid, "9000000000002")]
    );
    assert_eq!((first.sender.name.as_deref(), first.sender.is_group), (Some("Aigerim"), false));
    assert_eq!((first.sent_at, first.from_contact, first.effect), (at(1_763_694_120), true, Effect::Opens));

    let mention = taken(mention);
    assert_eq!(mention.sender.aliases, [Alias::new(AliasKind::Group, "120363000000000001@g.us")]);
    assert_eq!((mention.sender.name.as_deref(), mention.sender.is_group), (None, true));
    assert_eq!(mention.provider_id.as_str(), "3EB0TEST2.9000000000002");
    assert!(mention.content.raw.unwrap().contains("Aigerim"), "who wrote in the group is kept");

    assert_eq!(small_talk, Observation::nothing("group_not_mentioned"));

    let echo = taken(echo);
    assert_eq!((echo.from_contact, echo.effect, echo.sender.name), (false, Effect::Silent, None));
    assert_eq!((echo.content.kind.as_str(), echo.content.text.as_deref()), ("image", Some("Veja")));
    assert_eq!(echo.sent_at, at(1_763_694_123));

    assert_eq!(stub, Observation::nothing("stub"));
    assert_eq!(status, Observation::nothing("broadcast"));
    assert_eq!(broken, Observation::Inspect { reason: "message_without_key".into() });
}

#[test]
fn a_replay_opens_a_ticket_unless_it_is_old() {
    let week = 7 * 24 * 3600;
    let effect = |upsert: Upsert, age: i64| {
        let sent_at = received_at().as_second() - age;
        taken(seen(&text("77079861373@s.whatsapp.net", &json!(sent_at)), upsert)).effect
    };
    assert_eq!(effect(Upsert::Append, 60), Effect::Opens);
    assert_eq!(effect(Upsert::Append, week), Effect::Opens);
    assert_eq!(effect(Upsert::Append, week + 1), Effect::Silent);
    assert_eq!(effect(Upsert::Notify, 10 * week), Effect::Opens);
    let timeless = text("77079861373@s.whatsapp.net", &json!(null));
    assert_eq!(taken(seen(&timeless, Upsert::Append)).effect, Effect::Silent);
    assert_eq!(taken(seen(&timeless, Upsert::Notify)).effect, Effect::Opens);
}

#[test]
fn groups_follow_the_connections_policy() {
    let own = vec![Alias::new(AliasKind::Phone, "551140001234"), Alias::new(AliasKind::Lid, "9001")];
    let observe = |policy: GroupPolicy, from_me: bool, mentions: &[&str]| {
        let message = json!({ "key": { "remoteJid": "1@g.us", "participant": "9002@lid", "fromMe": from_me, "id": "A" },
            "messageTimestamp": 1_763_694_120,
            "message": { "imageMessage": { "caption": "x", "contextInfo": { "mentionedJid": mentions } } } });
        super::message(&message, Upsert::Notify, &[], received_at(), &connection(policy, own.clone()))
    };
    assert_eq!(taken(observe(GroupPolicy::All, false, &[])).effect, Effect::Opens);
    assert_eq!(taken(observe(GroupPolicy::Mention, false, &["9001:4@lid"])).effect, Effect::Opens);
    assert_eq!(taken(observe(GroupPolicy::Mention, true, &[])).effect, Effect::Silent);
    assert_eq!(observe(GroupPolicy::Mention, false, &["9003@lid"]), Observation::nothing("group_not_mentioned"));
    assert_eq!(observe(GroupPolicy::Ignore, false, &["9001@lid"]), Observation::nothing("group_ignored"));
    assert_eq!(observe(GroupPolicy::Ignore, true, &[]), Observation::nothing("group_ignored"));
}

#[test]
fn own_identities_in_the_body_make_a_mention_ours() {
    let message = json!({ "key": { "remoteJid": "1@g.us", "id": "A" }, "contextInfo": { "mentionedJid": ["9001@lid"] },
        "message": { "conversation": "@9001 oi" } });
    let observe = |own: &str| {
        super::message(
            &message,
            Upsert::Notify,
            &[own.to_owned()],
            received_at(),
            &connection(GroupPolicy::Mention, vec![]),
        )
    };
    assert_eq!(taken(observe("9001:2@lid")).effect, Effect::Opens);
    assert_eq!(observe("9005:2@lid"), Observation::nothing("group_not_mentioned"));
}

#[test]
fn what_is_about_another_message_opens_nothing() {
    let of = |message: Value| {
        seen(
            &json!({ "key": { "remoteJid": "77079861373@s.whatsapp.net", "id": "A" }, "messageTimestamp": 1_763_694_120, "message": message }),
            Upsert::Notify,
        )
    };
    assert_eq!(taken(of(json!({ "reactionMessage": { "text": "👍" } }))).effect, Effect::Silent);
    assert_eq!(taken(of(json!({ "protocolMessage": { "type": 0, "key": {} } }))).effect, Effect::Silent);
    assert_eq!(of(json!({ "protocolMessage": { "type": 3 } })), Observation::nothing("protocol"));
    assert_eq!(of(json!({ "pollUpdateMessage": {} })), Observation::nothing("about_another_message"));
}

#[test]
fn a_stub_does_not_take_the_place_of_the_message_that_follows_it() {
    let key = json!({ "remoteJid": "77079861373@s.whatsapp.net", "fromMe": false, "id": "A" });
    let stub = json!({ "messages": [{ "key": key, "messageStubType": 2, "messageTimestamp": 1_763_694_120 }] });
    let real =
        json!({ "messages": [{ "key": key, "messageTimestamp": 1_763_694_120, "message": { "conversation": "Oi" } }] });
    let unit = |body: Value| baileys_batch(body.to_string().as_bytes()).units.remove(0);
    let (stub, real) = (unit(stub), unit(real));
    assert_ne!(stub.dedup(), real.dedup());
    assert_eq!(stub.group(), real.group());
}

#[test]
fn a_chat_that_names_nobody_is_for_inspection() {
    for remote in ["user@s.whatsapp.net", "", "x"] {
        assert_eq!(seen(&text(remote, &json!(1)), Upsert::Notify), Observation::inspect("no_sender"), "{remote}");
    }
}
