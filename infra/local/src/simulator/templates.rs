//! The templates of every account, and what Meta says of messages that do not fit them. Source: docs/providers.md §2; Meta's error
//! codes 132000 to 132016.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::GraphError;
use super::content::{invalid, required};

/// How many a page holds, so that a list of a few has more than one.
const PAGE: usize = 4;

/// All templates.
pub(super) struct Templates(Vec<Value>);

impl Templates {
    pub(super) fn new() -> Self {
        // The file is part of the program; a test reads it.
        Self(serde_json::from_str(include_str!("templates.json")).unwrap_or_default())
    }

    /// A page of the list, as the Graph API gives it. `after` is a cursor of the page before.
    pub(super) fn page(&self, url: &str, after: Option<&str>) -> Result<Value, GraphError> {
        let from = match after {
            None => 0,
            Some(after) => after
                .strip_prefix("after-")
                .and_then(|place| place.parse().ok())
                .ok_or_else(|| GraphError::parameter(100, "after is not a cursor".to_owned()))?,
        };
        let page: Vec<&Value> = self.0.iter().skip(from).take(PAGE).collect();
        let end = from + page.len();
        let mut paging = json!({ "cursors": { "before": format!("after-{from}"), "after": format!("after-{end}") } });
        if end < self.0.len() {
            paging["next"] = format!("{url}?after=after-{end}").into();
        }
        Ok(json!({ "data": page, "paging": paging }))
    }

    /// Whether a message's `template` could be sent.
    pub(super) fn check(&self, call: &Value) -> Result<(), GraphError> {
        let (name, language) = (required(call, "name")?, required(&call["language"], "code")?);
        let found = self.0.iter().find(|template| template["name"] == name && template["language"] == language);
        let Some(template) = found else {
            let details = format!("template name ({name}) does not exist in {language}");
            return Err(GraphError::parameter(132_001, details));
        };
        match template["status"].as_str() {
            Some("APPROVED") => {}
            Some("PAUSED") => return Err(GraphError::parameter(132_015, format!("template {name} is paused"))),
            Some("DISABLED") => return Err(GraphError::parameter(132_016, format!("template {name} is disabled"))),
            _ => return Err(GraphError::parameter(132_001, format!("template {name} is not approved"))),
        }
        for component in template["components"].as_array().into_iter().flatten() {
            match component["type"].as_str() {
                Some("BODY") => parameters(component, given(call, "body", None))?,
                Some("HEADER") if component["format"] == "TEXT" => parameters(component, given(call, "header", None))?,
                Some("HEADER") => header(component, given(call, "header", None))?,
                Some("BUTTONS") => buttons(component, call)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// The parameters that a call gives for a component.
fn given<'a>(call: &'a Value, kind: &str, index: Option<usize>) -> &'a [Value] {
    let is_meant = |component: &&Value| {
        component["type"] == kind && index.is_none_or(|index| component["index"].as_str() == Some(&*index.to_string()))
    };
    let component = call["components"].as_array().into_iter().flatten().find(is_meant);
    component.and_then(|component| component["parameters"].as_array()).map_or(&[], Vec::as_slice)
}

fn parameters(component: &Value, given: &[Value]) -> Result<(), GraphError> {
    let text = component["text"].as_str().unwrap_or_default();
    let names: BTreeSet<&str> = text.split("{{").skip(1).filter_map(|after| Some(after.split_once("}}")?.0)).collect();
    let is_named = names.iter().any(|name| !name.bytes().all(|b| b.is_ascii_digit()));
    let told: BTreeSet<&str> = given.iter().filter_map(|given| given["parameter_name"].as_str()).collect();
    if given.len() != names.len() || (is_named && told != names) || (!is_named && !told.is_empty()) {
        let details = format!(
            "number of localizable_params ({}) does not match the expected number of params ({})",
            given.len(),
            names.len()
        );
        return Err(GraphError::parameter(132_000, details));
    }
    for parameter in given {
        let text = if parameter["type"] == "text" { required(parameter, "text")? } else { "" };
        if text.is_empty() || text.contains(['\n', '\t']) || text.contains("     ") {
            let details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces";
            return Err(GraphError::parameter(132_018, details.to_owned()));
        }
    }
    Ok(())
}

fn header(component: &Value, given: &[Value]) -> Result<(), GraphError> {
    let format = component["format"].as_str().unwrap_or_default().to_ascii_lowercase();
    match given {
        [only] if only["type"] == *format && only[&*format].is_object() => Ok(()),
        _ => Err(GraphError::parameter(132_012, format!("header: Format mismatch, expected {format}"))),
    }
}

fn buttons(component: &Value, call: &Value) -> Result<(), GraphError> {
    for (index, button) in component["buttons"].as_array().into_iter().flatten().enumerate() {
        let needs_value = button["url"].as_str().is_some_and(|url| url.contains("{{"));
        let given = given(call, "button", Some(index));
        if needs_value && given.len() != 1 {
            return Err(GraphError::parameter(
                131_008,
                format!("buttons: Button at index {index} of type Url requires a parameter"),
            ));
        }
        if !needs_value && button["type"] == "URL" && !given.is_empty() {
            return Err(invalid(&format!("buttons: Button at index {index} takes no parameter")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_pages_and_ends() {
        let templates = Templates::new();
        let first = templates.page("http://x/list", None).unwrap();
        assert_eq!(first["data"].as_array().unwrap().len(), PAGE);
        assert_eq!(first["paging"]["next"], "http://x/list?after=after-4");
        let second = templates.page("http://x/list", first["paging"]["cursors"]["after"].as_str()).unwrap();
        assert_eq!((second["data"].as_array().unwrap().len(), second["paging"].get("next")), (2, None));
        assert!(templates.page("http://x/list", Some("5")).is_err());
    }

    #[track_caller]
    fn check(call: &Value, expected: Result<(), u32>) {
        assert_eq!(Templates::new().check(call).map_err(|error| error.code), expected, "{call}");
    }

    #[test]
    fn a_call_must_fit_its_template() {
        let call = |name: &str, components: Value| json!({ "name": name, "language": { "code": "pt_BR" }, "components": components });
        let text = |text: &str| json!({ "type": "text", "text": text });
        let body = |parameters: Value| json!([{ "type": "body", "parameters": parameters }]);
        check(&json!({ "name": "continue_conversation", "language": { "code": "pt_BR" } }), Ok(()));
        check(&json!({ "name": "continue_conversation", "language": { "code": "en" } }), Err(132_001));
        check(&json!({ "name": "continue_conversation" }), Err(131_008));
        check(&call("survey", json!([])), Err(132_001));
        check(&call("spring_sale", json!([])), Err(132_015));
        check(&call("order_update", body(json!([text("Maria"), text("297")]))), Ok(()));
        check(&call("order_update", body(json!([text("Maria")]))), Err(132_000));
        check(&call("order_update", body(json!([text("Maria"), text("a\nb")]))), Err(132_018));
        let document = json!({ "type": "header", "parameters": [{ "type": "document", "document": { "id": "1" } }] });
        let named = json!({ "type": "body", "parameters": [{ "type": "text", "text": "Maria", "parameter_name": "first_name" }] });
        let button = json!({ "type": "button", "sub_type": "url", "index": "1", "parameters": [text("297")] });
        check(&call("receipt", json!([document, named, button])), Ok(()));
        check(&call("receipt", json!([named, button])), Err(132_012));
        check(&call("receipt", json!([document, named])), Err(131_008));
        check(&call("receipt", json!([document, body(json!([text("Maria")]))[0], button])), Err(132_000));
    }
}
