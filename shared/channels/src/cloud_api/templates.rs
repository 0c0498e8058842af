//! Templates as the Graph API lists them. Source: Meta, "Message templates", `GET /{WABA}/message_templates`.

use domain::answer::MediaKind;
use domain::template::{ButtonShape, HeaderShape, Shape, Template, TemplateState};
use serde_json::Value;

use crate::lenient;

/// What to ask for: without `fields` the list leaves out the quality.
pub const FIELDS: &str = "name,language,status,category,quality_score,rejected_reason,components";

/// One page of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplatePage {
    /// The templates that could be read; others are left out.
    pub templates: Vec<Template>,
    /// Where the next page begins; `None` at the end.
    pub after: Option<String>,
}

/// Reads a page. `None` when it is none.
pub fn page(body: &[u8]) -> Option<TemplatePage> {
    let body = lenient::read(body).ok()?;
    let templates = body["data"].as_array()?.iter().filter_map(template).collect();
    // Without `next` this is the last page, whatever the cursors say.
    let next = lenient::text(&body["paging"]["next"]);
    let after = next.and_then(|_| lenient::text(&body["paging"]["cursors"]["after"])).map(str::to_owned);
    Some(TemplatePage { templates, after })
}

/// What a webhook says of one template. What it does not name stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateNews {
    /// The template's name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Whether it may be sent now, and why not.
    pub state: Option<(TemplateState, Option<String>)>,
    /// The provider's rating.
    pub quality: Option<String>,
    /// What it is billed as.
    pub category: Option<String>,
}

/// Reads a change of one of the template fields. `None` for every other field, and for one that names no template.
///
/// A change of what a template is made of tells nothing here: the template has to be read. Source: docs/providers.md §1.6.
pub fn news(field: &str, value: &Value) -> Option<TemplateNews> {
    let text = |names: [&str; 2]| names.into_iter().find_map(|name| lenient::short(&value[name]));
    let mut news = TemplateNews {
        name: text(["message_template_name", "name"])?,
        language: text(["message_template_language", "language"])?,
        ..TemplateNews::default()
    };
    match field {
        "message_template_status_update" => {
            let state = TemplateState::from(lenient::short(&value["event"])?);
            news.state = Some((state, reason(&value["reason"])));
        }
        "message_template_quality_update" => news.quality = Some(lenient::short(&value["new_quality_score"])?),
        "template_category_update" => news.category = Some(lenient::short(&value["new_category"])?),
        "message_template_components_update" => {}
        _ => return None,
    }
    Some(news)
}

fn template(value: &Value) -> Option<Template> {
    let text = |field: &str| lenient::short(&value[field]);
    Some(Template {
        name: text("name")?,
        language: text("language")?,
        state: TemplateState::from(text("status").unwrap_or_default()),
        category: text("category").unwrap_or_default(),
        quality: lenient::short(&value["quality_score"]["score"]),
        reason: reason(&value["rejected_reason"]),
        shape: shape(&value["components"]),
    })
}

/// Why a template was refused; Meta writes `NONE` where it was not.
pub(crate) fn reason(value: &Value) -> Option<String> {
    lenient::short(value).filter(|reason| !reason.eq_ignore_ascii_case("none"))
}

fn shape(components: &Value) -> Shape {
    let mut shape = Shape::default();
    for component in components.as_array().into_iter().flatten() {
        let text = lenient::text(&component["text"]).unwrap_or_default().to_owned();
        match lenient::text(&component["type"]).unwrap_or_default().to_ascii_uppercase().as_str() {
            "HEADER" => shape.header = Some(header(component, text)),
            "BODY" => shape.body = text,
            "FOOTER" => shape.footer = Some(text),
            "BUTTONS" => {
                shape.buttons = component["buttons"].as_array().into_iter().flatten().map(button).collect();
            }
            _ => {}
        }
    }
    shape
}

fn header(component: &Value, text: String) -> HeaderShape {
    let format = lenient::text(&component["format"]).unwrap_or("TEXT").to_ascii_lowercase();
    match MediaKind::parse(&format) {
        Some(kind) => HeaderShape::Media(kind),
        None if format == "text" => HeaderShape::Text(text),
        None => HeaderShape::Other(format),
    }
}

