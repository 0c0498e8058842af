//! Polls.

use serde_json::Value;

use super::{first, joined, lines, whole};
use crate::lenient;

/// A poll: its question, and what can be chosen.
pub(crate) fn poll(poll: &Value) -> Option<String> {
    let asked = first(&[&poll["name"], &poll["title"], &poll["question"], &poll["pollName"]]);
    let option = |option: &Value| {
        let names = [option, &option["optionName"], &option["name"], &option["option_name"]];
        names.into_iter().find_map(lenient::text).map(|name| format!("- {name}"))
    };
    let choices = lines(&poll["options"], option).or_else(|| lines(&poll["pollOptions"], option));
    joined("\n", [asked, choices])
}

/// How a poll came out: its question, and how many chose what.
pub(crate) fn counted(snapshot: &Value) -> Option<String> {
    let option = |vote: &Value| {
        let name = first(&[&vote["optionName"]])?;
        Some(format!("- {name}: {}", whole(&vote["optionVoteCount"]).unwrap_or(0)))
    };
    joined("\n", [first(&[&snapshot["name"]]), lines(&snapshot["pollVotes"], option)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_poll_says_what_it_asks_and_what_can_be_chosen() {
        let options = json!([{ "optionName": "Sim" }, { "optionName": "Não" }, null]);
        let asked = json!({ "name": "Qual?", "options": options });
        assert_eq!(poll(&asked).as_deref(), Some("Qual?\n- Sim\n- Não"));
        assert_eq!(poll(&json!({ "name": "Qual?", "options": ["A"] })).as_deref(), Some("Qual?\n- A"));
        assert_eq!(poll(&json!({})), None);
        let votes = json!([{ "optionName": "Sim", "optionVoteCount": "2" }, { "optionName": "Não" }]);
        let came_out = json!({ "name": "Qual?", "pollVotes": votes });
        assert_eq!(counted(&came_out).as_deref(), Some("Qual?\n- Sim: 2\n- Não: 0"));
    }
}
