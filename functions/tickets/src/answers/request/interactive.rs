//! Buttons and lists in a request, in the provider's own shape.

use domain::answer::{Button, Choices, Header, Interactive, MediaKind, Row, Section};
use runtime::Problem;
use serde_json::Value;

use super::fields::{allowed, invalid, list, required, unique};
use super::media;

/// `{"type": "button" or "list", "header"?, "body", "footer"?, "action"}`.
pub(super) fn read(value: &Value) -> Result<Interactive, Problem> {
    let is_list = match value["type"].as_str() {
        Some("button") => false,
        Some("list") => true,
        _ => return Err(invalid("interactive.type", "interactive.type must be button or list")),
    };
    let text = required("interactive.body", words(&value["body"]), if is_list { 4096 } else { 1024 })?;
    let footer = allowed("interactive.footer", words(&value["footer"]), 60)?;
    let choices = if is_list { choices_of_list(&value["action"])? } else { buttons(&value["action"])? };
    Ok(Interactive { header: header(&value["header"], is_list)?, text, footer, choices })
}

/// `{"text": "…"}`, or the text alone.
fn words(value: &Value) -> &Value {
    if value.is_object() { &value["text"] } else { value }
}

fn header(value: &Value, is_list: bool) -> Result<Option<Header>, Problem> {
    let field = "interactive.header";
    if value.is_null() {
        return Ok(None);
    }
    match value["type"].as_str() {
        None | Some("text") => Ok(Some(Header::Text(required(field, words(value), 60)?))),
        Some(kind @ ("image" | "video" | "document")) if !is_list => {
            let kind = MediaKind::parse(kind).unwrap_or(MediaKind::Image);
            let media = media::read(kind, &value[kind.as_str()])?;
            if media.caption.is_some() {
                return Err(invalid("caption", "caption is not for a header"));
            }
            Ok(Some(Header::Media(media)))
        }
        Some(_) if is_list => Err(invalid(field, "interactive.header of a list must be a text")),
        Some(_) => Err(invalid(field, "interactive.header must be a text, image, video or document")),
    }
}

fn buttons(action: &Value) -> Result<Choices, Problem> {
    let (field, id, title) = ("interactive.action.buttons", "button id", "button title");
    let buttons = list(field, &action["buttons"], 1..=3)?;
    let button = |value: &Value| {
        let reply = if value["reply"].is_object() { &value["reply"] } else { value };
        Ok(Button { id: required(id, &reply["id"], 256)?, title: required(title, &reply["title"], 20)? })
    };
    let buttons = buttons.iter().map(button).collect::<Result<Vec<_>, Problem>>()?;
    unique(id, buttons.iter().map(|button| button.id.as_str()))?;
    unique(title, buttons.iter().map(|button| button.title.as_str()))?;
    Ok(Choices::Buttons(buttons))
}

fn choices_of_list(action: &Value) -> Result<Choices, Problem> {
    let button = required("interactive.action.button", &action["button"], 20)?;
    let given = list("interactive.action.sections", &action["sections"], 1..=10)?;
    let sections = given.iter().map(|value| section(value, given.len())).collect::<Result<Vec<_>, _>>()?;
    let rows = || sections.iter().flat_map(|section| &section.rows);
    if rows().count() > 10 {
        return Err(invalid("section rows", "section rows must be at most 10 in all sections together"));
    }
    unique("row id", rows().map(|row| row.id.as_str()))?;
    Ok(Choices::List { button, sections })
}

fn section(value: &Value, of: usize) -> Result<Section, Problem> {
    let field = "section title";
    let title = if of > 1 { Some(required(field, &value["title"], 24)?) } else { allowed(field, &value["title"], 24)? };
    let row = |value: &Value| {
        Ok(Row {
            id: required("row id", &value["id"], 200)?,
            title: required("row title", &value["title"], 24)?,
            description: allowed("row description", &value["description"], 72)?,
        })
    };
    let rows = list("section rows", &value["rows"], 1..=10)?.iter().map(row).collect::<Result<Vec<_>, Problem>>()?;
    Ok(Section { title, rows })
}