fn button(button: &Value) -> ButtonShape {
    let kind = lenient::text(&button["type"]).unwrap_or_default().to_ascii_uppercase();
    let url = lenient::text(&button["url"]).unwrap_or_default();
    let has_variable = (kind == "URL" && url.contains("{{")) || kind == "COPY_CODE";
    ButtonShape { kind, text: lenient::text(&button["text"]).unwrap_or_default().to_owned(), has_variable }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_is_read_with_everything_that_a_call_has_to_fill_in() {
        let body = json!({
            "data": [
                { "name": "receipt", "language": "pt_BR", "status": "APPROVED", "category": "UTILITY", "id": "5",
                  "quality_score": { "score": "GREEN", "date": 1 }, "rejected_reason": "NONE",
                  "components": [
                      { "type": "HEADER", "format": "DOCUMENT", "example": {} },
                      { "type": "BODY", "text": "Olá {{name}}" },
                      { "type": "FOOTER", "text": "Loja" },
                      { "type": "BUTTONS", "buttons": [
                          { "type": "QUICK_REPLY", "text": "Sim" },
                          { "type": "URL", "text": "Ver", "url": "https://example.org/{{1}}" },
                          { "type": "URL", "text": "Loja", "url": "https://example.org" }] },
                      { "type": "LIMITED_TIME_OFFER" }] },
                { "name": "old", "language": "en", "status": "REJECTED", "rejected_reason": "PROMOTIONAL" },
                { "name": "without a language" }, 5],
            "paging": { "cursors": { "after": "QVFI" }, "next": "https://graph.facebook.com/…" },
        });
        let page = page(body.to_string().as_bytes()).unwrap();
        assert_eq!((page.templates.len(), page.after.as_deref()), (2, Some("QVFI")));
        let receipt = &page.templates[0];
        assert_eq!((receipt.quality.as_deref(), receipt.reason.as_deref()), (Some("GREEN"), None));
        assert_eq!(receipt.shape.header, Some(HeaderShape::Media(MediaKind::Document)));
        assert_eq!((receipt.shape.body.as_str(), receipt.shape.footer.as_deref()), ("Olá {{name}}", Some("Loja")));
        let open: Vec<bool> = receipt.shape.buttons.iter().map(|button| button.has_variable).collect();
        assert_eq!(open, [false, true, false]);
        let old = &page.templates[1];
        assert_eq!((old.state.as_str(), old.reason.as_deref()), ("REJECTED", Some("PROMOTIONAL")));
    }

    #[test]
    fn the_last_page_has_no_next_one_and_what_is_no_page_is_none() {
        let last = page(br#"{"data":[],"paging":{"cursors":{"after":"QVFI"}}}"#).unwrap();
        assert_eq!(last, TemplatePage { templates: Vec::new(), after: None });
        for body in ["", "{}", r#"{"error":{"code":190}}"#, r#"{"data":{}}"#] {
            assert_eq!(page(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn a_webhook_tells_what_has_changed_of_a_template() {
        let about = |mut value: Value| {
            value["message_template_name"] = json!("order_update");
            value["message_template_language"] = json!("pt_BR");
            value
        };
        let paused = news(
            "message_template_status_update",
            &about(json!({ "event": "PAUSED", "reason": "NONE", "message_template_id": 5 })),
        );
        assert_eq!(paused.unwrap().state, Some((TemplateState::Other("PAUSED".to_owned()), None)));
        let quality = about(json!({ "previous_quality_score": "GREEN", "new_quality_score": "RED" }));
        assert_eq!(news("message_template_quality_update", &quality).unwrap().quality.as_deref(), Some("RED"));
        let category = about(json!({ "previous_category": "UTILITY", "new_category": "MARKETING" }));
        assert_eq!(news("template_category_update", &category).unwrap().category.as_deref(), Some("MARKETING"));
        assert_eq!(news("message_template_components_update", &about(json!({}))).unwrap().state, None);
        for (field, value) in [
            ("account_update", about(json!({ "event": "DISABLED" }))),
            ("message_template_status_update", about(json!({}))),
            ("message_template_status_update", json!({ "event": "PAUSED" })),
            ("message_template_status_update", json!(null)),
        ] {
            assert_eq!(news(field, &value), None, "{field} {value}");
        }
    }
}
