//! Reads what an agent asks to send. Every error names the field and the provider's limit. Source: whatsapp.md §2.

use domain::answer::AnswerBody;
use domain::template::{TemplateCall, Variable};
use runtime::Problem;
use serde_json::Value;

/// The longest text, in characters.
const LONGEST_TEXT: usize = 4096;

/// What is asked for, before its templates are looked up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) body: AnswerBody,
    pub(super) on_window_closed: Option<Fallback>,
}

/// What to send in the place of an answer when the window is closed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fallback {
    /// This template; without a language, the only one that it has.
    Template(Box<TemplateCall>),
    /// Whichever fits.
    Any,
}

/// Reads the body of a request. Without `type` it is a text, in `body`, `text`, `message` or `content`.
pub(super) fn read(body: &Value) -> Result<Asked, Problem> {
    let kind = match &body["type"] {
        Value::Null => "text",
        Value::String(kind) => kind.as_str(),
        _ => return Err(invalid("type", "type must be a string")),
    };
    let answer = match kind {
        "text" => text(body)?,
        "template" => AnswerBody::Template(template(&body["template"])?),
        other => return Err(invalid("type", format!("type {other} is not known: it must be text or template"))),
    };
    Ok(Asked { on_window_closed: fallback(body, &answer)?, body: answer })
}

fn fallback(body: &Value, answer: &AnswerBody) -> Result<Option<Fallback>, Problem> {
    let field = "on_window_closed";
    match &body[field] {
        Value::Null => Ok(None),
        Value::String(word) if word == "refuse" => Ok(None),
        Value::String(word) if word == "template" && matches!(answer, AnswerBody::Template(_)) => {
            Err(invalid(field, "on_window_closed has no meaning for a template: it is sent at any time"))
        }
        Value::String(word) if word == "template" => Ok(Some(match &body["template"] {
            Value::Null => Fallback::Any,
            named => Fallback::Template(Box::new(template(named)?)),
        })),
        _ => Err(invalid(field, "on_window_closed must be refuse or template")),
    }
}

fn text(body: &Value) -> Result<AnswerBody, Problem> {
    let given = ["body", "text", "message", "content"].into_iter().find_map(|field| match body.get(field)? {
        Value::String(text) => Some(text.trim()),
        nested => nested.get("body")?.as_str().map(str::trim),
    });
    let text =
        given.filter(|text| !text.is_empty()).ok_or_else(|| invalid("body", "body is required: the text to send"))?;
    if text.chars().count() > LONGEST_TEXT {
        return Err(invalid("body", format!("body must have at most {LONGEST_TEXT} characters")));
    }
    Ok(AnswerBody::Text { body: text.to_owned(), preview_url: false })
}

/// `{"name", "language"?, "variables"?}`: variables as a list, or as an object where the template names them.
fn template(value: &Value) -> Result<TemplateCall, Problem> {
    let field = "template";
    let name = value["name"].as_str().map(str::trim).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid(field, "template.name is required"))?;
    let language = match &value["language"] {
        Value::Null => "",
        Value::String(language) => language,
        nested => {
            nested["code"].as_str().ok_or_else(|| invalid(field, "template.language must be a string such as pt_BR"))?
        }
    };
    let body = match &value["variables"] {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().map(|value| variable(None, value)).collect::<Result<_, _>>()?,
        Value::Object(values) => {
            values.iter().map(|(name, value)| variable(Some(name), value)).collect::<Result<_, _>>()?
        }
        _ => return Err(invalid(field, "template.variables must be a list or an object")),
    };
    Ok(TemplateCall { body, ..TemplateCall::plain(name, language) })
}

/// The value of a variable. Meta refuses one that is empty, has a line break or tab, or more than four spaces in a row.
fn variable(name: Option<&String>, value: &Value) -> Result<Variable, Problem> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(invalid("template", "each of template.variables must be a string or a number")),
    };
    if text.trim().is_empty() || text.contains(['\n', '\r', '\t']) || text.contains("     ") {
        return Err(invalid(
            "template",
            "each of template.variables must have characters, no line break or tab, and at most four spaces in a row",
        ));
    }
    Ok(Variable { name: name.cloned(), text })
}

fn invalid(field: &'static str, reason: impl Into<String>) -> Problem {
    Problem::InvalidInput { field, reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(body: &Value) -> (&'static str, String) {
        match read(body) {
            Err(Problem::InvalidInput { field, reason }) => (field, reason),
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn a_text_is_found_under_any_of_its_names() {
        for body in [
            json!({"body": " Olá "}),
            json!({"text": "Olá"}),
            json!({"message": "Olá"}),
            json!({"type": "text", "text": {"body": "Olá"}}),
        ] {
            let expected = AnswerBody::Text { body: "Olá".to_owned(), preview_url: false };
            assert_eq!(read(&body).unwrap(), Asked { body: expected, on_window_closed: None }, "{body}");
        }
        for body in
            [json!({}), json!(null), json!({"body": " "}), json!({"body": 5}), json!({"body": "x".repeat(4097)})]
        {
            assert_eq!(refused(&body).0, "body", "{body}");
        }
    }

    #[test]
    fn a_template_has_a_name_and_variables_in_either_form() {
        let call = |template: Value| match read(&json!({ "type": "template", "template": template })).unwrap().body {
            AnswerBody::Template(call) => call,
            other => panic!("{other:?}"),
        };
        assert_eq!(call(json!({ "name": "a" })), TemplateCall::plain("a", ""));
        assert_eq!(call(json!({ "name": "a", "language": { "code": "es" } })).language, "es");
        let counted = call(json!({ "name": "a", "language": "es", "variables": ["Maria", 297] }));
        assert_eq!((counted.body[0].text.as_str(), counted.body[1].text.as_str()), ("Maria", "297"));
        let named = call(json!({ "name": "a", "variables": { "first_name": "Maria" } }));
        assert_eq!(named.body[0].name.as_deref(), Some("first_name"));
        for template in [
            json!(null),
            json!({}),
            json!({ "name": "" }),
            json!({ "name": "a", "language": 5 }),
            json!({ "name": "a", "variables": "Maria" }),
            json!({ "name": "a", "variables": [""] }),
            json!({ "name": "a", "variables": ["a\nb"] }),
            json!({ "name": "a", "variables": [{}] }),
        ] {
            assert_eq!(refused(&json!({ "type": "template", "template": template })).0, "template", "{template}");
        }
    }

    #[test]
    fn what_to_do_when_the_window_is_closed_is_one_of_two_words() {
        let asked = |body: Value| read(&body).unwrap().on_window_closed;
        assert_eq!(asked(json!({ "body": "Olá", "on_window_closed": "refuse" })), None);
        assert_eq!(asked(json!({ "body": "Olá", "on_window_closed": "template" })), Some(Fallback::Any));
        let named = json!({ "body": "Olá", "on_window_closed": "template", "template": { "name": "a" } });
        assert_eq!(asked(named), Some(Fallback::Template(Box::new(TemplateCall::plain("a", "")))));
        for body in [
            json!({ "body": "Olá", "on_window_closed": "wait" }),
            json!({ "body": "Olá", "on_window_closed": true }),
            json!({ "type": "template", "template": { "name": "a" }, "on_window_closed": "template" }),
        ] {
            assert_eq!(refused(&body).0, "on_window_closed");
        }
        assert_eq!(refused(&json!({ "type": "poll" })).0, "type");
    }
}
