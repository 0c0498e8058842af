//! What Cloud API units mean.

use domain::alias::AliasKind;
use serde_json::json;

use super::*;
use crate::samples::{CLOUD, at, cloud_units, connection, received_at};

fn said_by(message: &Value) -> Observation {
    super::message(message, None, None, &connection(GroupPolicy::Mention, vec![]))
}

fn short(observation: &Observation) -> String {
    match observation {
        Observation::Message(message) => format!(
            "{} {} {:?} {:?} {}",
            message.provider_id,
            message.content.kind,
            message.effect,
            message.content.text.as_deref().unwrap_or("-"),
            if message.from_contact { "in" } else { "out" }
        ),
        Observation::Amendment(amendment) => format!("amends {}", amendment.original),
        Observation::Delivery(report) => format!("{} {}", report.provider_id, report.delivery.as_str()),
        Observation::Field(field) => format!("field {} {}", field.name, field.is_known),
        Observation::Inspect { reason } => format!("inspect {reason}"),
        Observation::Nothing { reason } => format!("nothing {reason}"),
    }
}

#[test]
fn the_batch_means_what_it_says() {
    let connection = connection(GroupPolicy::Mention, vec![]);
    let seen: Vec<String> =
        cloud_units(CLOUD.as_bytes()).iter().map(|unit| short(&crate::parse(unit, &connection))).collect();
    assert_eq!(
        seen,
        [
            "wamid.TEST1 text Opens \"Meu pedido não chegou 😟\" in",
            "wamid.TEST2 image Opens \"A caixa\" in",
            "wamid.TEST3 hologram Opens \"-\" in",
            "inspect element_is_no_object",
            "wamid.TEST4 reaction Silent \"👍\" in",
            "wamid.OUT1 delivered",
            "wamid.OUT2 failed",
            "inspect unknown_status",
            "inspect provider_errors",
            "field account_update true",
            "inspect change_is_no_object",
            "wamid.TEST5 text Opens \"Oi\" in",
            "wamid.ECHO1 text Silent \"Já vejo\" out",
        ]
    );
}

#[test]
fn a_message_carries_who_when_and_what() {
    let units = cloud_units(CLOUD.as_bytes());
    let Observation::Message(message) = crate::parse(&units[0], &connection(GroupPolicy::Mention, vec![])) else {
        panic!("{:?}", units[0]);
    };
    assert_eq!(message.sent_at, at(1_763_694_120));
    assert_eq!(message.sender.name.as_deref(), Some("Aigerim"));
    let expected = [Alias::new(AliasKind::Phone, "77079861373"), Alias::new(AliasKind::Bsuid, "KZ.1000000000000001")];
    assert_eq!(message.sender.aliases, expected);
    assert!(!message.sender.is_group);
}

#[test]
fn a_message_without_a_usable_time_has_the_same_key_on_every_delivery() {
    for timestamp in [json!("asdf"), json!(null), json!(""), json!(0), json!({})] {
        let Observation::Message(message) =
            said_by(&json!({ "from": "77079861373", "id": "wamid.A", "timestamp": timestamp }))
        else {
            panic!("{timestamp}");
        };
        assert_eq!(message.sent_at, moment::UNKNOWN);
    }
}

#[test]
fn a_message_without_an_id_is_known_by_its_content() {
    let id = |body: &str| {
        let text =
            json!({ "from": "77079861373", "timestamp": "1763694120", "type": "text", "text": { "body": body } });
        let Observation::Message(message) = said_by(&text) else { panic!("{body}") };
        message.provider_id
    };
    assert_eq!(id("a"), id("a"));
    assert_ne!(id("a"), id("b"));
}

#[test]
fn what_nobody_wrote_is_for_inspection() {
    for message in
        [json!({ "system": { "type": "user_changed_number" } }), json!({ "type": "text", "text": { "body": "x" } })]
    {
        assert!(matches!(said_by(&message), Observation::Inspect { .. }), "{message}");
    }
}

#[test]
fn a_changed_number_is_kept_with_both_numbers_and_opens_nothing() {
    let body = "User A changed from 77079861373 to 77079861374";
    let system = json!({ "type": "user_changed_number", "wa_id": "77079861374", "body": body });
    let message = json!({ "type": "system", "id": "wamid.S", "from": "77079861373", "system": system });
    let Observation::Message(seen) = said_by(&message) else { panic!("{message}") };
    let numbers: Vec<_> = seen.sender.aliases.iter().map(|alias| alias.value.as_str()).collect();
    assert_eq!((numbers, seen.effect), (vec!["77079861373", "77079861374"], Effect::Silent));
    assert_eq!((seen.content.kind.as_str(), seen.content.text.as_deref()), ("system", Some(body)));
}

