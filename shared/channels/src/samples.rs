//! Values that several tests start from.

use domain::alias::Alias;
use domain::connection::{Connection, GroupPolicy, Provider, ReopenPolicy};
use domain::ids::{ConnectionId, OrganizationId, QueueId};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::gateway::Batch;
use crate::{Carried, Observation, Unit, baileys, cloud_api, gowa, parse, waha};

pub(crate) const CLOUD: &str = include_str!("../fixtures/cloud_batch.json");
pub(crate) const BAILEYS: &str = include_str!("../fixtures/baileys_upsert.json");

/// A minute after the messages of the fixtures.
pub(crate) fn received_at() -> Timestamp {
    Timestamp::from_second(1_763_694_180).unwrap()
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn connection(groups: GroupPolicy, own: Vec<Alias>) -> Connection {
    Connection {
        id: ConnectionId::new("comercial").unwrap(),
        org: OrganizationId::new("demo").unwrap(),
        provider: Provider::CloudApi {
            phone_number_id: "100000000000001".to_owned(),
            app: "default".to_owned(),
            waba_id: None,
        },
        own,
        queue: QueueId::new("sales").unwrap(),
        reopen: ReopenPolicy::default(),
        groups,
        calls: domain::connection::CallPolicy::default(),
        locale: None,
    }
}

pub(crate) fn cloud_units(body: &[u8]) -> Vec<Unit> {
    cloud_api::split("default", body, received_at())
}

pub(crate) fn baileys_batch(body: &[u8]) -> Batch {
    let connection = connection(GroupPolicy::Mention, vec![]);
    baileys::split(&connection.org, &connection.id, body, received_at())
}

/// The units that the splitter of each provider makes of a body.
pub(crate) fn units_of_all(body: &[u8]) -> Vec<Vec<Unit>> {
    let connection = connection(GroupPolicy::Mention, vec![]);
    let of = |split: fn(&OrganizationId, &ConnectionId, &[u8], Timestamp) -> Batch| {
        split(&connection.org, &connection.id, body, received_at()).units
    };
    vec![cloud_units(body), of(baileys::split), of(waha::split), of(gowa::split)]
}

/// What every provider makes of a body, after a journey through the queue.
pub(crate) fn observe_everything(body: &[u8]) -> Vec<Observation> {
    let connection = connection(GroupPolicy::All, vec![]);
    units_of_all(body)
        .into_iter()
        .flatten()
        .map(|unit| {
            let received = carried(&unit);
            assert_eq!(received.group(), unit.group());
            assert_eq!(received.dedup(), unit.dedup());
            assert!(received.for_inspection().len() <= 200_000);
            parse(&received, &connection)
        })
        .collect()
}

/// A unit as it comes out of the queue, and out of its parcel if it has one.
pub(crate) fn carried(unit: &Unit) -> Unit {
    let (body, parcel) = unit.packed().unwrap();
    assert!(body.len() <= 1_000_000, "a message of {} bytes", body.len());
    match (Carried::read(&body).unwrap(), parcel) {
        (Carried::Whole(unit), None) => unit,
        (Carried::Slip(slip), Some(parcel)) => slip.open(&parcel.bytes).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Words that the parsers look for.
const WORDS: &str = r#"
object whatsapp_business_account entry changes field messages statuses errors contacts message_echoes value metadata
phone_number_id display_phone_number from from_user_id to id type text body timestamp group_id context interactive
button_reply title recipient_id status sent failed wa_id profile name key remoteJid participant message conversation
extendedTextMessage contextInfo mentionedJid ephemeralMessage editedMessage protocolMessage templateMessage
interactiveMessage eventMessage orderMessage contactMessage vcard buttonParamsJson messages.edited messages.delete
keys startTime messageTimestamp low high event data messages.upsert sender update payload message.any message.ack
message.revoked message.reaction _data fromMe ack chat_id is_from_me ids device_id vCards location
false_77079861373@c.us_AAA history threads system user_changed_number nfm_reply response_json {"a":1} 77079861373
77079861373@s.whatsapp.net 9000000000001:3@lid 120363000000000001@g.us status@broadcast é😀
"#;

/// JSON built from the words that the parsers look for, in places where they do not belong.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(WORDS.split_whitespace().collect::<Vec<_>>());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 128, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..8).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
            }),
        ]
    })
}
