//! A template, the same in every dialect.

use domain::template::{HeaderShape, Template};
use serde_json::{Value, json};

/// What somebody needs who fills it in.
pub fn usable(template: &Template) -> Value {
    let shape = &template.shape;
    let header = shape.header.as_ref().map(|header| match header {
        HeaderShape::Text(text) => json!({ "type": "text", "text": text }),
        HeaderShape::Media(kind) => json!({ "type": kind.as_str() }),
        HeaderShape::Other(kind) => json!({ "type": kind }),
    });
    json!({
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "header": header,
        "body": shape.body,
        "footer": shape.footer,
        "buttons": shape.buttons,
        "variables": template.variables(),
    })
}

/// The same with how it stands.
pub fn template(template: &Template) -> Value {
    let mut shown = usable(template);
    shown["status"] = template.state.as_str().into();
    shown["quality"] = json!(template.quality);
    shown["reason"] = json!(template.reason);
    shown
}
