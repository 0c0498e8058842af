//! Everything at once: bodies of other projects, broken bodies, large bodies.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use domain::message::Effect;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples::{BAILEYS, CLOUD, any_json, baileys_batch, cloud_units, observe_everything};
use crate::{Observation, Part};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found
}

/// How many units a well-formed Cloud API body must give, counted without the code under test.
fn elements(body: &Value) -> usize {
    let count = |list: &Value| list.as_array().map_or(0, Vec::len);
    let of_change = |change: &Value| {
        let (field, value) = (change["field"].as_str(), &change["value"]);
        let lists = ["messages", "message_echoes", "statuses"].iter().map(|list| count(&value[list])).sum::<usize>();
        let errors = usize::from(count(&value["errors"]) > 0);
        let is_cut = matches!(field, None | Some("messages" | "smb_message_echoes"));
        if is_cut { lists + errors } else { usize::from(field.is_some()) }
    };
    let changes = body["entry"].as_array().into_iter().flatten().filter_map(|entry| entry["changes"].as_array());
    changes.flatten().map(of_change).sum()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the folder lies outside the repository and only this test knows of it")]
fn no_body_of_another_project_breaks_anything() {
    let Ok(folder) = std::env::var("TURNO_PAYLOADS") else {
        println!("not run: TURNO_PAYLOADS is not set");
        return;
    };
    let (mut cloud_bodies, mut opened, mut delivered) = (0, 0, 0);
    for path in files(Path::new(&folder)) {
        let body = std::fs::read(&path).unwrap();
        for observation in observe_everything(&body) {
            match observation {
                Observation::Message(message) => {
                    assert!(!message.sender.aliases.is_empty(), "{}", path.display());
                    opened += usize::from(message.effect == Effect::Opens);
                }
                Observation::Delivery(_) => delivered += 1,
                Observation::Amendment(amendment) => assert_eq!(amendment.message.effect, Effect::Silent),
                Observation::Field(_) | Observation::Inspect { .. } | Observation::Nothing { .. } => {}
            }
        }
        let Ok(json) = serde_json::from_slice::<Value>(&body) else {
            assert!(matches!(cloud_units(&body)[0].part, Part::Unreadable { .. }), "{}", path.display());
            continue;
        };
        if json["entry"].is_array() {
            cloud_bodies += 1;
            let units = cloud_units(&body);
            assert_eq!(units.len(), elements(&json), "{}", path.display());
            assert_eq!(cloud_units(&made_large(&body)), units, "{}", path.display());
        }
        let messages = match &json["data"]["messages"] {
            Value::Array(messages) => messages.len(),
            _ => json["messages"].as_array().map_or(0, Vec::len),
        };
        if messages > 0 {
            assert_eq!(baileys_batch(&body).units.len(), messages, "{}", path.display());
        }
    }
    println!("{cloud_bodies} Cloud API bodies, {opened} messages that open a ticket, {delivered} statuses");
    assert!(cloud_bodies > 100 && opened > 90 && delivered > 15, "{cloud_bodies} {opened} {delivered}");
}

/// The same JSON in more bytes than a small body has.
fn made_large(body: &[u8]) -> Vec<u8> {
    [body, " ".repeat(150_000).as_bytes()].concat()
}

#[test]
fn a_body_cut_anywhere_is_kept_for_inspection() {
    for (body, end) in [(CLOUD, CLOUD.trim_end().len()), (BAILEYS, BAILEYS.trim_end().len())] {
        for at in 0..end {
            let observations = observe_everything(&body.as_bytes()[..at]);
            let kept = observations.iter().filter(|seen| matches!(seen, Observation::Inspect { .. })).count();
            assert_eq!((observations.len(), kept), (4, 4), "cut at {at}");
        }
    }
}

/// Ten times as much of the same takes about ten times as long, where comparing each message with each contact took a hundred times.
#[test]
fn three_megabytes_of_messages_are_cut_in_linear_time() {
    let body = |messages: usize, contacts: usize| {
        let text = "Olá, meu pedido não chegou. ".repeat(4);
        let message = |n: usize| {
            json!({ "from": format!("7707{n:07}"), "id": format!("wamid.{n}"), "timestamp": "1763694120",
                                         "type": "text", "text": { "body": text } })
        };
        let contact = |n: usize| json!({ "wa_id": format!("7707{n:07}"), "profile": { "name": "Ana" } });
        json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": {
            "metadata": { "phone_number_id": "1" }, "contacts": (0..contacts).map(contact).collect::<Vec<_>>(),
            "messages": (0..messages).map(message).collect::<Vec<_>>() } }] }] })
        .to_string()
    };
    let (small, large) = (body(1_300, 400), body(13_000, 4_000));
    assert!(large.len() > 2_900_000, "{}", large.len());
    // The quickest of several, taken in turns: the machine does other things as well.
    let mut quickest = [Duration::MAX; 2];
    for _ in 0..5 {
        for ((body, messages), quickest) in [(&small, 1_300), (&large, 13_000)].into_iter().zip(&mut quickest) {
            let started = Instant::now();
            let units = cloud_units(body.as_bytes());
            *quickest = started.elapsed().min(*quickest);
            assert_eq!(units.len(), messages);
        }
    }
    let [small, large] = quickest;
    assert!(large < small * 40, "{small:?}, ten times as much {large:?}");
}

proptest! {
    #[test]
    fn no_json_breaks_anything(body in any_json()) {
        observe_everything(body.to_string().as_bytes());
    }

    #[test]
    fn no_messages_whatever_they_hold_are_lost(messages in prop::collection::vec(any_json(), 0..20)) {
        let body = json!({ "entry": [{ "changes": [{ "field": "messages", "value": { "messages": messages } }] }] });
        prop_assert_eq!(cloud_units(body.to_string().as_bytes()).len(), messages.len());
        let keyed: Vec<Value> = messages.iter().map(|message| json!({ "key": {}, "message": message })).collect();
        let body = json!({ "messages": keyed, "type": "notify" });
        prop_assert_eq!(baileys_batch(body.to_string().as_bytes()).units.len(), messages.len());
    }

    #[test]
    fn a_large_body_is_cut_as_a_small_one(value in any_json(), changes in prop::collection::vec(any_json(), 0..4)) {
        // A body about something else is kept as it came, with all that it has in bytes.
        prop_assume!(value["object"].as_str().is_none_or(|object| object == "whatsapp_business_account"));
        let change = json!({ "field": "messages", "value": value });
        let body = json!({ "object": value["object"], "entry": [{ "id": value["id"], "changes": [change, changes] }, { "changes": changes }] });
        let body = body.to_string().into_bytes();
        prop_assert_eq!(cloud_units(&made_large(&body)), cloud_units(&body));
    }

    #[test]
    fn no_bytes_break_anything(body in prop::collection::vec(any::<u8>(), 0..300)) {
        observe_everything(&body);
    }

    #[test]
    fn no_changed_byte_breaks_anything(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for fixture in [CLOUD, BAILEYS] {
            let mut body = fixture.as_bytes().to_vec();
            let at = at.index(body.len());
            body[at] = byte;
            prop_assert!(!observe_everything(&body).is_empty());
        }
    }
}
