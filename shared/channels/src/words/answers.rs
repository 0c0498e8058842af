//! What was answered in a form.

use serde_json::{Map, Value};

use super::joined;
use crate::lenient;

/// Answers of a form that are its machinery and not the contact's words.
const NOT_ANSWERS: [&str; 3] = ["flow_token", "version", "wa_flow_response_params"];

/// The answers of a form, a line each. They are JSON in a string, which need not be an object, nor JSON.
pub(crate) fn answers(response: &Value) -> Option<String> {
    let parsed: Option<Map<String, Value>> = match response {
        Value::String(text) => serde_json::from_str(text).ok(),
        Value::Object(fields) => Some(fields.clone()),
        _ => None,
    };
    let answer = |(name, value): (&String, &Value)| {
        let value = lenient::short(value).unwrap_or_else(|| value.to_string());
        format!("{name}: {value}")
    };
    let fields = parsed?;
    let told = fields.iter().filter(|(name, _)| !NOT_ANSWERS.contains(&name.as_str()));
    joined("\n", told.map(|answer_of| Some(answer(answer_of))))
}
