//! Old messages that a number brings along when it is connected: `history[{metadata, threads[{id, messages[]}]}]`, up to half a
//! year, or the reason why its owner shared none. Source: docs/providers.md §1.6.

use domain::alias::Alias;
use serde_json::Value;

use crate::cloud_api::identity;
use crate::unit::Part;
use crate::{lenient, unreadable};

/// The parts of one chunk: each message of each thread, and its errors.
pub(crate) fn pieces(mut chunk: Value, own_number: Option<&str>) -> Vec<Part> {
    let mut pieces = Vec::new();
    let errors = chunk.get_mut("errors").map(Value::take).unwrap_or_default();
    if !errors.is_null() {
        pieces.push(Part::CloudErrors { errors });
    }
    for mut thread in lenient::list(chunk.get_mut("threads").map(Value::take).unwrap_or_default()) {
        let id = lenient::short(&thread["id"]);
        for message in lenient::list(thread.get_mut("messages").map(Value::take).unwrap_or_default()) {
            pieces.push(match &id {
                Some(id) if message.is_object() => {
                    let own_number = own_number.map(str::to_owned);
                    Part::CloudHistory { message, thread: id.clone(), own_number }
                }
                Some(_) => unreadable::value("element_is_no_object", &message),
                None => unreadable::value("thread_without_id", &message),
            });
        }
    }
    pieces
}

/// Whether the other side wrote an old message: by its `from` where that names one of the two, else by its `to`.
pub(crate) fn is_from_contact(message: &Value, other: &Alias, own_number: Option<&str>) -> bool {
    let alias = |field: &str| lenient::short(&message[field]).and_then(|id| identity::alias(&id));
    let same = |a: &Alias, b: &Alias| a.kind == b.kind && a.match_key() == b.match_key();
    let own = own_number.and_then(identity::alias);
    match (alias("from"), alias("to")) {
        (Some(from), _) if same(&from, other) => true,
        (Some(from), _) if own.is_some_and(|own| same(&from, &own)) => false,
        (_, Some(to)) => !same(&to, other),
        (_, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_old_message_is_a_part_and_a_broken_one_costs_no_other() {
        let chunk = json!({
            "metadata": { "phase": 0, "chunk_order": 1, "progress": 55 },
            "threads": [
                { "id": "77079861373", "messages": [{ "id": "a" }, 5, { "id": "b" }] },
                { "messages": [{ "id": "c" }] },
                null,
            ],
        });
        let name = |part: &Part| match part {
            Part::CloudHistory { message, thread, .. } => format!("{thread} {}", message["id"]),
            Part::Unreadable { reason, .. } => reason.clone(),
            Part::CloudErrors { errors } => errors.to_string(),
            other => panic!("{other:?}"),
        };
        let names: Vec<String> = pieces(chunk, None).iter().map(name).collect();
        let expected = ["77079861373 \"a\"", "element_is_no_object", "77079861373 \"b\"", "thread_without_id"];
        assert_eq!(names, expected);
        let declined = pieces(json!({ "errors": [{ "code": 2_593_109 }] }), None);
        assert_eq!(declined.iter().map(name).collect::<Vec<_>>(), ["[{\"code\":2593109}]"]);
        assert_eq!(pieces(json!("x"), None), []);
    }

    #[test]
    fn an_old_message_is_the_other_side_s_unless_it_is_ours() {
        let other = identity::alias("5511987654321").unwrap();
        let check = |message: Value, expected: bool| {
            assert_eq!(is_from_contact(&message, &other, Some("+1 555-010-0000")), expected, "{message}");
        };
        check(json!({ "from": "551187654321" }), true);
        check(json!({ "from": "15550100000", "to": "5511987654321" }), false);
        check(json!({ "from": "15550100000" }), false);
        check(json!({ "from": "100000000000001", "to": "5511987654321" }), false);
        check(json!({ "from": "100000000000001" }), true);
        check(json!({}), true);
    }
}
