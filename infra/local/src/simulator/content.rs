//! What a message may hold, by its type, read as strictly as Meta reads it. Source: docs/providers.md §2.

use std::collections::BTreeSet;

use serde_json::Value;

use super::GraphError;
use super::templates::Templates;

/// Checks the content of a message of a type. Errors have Meta's codes.
pub(super) fn check(kind: &str, body: &Value, templates: &Templates) -> Result<(), GraphError> {
    let content = &body[kind];
    if matches!(
        kind,
        "text" | "image" | "audio" | "video" | "document" | "sticker" | "template" | "interactive" | "reaction"
    ) && !content.is_object()
    {
        return Err(GraphError::parameter(131_008, format!("The parameter {kind} is required")));
    }
    match kind {
        "text" => {
            only(content, &["body", "preview_url"])?;
            length("text.body", required(content, "body")?, 4096)
        }
        "image" | "video" | "audio" | "sticker" | "document" => media(kind, content),
        "template" => {
            only(content, &["name", "language", "components"])?;
            templates.check(content)
        }
        "interactive" => interactive(content),
        "reaction" => {
            only(content, &["message_id", "emoji"])?;
            required(content, "message_id")?;
            // An empty emoji takes the reaction back.
            optional(content, "emoji")?.map(drop).ok_or_else(|| missing("emoji"))
        }
        other => Err(GraphError::parameter(131_051, format!("Message type {other} is not supported"))),
    }
}

fn media(kind: &str, media: &Value) -> Result<(), GraphError> {
    let takes_caption = matches!(kind, "image" | "video" | "document");
    let members: &[&str] = match kind {
        "document" => &["id", "link", "caption", "filename"],
        "audio" => &["id", "link", "voice"],
        _ if takes_caption => &["id", "link", "caption"],
        _ => &["id", "link"],
    };
    only(media, members)?;
    match (optional(media, "id")?, optional(media, "link")?) {
        (Some(id), None) => {
            let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
            if is_id { Ok(()) } else { Err(invalid(&format!("{kind}.id must be a media id"))) }
        }
        (None, Some(link)) if link.starts_with("https://") || link.starts_with("http://") => Ok(()),
        (None, Some(_)) => Err(invalid(&format!("{kind}.link must be a URL"))),
        _ => Err(GraphError::parameter(100, format!("{kind} must have exactly one of id and link"))),
    }?;
    optional(media, "caption")?.map_or(Ok(()), |caption| length(&format!("{kind}.caption"), caption, 1024))
}

fn interactive(interactive: &Value) -> Result<(), GraphError> {
    only(interactive, &["type", "header", "body", "footer", "action"])?;
    let kind = required(interactive, "type")?;
    let action = &interactive["action"];
    if let Some(footer) = optional(&interactive["footer"], "text")? {
        length("footer.text", footer, 60)?;
    }
    let header = &interactive["header"];
    match optional(header, "type")? {
        None => {}
        Some("text") => length("header.text", required(header, "text")?, 60)?,
        Some(media_kind @ ("image" | "video" | "document")) if kind == "button" => {
            media(media_kind, &header[media_kind])?;
        }
        Some(other) => return Err(invalid(&format!("header.type {other} is not valid"))),
    }
    let text = required(&interactive["body"], "text")?;
    match kind {
        "button" => {
            length("body.text", text, 1024)?;
            buttons(action)
        }
        "list" => {
            length("body.text", text, 4096)?;
            list(action)
        }
        other => Err(invalid(&format!("interactive.type {other} is not valid"))),
    }
}

fn buttons(action: &Value) -> Result<(), GraphError> {
    let buttons = action["buttons"].as_array().map_or(&[][..], Vec::as_slice);
    if !(1..=3).contains(&buttons.len()) {
        return Err(invalid("action.buttons must have 1 to 3 items"));
    }
    let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
    for button in buttons {
        if button["type"] != "reply" {
            return Err(invalid("action.buttons.type must be reply"));
        }
        let (id, title) = (required(&button["reply"], "id")?, required(&button["reply"], "title")?);
        length("button id", id, 256)?;
        length("button title", title, 20)?;
        if !ids.insert(id) || !titles.insert(title) {
            return Err(invalid("Duplicated button id or title"));
        }
    }
    Ok(())
}

fn list(action: &Value) -> Result<(), GraphError> {
    length("action.button", required(action, "button")?, 20)?;
    let sections = action["sections"].as_array().map_or(&[][..], Vec::as_slice);
    if !(1..=10).contains(&sections.len()) {
        return Err(invalid("action.sections must have 1 to 10 items"));
    }
    let (mut ids, mut rows) = (BTreeSet::new(), 0);
    for section in sections {
        match optional(section, "title")? {
            Some(title) => length("section title", title, 24)?,
            None if sections.len() > 1 => return Err(missing("section title")),
            None => {}
        }
        let listed = section["rows"].as_array().map_or(&[][..], Vec::as_slice);
        if listed.is_empty() {
            return Err(invalid("a section must have rows"));
        }
        for row in listed {
            rows += 1;
            let id = required(row, "id")?;
            length("row id", id, 200)?;
            length("row title", required(row, "title")?, 24)?;
            if let Some(description) = optional(row, "description")? {
                length("row description", description, 72)?;
            }
            if !ids.insert(id) {
                return Err(invalid("Duplicated row id"));
            }
        }
    }
    if rows > 10 { Err(invalid("Total row count exceeds the maximum of 10")) } else { Ok(()) }
}

