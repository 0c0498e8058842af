//! What a Cloud API body is cut into.

use serde_json::json;

use super::*;
use crate::samples::{CLOUD, cloud_units, received_at};

fn name(unit: &Unit) -> String {
    let Source::CloudApi { phone_number_id, waba_id, .. } = &unit.source else { panic!("{:?}", unit.source) };
    let what = match &unit.part {
        Part::CloudMessage { message, contact, .. } => {
            format!("message {} of {}", message["id"], contact.as_ref().and_then(|c| c.name.as_deref()).unwrap_or("?"))
        }
        Part::CloudEcho { message, contact, .. } => {
            format!("echo {} to {}", message["id"], contact.as_ref().and_then(|c| c.name.as_deref()).unwrap_or("?"))
        }
        Part::CloudHistory { message, thread, .. } => format!("old {} of {thread}", message["id"]),
        Part::CloudCall { call, contact, .. } => {
            format!("call {} of {}", call["id"], contact.as_ref().and_then(|c| c.name.as_deref()).unwrap_or("?"))
        }
        Part::CloudStatus { status } => format!("status {}", status["id"]),
        Part::CloudErrors { .. } => "errors".to_owned(),
        Part::CloudOther { field, .. } => format!("field {field}"),
        Part::Unreadable { reason, .. } => reason.clone(),
        Part::BaileysMessage { .. }
        | Part::BaileysCall { .. }
        | Part::BaileysUpdate { .. }
        | Part::GatewayEvent { .. } => {
            unreachable!("a Cloud API body holds none")
        }
    };
    let end = |id: &Option<String>| id.as_deref().map_or('-', |id| id.chars().last().unwrap());
    format!("{}{} {what}", end(waba_id), end(phone_number_id)).replace('"', "")
}

#[test]
fn every_element_of_a_batch_is_a_unit_and_a_bad_one_costs_no_other() {
    let names: Vec<String> = cloud_units(CLOUD.as_bytes()).iter().map(name).collect();
    assert_eq!(
        names,
        [
            "11 message wamid.TEST1 of Aigerim",
            "11 message wamid.TEST2 of Bruna",
            "11 message wamid.TEST3 of semfone",
            "11 element_is_no_object",
            "11 message wamid.TEST4 of Aigerim",
            "11 status wamid.OUT1",
            "11 status wamid.OUT2",
            "11 status wamid.OUT3",
            "11 errors",
            "1- field account_update",
            "1- change_is_no_object",
            "22 message wamid.TEST5 of ?",
            "32 echo wamid.ECHO1 to Aigerim",
        ]
    );
}

#[test]
fn odd_envelopes_give_what_is_in_them() {
    let check = |body: Value, expected: &[&str]| {
        let names: Vec<String> = cloud_units(body.to_string().as_bytes()).iter().map(name).collect();
        assert_eq!(names, expected, "{body}");
    };
    let change = |change: Value| json!({ "object": "whatsapp_business_account", "entry": [{ "changes": [change] }] });
    check(json!({ "object": "whatsapp_business_account", "entry": {} }), &[]);
    check(json!({ "object": "whatsapp_business_account", "entry": [] }), &[]);
    check(json!({ "object": "whatsapp_business_account", "entry": null }), &[]);
    check(json!({ "entry": [{}] }), &[]);
    check(json!({ "entry": [null, "x", { "changes": [] }] }), &["-- entry_is_no_object", "-- entry_is_no_object"]);
    check(change(json!({})), &[]);
    check(change(json!({ "value": null })), &[]);
    check(change(json!({ "field": "messages", "value": null })), &[]);
    check(change(json!({ "field": "messages", "value": { "messages": [] } })), &[]);
    check(change(json!({ "field": "messages", "value": "x" })), &["-- field messages"]);
    check(change(json!({ "value": { "statuses": [{ "id": "a" }] } })), &["-- status a"]);
    check(change(json!({ "value": { "hello": 1 } })), &["-- field unknown"]);
    check(change(json!({ "field": "something_new", "value": null })), &["-- field something_new"]);
    let calls = json!({ "calls": [{ "id": "a", "from": "1" }, { "id": "b", "from": "2" }], "errors": [{ "code": 1 }],
        "contacts": [{ "wa_id": "1", "profile": { "name": "Ana" } }] });
    check(change(json!({ "field": "calls", "value": calls })), &["-- call a of Ana", "-- call b of ?"]);
    check(change(json!({ "field": "calls", "value": { "calls": [] } })), &["-- field calls"]);
    check(change(json!({ "field": "calls", "value": { "statuses": [{ "id": "a" }] } })), &["-- field calls"]);
    check(change(json!({ "field": "messages", "value": { "errors": { "code": 1 } } })), &["-- errors"]);
    let thread = json!({ "id": "77079861373", "messages": [{ "id": "a" }] });
    let history = json!([{ "metadata": { "phase": 0 }, "threads": [thread] }, { "errors": [{ "code": 2_593_109 }] }]);
    check(
        change(json!({ "field": "history", "value": { "history": history } })),
        &["-- old a of 77079861373", "-- errors"],
    );
    check(change(json!({ "field": "history", "value": { "x": 1 } })), &["-- field history"]);
    check(json!({ "messages": [{ "from": "77079861373" }] }), &["-- no_entry"]);
    check(json!([]), &["-- no_entry"]);
    check(json!({ "object": "page", "entry": [{}] }), &["-- other_object"]);
}

