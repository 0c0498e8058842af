//! What holds for every unit, whatever is in it.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn unit(source: Source, part: Part) -> Unit {
    Unit::new(source, Timestamp::from_second(1_700_000_000).unwrap(), part, true)
}

fn number(id: &str) -> Source {
    Source::CloudApi { app: "default".to_owned(), phone_number_id: Some(id.to_owned()), waba_id: None }
}

fn message(from: &str) -> Part {
    let message = json!({ "from": from, "id": "wamid.A", "type": "text" });
    Part::CloudMessage { message, contact: None, own_number: None }
}

#[test]
fn a_unit_round_trips_and_carries_its_layout() {
    let unit = unit(number("1"), message("77079861373"));
    let text = unit.to_json().unwrap();
    assert!(text.starts_with(r#"{"v":1,"#), "{text}");
    assert_eq!(Unit::from_json(&text).unwrap(), unit);
}

proptest! {
    /// Without `serde_json`'s `float_roundtrip`, one number in some thousands changes its last digit at every reading: a pin on
    /// the map would move, and the same message would be two for the queue.
    #[test]
    fn numbers_keep_every_digit(numbers in prop::collection::vec(any::<f64>(), 1_000)) {
        let unit = unit(number("1"), Part::CloudStatus { status: json!({ "numbers": numbers }) });
        let received = Unit::from_json(&unit.to_json().unwrap()).unwrap();
        prop_assert_eq!(received.dedup(), unit.dedup());
        prop_assert_eq!(received, unit);
    }
}

#[test]
fn characters_that_the_queue_refuses_are_escaped() {
    let text = "a\u{FFFF}\u{FFFE}\u{FFFD}\u{1}\u{10FFFF}";
    let unit = unit(number("1"), Part::CloudStatus { status: json!({ "id": text }) });
    let json = unit.to_json().unwrap();
    assert!(json.chars().all(|c| c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}')), "{json}");
    assert_eq!(Unit::from_json(&json).unwrap(), unit);
}

#[test]
fn an_unknown_layout_is_refused() {
    let text = unit(number("1"), message("77079861373")).to_json().unwrap();
    for other in ["\"v\":2", "\"v\":0", "\"w\":1"] {
        assert!(Unit::from_json(&text.replace("\"v\":1", other)).is_err(), "{other}");
    }
}

#[test]
fn one_persons_messages_and_statuses_share_a_group() {
    let status = |recipient: &str| Part::CloudStatus { status: json!({ "id": "wamid.B", "recipient_id": recipient }) };
    let group = |account: &str, part: Part| unit(number(account), part).group();
    let of_person = group("1", message("5511987654321"));
    assert_eq!(of_person, group("1", status("551187654321")), "with and without Brazil's ninth digit");
    assert_eq!(of_person, group("1", message("+55 11 98765-4321")));
    assert_ne!(of_person, group("1", message("5511987654322")), "another person");
    assert_ne!(of_person, group("2", message("5511987654321")), "another account");
    assert!(!of_person.contains("5511"), "{of_person}");
    assert_eq!(of_person.len(), 32);
}

#[test]
fn the_time_of_receipt_does_not_make_another_unit() {
    let first = unit(number("1"), message("77079861373"));
    let again = Unit { received_at: Timestamp::from_second(1_800_000_000).unwrap(), ..first.clone() };
    assert_eq!(first.dedup(), again.dedup());
    assert_ne!(first.dedup(), unit(number("2"), message("77079861373")).dedup());
    assert_ne!(first.dedup(), unit(number("1"), message("77079861374")).dedup());
}

#[test]
fn what_only_a_person_can_judge_is_kept_by_its_beginning_and_digest_when_it_is_long() {
    let value = json!({ "text": { "body": "\u{1}".repeat(300_000) } });
    let long = unit(number("1"), Part::CloudOther { field: "x".to_owned(), value: value.clone() });
    let Part::Unreadable { reason, bytes, .. } = &long.part else { panic!("1.8 MB are not looked at") };
    assert_eq!((reason.as_str(), *bytes), ("too_large", 1_800_020));
    assert!(long.to_json().unwrap().len() < 1_000_000);
    // A message is a message however long it is.
    let message = unit(number("1"), Part::CloudMessage { message: value, contact: None, own_number: None });
    assert!(matches!(message.part, Part::CloudMessage { .. }));
}

proptest! {
    #[test]
    fn whatever_reads_as_a_unit_has_a_group_and_a_digest(text in r"[a-z0-9@:._+ ]{0,30}", value in any::<i64>()) {
        for inner in [json!(text), json!(value), json!({ "from": text, "remoteJid": value }), json!([null])] {
            for part in [
                Part::CloudMessage { message: json!({ "from": inner }), contact: None, own_number: Some(text.clone()) },
                Part::CloudEcho { message: json!({ "to": inner }), contact: None, own_number: Some(text.clone()) },
                Part::CloudHistory { message: json!({ "from": inner }), thread: text.clone(), own_number: None },
                Part::CloudStatus { status: json!({ "recipient_id": inner }) },
                Part::BaileysMessage { message: json!({ "key": inner }), upsert: Upsert::Notify, own: vec![] },
            ] {
                let unit = unit(number("1"), part);
                prop_assert_eq!(unit.group().len(), 32);
                prop_assert_eq!(unit.dedup().len(), 64);
            }
        }
    }
}