/// Refuses a member that Meta does not know.
pub(super) fn only(object: &Value, members: &[&str]) -> Result<(), GraphError> {
    let unknown = object.as_object().into_iter().flatten().find(|(name, _)| !members.contains(&name.as_str()));
    match unknown {
        Some((name, _)) => Err(GraphError::parameter(100, format!("Unexpected key \"{name}\""))),
        None => Ok(()),
    }
}

fn length(name: &str, text: &str, most: usize) -> Result<(), GraphError> {
    let is_right = (1..=most).contains(&text.chars().count());
    if is_right { Ok(()) } else { Err(invalid(&format!("{name} must have 1 to {most} characters"))) }
}

pub(super) fn required<'a>(object: &'a Value, name: &str) -> Result<&'a str, GraphError> {
    optional(object, name)?.ok_or_else(|| missing(name))
}

pub(super) fn optional<'a>(object: &'a Value, name: &str) -> Result<Option<&'a str>, GraphError> {
    match &object[name] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(invalid(&format!("{name} must be a string"))),
    }
}

fn missing(name: &str) -> GraphError {
    GraphError::parameter(131_008, format!("The parameter {name} is required"))
}

pub(super) fn invalid(details: &str) -> GraphError {
    GraphError::parameter(131_009, details.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_it(kind: &str, content: &Value, expected: Result<(), u32>) {
        let outcome = check(kind, &json!({ kind: content }), &Templates::new());
        assert_eq!(outcome.map_err(|error| error.code), expected, "{kind} {content}");
    }

    #[test]
    fn media_is_given_by_id_or_by_link_and_some_with_words() {
        check_it("image", &json!({ "link": "https://example.org/a.png", "caption": "x".repeat(1024) }), Ok(()));
        check_it("image", &json!({ "id": "5", "caption": "x".repeat(1025) }), Err(131_009));
        check_it("image", &json!({ "id": "5", "link": "https://example.org" }), Err(100));
        check_it("image", &json!({}), Err(100));
        check_it("image", &json!({ "id": "a/../b" }), Err(131_009));
        check_it("image", &json!({ "link": "ftp://example.org" }), Err(131_009));
        check_it("audio", &json!({ "id": "5" }), Ok(()));
        check_it("audio", &json!({ "id": "5", "voice": true }), Ok(()));
        check_it("image", &json!({ "id": "5", "voice": true }), Err(100));
        check_it("audio", &json!({ "id": "5", "caption": "a" }), Err(100));
        check_it("document", &json!({ "id": "5", "filename": "a.pdf" }), Ok(()));
        check_it("image", &json!({ "id": "5", "filename": "a.pdf" }), Err(100));
        check_it("image", &json!("5"), Err(131_008));
    }

    #[test]
    fn choices_stay_within_their_counts_and_lengths() {
        let button = |id: &str, title: &str| json!({ "type": "reply", "reply": { "id": id, "title": title } });
        let with =
            |buttons: Value| json!({ "type": "button", "body": { "text": "a" }, "action": { "buttons": buttons } });
        check_it("interactive", &with(json!([button("1", "Sim"), button("2", "Não")])), Ok(()));
        check_it("interactive", &with(json!([])), Err(131_009));
        check_it("interactive", &with(json!([button("1", "Sim"), button("1", "Não")])), Err(131_009));
        check_it("interactive", &with(json!([button("1", "Sim"), button("2", "Sim")])), Err(131_009));
        check_it("interactive", &with(json!([button("1", &"x".repeat(21))])), Err(131_009));
        let row = |id: &str| json!({ "id": id, "title": "a" });
        let list = |rows: Vec<Value>| json!({ "type": "list", "body": { "text": "a" }, "action": { "button": "Ver", "sections": [{ "rows": rows }] } });
        check_it("interactive", &list((0..10).map(|n| row(&n.to_string())).collect()), Ok(()));
        check_it("interactive", &list((0..11).map(|n| row(&n.to_string())).collect()), Err(131_009));
        check_it("interactive", &list(vec![row("1"), row("1")]), Err(131_009));
        check_it("interactive", &list(Vec::new()), Err(131_009));
    }

    #[test]
    fn a_reaction_names_its_message_and_a_type_that_meta_does_not_know_is_refused() {
        check_it("reaction", &json!({ "message_id": "wamid.1", "emoji": "" }), Ok(()));
        check_it("reaction", &json!({ "message_id": "wamid.1" }), Err(131_008));
        check_it("reaction", &json!({ "emoji": "👍" }), Err(131_008));
        check_it("poll", &json!({}), Err(131_051));
        check_it("text", &json!({ "body": "a", "bold": true }), Err(100));
    }
}