#[test]
fn a_body_that_cannot_be_read_is_one_unit_with_its_beginning() {
    let units = cloud_units(b"{\"object\":");
    let Part::Unreadable { reason, raw, bytes, .. } = &units[0].part else { panic!("{units:?}") };
    assert_eq!((units.len(), reason.as_str(), raw.as_str(), *bytes), (1, "not_json", "{\"object\":", 10));
    assert_eq!(name(&cloud_units(b"")[0]), "-- empty_body");
}

#[test]
fn a_contact_is_found_by_id_and_only_without_ids_by_being_alone() {
    let check = |contacts: Value, message: Value, expected: Option<&str>| {
        let value = json!({ "contacts": contacts, "messages": [message] });
        let body = json!({ "entry": [{ "changes": [{ "field": "messages", "value": value }] }] });
        let units = cloud_units(body.to_string().as_bytes());
        let Part::CloudMessage { contact, .. } = &units[0].part else { panic!("{units:?}") };
        assert_eq!(contact.as_ref().and_then(|contact| contact.name.as_deref()), expected, "{body}");
    };
    let ana = json!({ "wa_id": "5511987654321", "user_id": "BR.1", "profile": { "name": "Ana" } });
    let rui = json!({ "wa_id": "77079861373", "profile": { "name": "Rui" } });
    let nobody = json!({ "profile": { "name": "X" } });
    check(json!([ana, rui]), json!({ "from": "77079861373" }), Some("Rui"));
    check(json!([rui, ana]), json!({ "from": "551187654321" }), Some("Ana"));
    check(json!([rui, ana]), json!({ "from": "", "from_user_id": "BR.1" }), Some("Ana"));
    check(json!([rui]), json!({ "from": "5511987654321" }), None);
    check(json!([rui]), json!({ "id": "x" }), Some("Rui"));
    check(json!(rui), json!({ "id": "x" }), Some("Rui"));
    check(json!([nobody]), json!({ "from": "77079861373" }), Some("X"));
    check(json!([rui, ana]), json!({ "id": "x" }), None);
    check(json!([null, 5]), json!({ "from": "77079861373" }), None);
    check(json!("x"), json!({ "from": "77079861373" }), None);
}

#[test]
fn one_message_too_large_for_the_queue_is_a_parcel_and_costs_no_other() {
    let large = json!({ "from": "77079861373", "id": "wamid.L", "text": { "body": "x".repeat(2_000_000) } });
    let small = json!({ "from": "77079861373", "id": "wamid.S", "text": { "body": "x" } });
    let value = json!({ "messages": [large, small] });
    let body = json!({ "entry": [{ "changes": [{ "field": "messages", "value": value }] }] });
    let units = split("default", body.to_string().as_bytes(), received_at());
    let names: Vec<String> = units.iter().map(name).collect();
    assert_eq!(names, ["-- message wamid.L of ?", "-- message wamid.S of ?"]);
    let parcels: Vec<bool> = units.iter().map(|unit| unit.packed().unwrap().1.is_some()).collect();
    assert_eq!(parcels, [true, false]);
}

#[test]
fn a_large_body_is_cut_as_a_small_one_but_for_what_nobody_would_look_at() {
    let padding = " ".repeat(SMALL_BODY);
    let small = cloud_units(CLOUD.as_bytes());
    assert_eq!(cloud_units(format!("{CLOUD}{padding}").as_bytes()), small);
    let numbers = format!("[{}1]", "1,".repeat(200_000));
    let with_number = format!(r#"{{"metadata":{{"phone_number_id":3}},"numbers":{numbers}}}"#);
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    let message = r#"{"messages":[{"from":"77079861373","id":"wamid.A","text":{"body":"\ud83d"}}]}"#;
    let change = |field: &str, value: &str| format!(r#"{{"value":{value},"field":"{field}"}}"#);
    let changes = [
        change("invented", &numbers),
        change("invented", &with_number),
        change("messages", message),
        // Too long for a name, so none.
        change(&"x".repeat(300), &message.replacen('{', &format!(r#"{{"numbers":{numbers},"#), 1)),
        change("invented", &deep),
        change("messages", &deep),
        change("small", "1"),
        "null".to_owned(),
    ];
    let body = format!(r#"{{"entry":[{{"id":"1","changes":[{}]}}]}}"#, changes.join(","));
    let names: Vec<String> = cloud_units(body.as_bytes()).iter().map(name).collect();
    let expected = [
        "1- too_large",
        "13 too_large",
        "1- message wamid.A of ?",
        "1- message wamid.A of ?",
        "1- too_large",
        "1- not_json",
        "1- field small",
        "1- change_is_no_object",
    ];
    assert_eq!(names, expected);
    let others = body.replacen('{', r#"{"object":"page","#, 1);
    let names: Vec<String> = cloud_units(others.as_bytes()).iter().map(name).collect();
    assert_eq!(names, ["-- other_object"]);
}

#[test]
fn half_an_emoji_in_one_name_costs_nothing() {
    let body = CLOUD.replace("Bruna", r"Bruna \ud83d");
    assert_eq!(cloud_units(body.as_bytes()).len(), 13);
}