#[test]
fn an_old_message_is_kept_on_its_side_and_opens_nothing() {
    let seen = |message: &Value| match super::history(message, "77079861373", Some("15550783881")) {
        Observation::Message(message) => (message.from_contact, message.effect, message.content.text),
        other => panic!("{other:?}"),
    };
    let text = |from: &str| json!({ "id": "wamid.H", "from": from, "type": "text", "text": { "body": "Oi" } });
    let oi = || Some("Oi".to_owned());
    assert_eq!(seen(&text("77079861373")), (true, Effect::Silent, oi()));
    assert_eq!(seen(&text("15550783881")), (false, Effect::Silent, oi()));
    assert!(matches!(super::history(&text("77079861373"), "", None), Observation::Inspect { .. }));
}

#[test]
fn a_groups_message_is_taken_as_its_policy_says() {
    let seen = |policy: GroupPolicy, extra: Value| {
        let mut message = json!({ "group_id": "G1", "from": "77079861373", "id": "wamid.A", "type": "text" });
        message.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let own = vec![Alias::new(AliasKind::Phone, "5511987654321")];
        super::message(&message, None, Some("+1 555-078-3881"), &connection(policy, own))
    };
    let mention = |text: &str| json!({ "text": { "body": text } });
    let taken = |observation: Observation| match observation {
        Observation::Message(message) => {
            assert_eq!(message.sender.aliases, [Alias::new(AliasKind::Group, "G1")]);
            assert!(message.sender.is_group);
            assert!(message.content.raw.is_some_and(|raw| raw.contains("77079861373")), "who wrote it is kept");
            true
        }
        _ => false,
    };
    assert!(taken(seen(GroupPolicy::All, mention("bom dia"))));
    assert!(!taken(seen(GroupPolicy::Ignore, mention("@15550783881 bom dia"))));
    assert!(!taken(seen(GroupPolicy::Mention, mention("bom dia"))));
    assert!(!taken(seen(GroupPolicy::Mention, mention("@155507838812"))), "another number");
    assert!(taken(seen(GroupPolicy::Mention, mention("oi @15550783881, ajuda"))));
    assert!(taken(seen(GroupPolicy::Mention, mention("@551187654321"))), "our own, without the ninth digit");
    assert!(taken(seen(
        GroupPolicy::Mention,
        json!({ "text": { "body": "sim" }, "context": { "from": "15550783881" } })
    )));
    assert!(!taken(seen(
        GroupPolicy::Mention,
        json!({ "text": { "body": "sim" }, "context": { "from": "77079861374" } })
    )));
}

#[test]
fn statuses_become_reports() {
    let report = |status: Value| match super::status(&status, received_at()) {
        Observation::Delivery(report) => Some(report),
        _ => None,
    };
    for (word, expected) in [
        ("sent", Delivery::Sent),
        ("delivered", Delivery::Delivered),
        ("read", Delivery::Read),
        ("played", Delivery::Played),
        ("failed", Delivery::Failed),
    ] {
        let seen = report(json!({ "id": "wamid.A", "status": word, "timestamp": "1763694123" })).unwrap();
        assert_eq!((seen.delivery, seen.at, seen.callback), (expected, at(1_763_694_123), None), "{word}");
        assert_eq!(seen.error.is_some(), word == "failed");
    }
    for word in ["in_orbit", "deleted", "warning", "RINGING", ""] {
        assert_eq!(report(json!({ "id": "wamid.A", "status": word })), None, "{word}");
    }
    assert_eq!(report(json!({ "status": "sent" })), None);
    assert_eq!(report(json!({ "id": "wamid.A", "status": "sent" })).unwrap().at, received_at());
    let given_back =
        report(json!({ "id": "wamid.A", "status": "read", "biz_opaque_callback_data": "cnv_1.5.out_1" })).unwrap();
    assert_eq!(given_back.callback.as_deref(), Some("cnv_1.5.out_1"));
}

#[test]
fn a_failure_says_its_code_and_details() {
    let error_of =
        |errors: Value| match super::status(&json!({ "id": "a", "status": "failed", "errors": errors }), received_at())
        {
            Observation::Delivery(report) => report.error.unwrap(),
            other => panic!("{other:?}"),
        };
    let full = json!([{ "code": 131_047, "title": "t", "message": "m", "error_data": { "details": "d" } }]);
    assert_eq!(error_of(full), DeliveryError { code: 131_047, details: Some("d".to_owned()) });
    assert_eq!(
        error_of(json!([{ "code": "470", "title": "t" }])),
        DeliveryError { code: 470, details: Some("t".to_owned()) }
    );
    assert_eq!(error_of(json!(null)), DeliveryError { code: 0, details: None });
}
