//! A template in a request: by name and language, with what goes into it.

use domain::answer::MediaKind;
use domain::template::{ButtonValue, HeaderValue, TemplateCall, Variable};
use runtime::Problem;
use serde_json::Value;

use super::fields::{invalid, list, required};
use super::media;

/// The longest name of a template, in characters.
const LONGEST_NAME: usize = 512;
/// The longest value of a variable: that of the whole text.
const LONGEST_VALUE: usize = 1024;

/// `{"name", "language"?, "variables"?, "header"?, "buttons"?}`, or with Meta's own `components` in the place of the last three.
pub(super) fn read(value: &Value) -> Result<TemplateCall, Problem> {
    let name = required("template.name", &value["name"], LONGEST_NAME)?;
    let language = match &value["language"] {
        Value::Null => String::new(),
        Value::String(language) => language.clone(),
        nested => required("template.language", &nested["code"], 20)?,
    };
    let mut call = TemplateCall::plain(name, language);
    if !value["components"].is_null() {
        for component in list("template.components", &value["components"], 0..=12)? {
            read_component(component, &mut call)?;
        }
        return Ok(call);
    }
    call.body = variables(&value["variables"])?;
    call.header = match &value["header"] {
        Value::Null => None,
        header if header["type"].is_string() && header["type"] != "text" => {
            Some(HeaderValue::Media(header_media(header)?))
        }
        header => Some(HeaderValue::Text(variables(&header["variables"])?)),
    };
    if !value["buttons"].is_null() {
        let button = |value: &Value| {
            let kind = required("button type", &value["type"], 20)?.to_ascii_lowercase();
            Ok(ButtonValue {
                index: index(&value["index"])?,
                kind,
                text: required("button value", &value["value"], 2000)?,
            })
        };
        call.buttons =
            list("template.buttons", &value["buttons"], 0..=10)?.iter().map(button).collect::<Result<_, Problem>>()?;
    }
    Ok(call)
}

/// One of Meta's components: `{"type": "body", "parameters": [{"type": "text", "text": "…"}]}`.
fn read_component(component: &Value, call: &mut TemplateCall) -> Result<(), Problem> {
    let field = "template.components";
    let parameters = match &component["parameters"] {
        Value::Null => &[][..],
        parameters => list("component parameters", parameters, 0..=50)?,
    };
    match component["type"].as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("body") => call.body = parameters.iter().map(parameter).collect::<Result<_, _>>()?,
        Some("header") => {
            call.header = Some(match parameters {
                [only] if only["type"].is_string() && only["type"] != "text" => HeaderValue::Media(header_media(only)?),
                texts => HeaderValue::Text(texts.iter().map(parameter).collect::<Result<_, _>>()?),
            });
        }
        Some("button") => {
            let kind = required("sub_type", &component["sub_type"], 20)?.to_ascii_lowercase();
            let [only] = parameters else {
                return Err(invalid("component parameters", "a button takes one parameter"));
            };
            let text =
                ["payload", "text", "coupon_code"].into_iter().map(|name| &only[name]).find(|value| value.is_string());
            let text = required("button value", text.unwrap_or(&Value::Null), 2000)?;
            call.buttons.push(ButtonValue { index: index(&component["index"])?, kind, text });
        }
        _ => return Err(invalid(field, "each of template.components must be of type header, body or button")),
    }
    Ok(())
}

fn header_media(value: &Value) -> Result<domain::answer::Media, Problem> {
    let kind = value["type"].as_str().and_then(MediaKind::parse);
    let kind = kind.filter(|kind| matches!(kind, MediaKind::Image | MediaKind::Video | MediaKind::Document));
    let kind =
        kind.ok_or_else(|| invalid("template.header", "template.header must be a text, image, video or document"))?;
    media::read(kind, if value[kind.as_str()].is_object() { &value[kind.as_str()] } else { value })
}

fn index(value: &Value) -> Result<u8, Problem> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let number = number.and_then(|number| u8::try_from(number).ok()).filter(|number| *number < 10);
    number.ok_or_else(|| invalid("button index", "button index must be a number from 0 to 9"))
}

fn variables(value: &Value) -> Result<Vec<Variable>, Problem> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) => values.iter().map(|value| variable(None, value)).collect(),
        Value::Object(values) => values.iter().map(|(name, value)| variable(Some(name), value)).collect(),
        _ => Err(invalid("template.variables", "template.variables must be a list or an object")),
    }
}

fn parameter(value: &Value) -> Result<Variable, Problem> {
    if value["type"] != "text" {
        return Err(invalid("component parameters", "component parameters of a text must be of type text"));
    }
    variable(value["parameter_name"].as_str().map(str::to_owned).as_ref(), &value["text"])
}

/// The value of a variable. Meta refuses one that is empty, has a line break or tab, or more than four spaces in a row.
fn variable(name: Option<&String>, value: &Value) -> Result<Variable, Problem> {
    let field = "template.variables";
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(invalid(field, "each of template.variables must be a string or a number")),
    };
    if text.trim().is_empty() || text.contains(['\n', '\r', '\t']) || text.contains("     ") {
        return Err(invalid(
            field,
            "each of template.variables must have characters, no line break or tab, and at most four spaces in a row",
        ));
    }
    if text.chars().count() > LONGEST_VALUE {
        return Err(invalid(field, format!("each of template.variables must have at most {LONGEST_VALUE} characters")));
    }
    Ok(Variable { name: name.cloned(), text })
}
