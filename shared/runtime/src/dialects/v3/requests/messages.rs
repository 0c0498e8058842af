//! The answers that `/v3` takes, one shape for each kind. Shapes alone: what a provider's limits are, and what an answer may
//! name, `functions/tickets/src/answers` says, for every dialect.

#![expect(dead_code, reason = "shapes for the description, and to refuse what none of them has")]

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::{Refused, parse};

mod interactive;
mod media;

pub use interactive::Interactive;
pub use media::{Bare, Captioned, File};

/// An answer to the contact.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum NewMessage {
    /// Words.
    Text(NewText),
    /// A picture.
    Image(NewImage),
    /// A film.
    Video(NewVideo),
    /// A recording.
    Audio(NewAudio),
    /// A file.
    Document(NewDocument),
    /// A sticker.
    Sticker(NewSticker),
    /// An approved template, the only thing that may be sent when the contact wrote more than 24 hours ago.
    Template(NewTemplate),
    /// Buttons or a list to choose from.
    Interactive(NewInteractive),
    /// An emoji on a message of the conversation.
    Reaction(NewReaction),
}

/// Refuses a body that has a field which its kind does not have, or one of the wrong type. Errors name the field.
pub fn checked(body: &Value) -> Result<(), Refused> {
    let read = |kind: &str| match kind {
        "text" => parse::<NewText>(body.clone()).map(drop),
        "image" => parse::<NewImage>(body.clone()).map(drop),
        "video" => parse::<NewVideo>(body.clone()).map(drop),
        "audio" => parse::<NewAudio>(body.clone()).map(drop),
        "document" => parse::<NewDocument>(body.clone()).map(drop),
        "sticker" => parse::<NewSticker>(body.clone()).map(drop),
        "template" => parse::<NewTemplate>(body.clone()).map(drop),
        "interactive" => parse::<NewInteractive>(body.clone()).map(drop),
        "reaction" => parse::<NewReaction>(body.clone()).map(drop),
        other => {
            let known = "text, image, video, audio, document, sticker, template, interactive or reaction";
            Err(Refused::field("type", format!("type {other} is not known: it must be {known}")))
        }
    };
    match body.get("type") {
        None => read("text"),
        Some(Value::String(kind)) => read(kind),
        Some(_) => Err(Refused::field("type", "type must be a string")),
    }
}

/// What every kind of answer with a body may say beside it.
macro_rules! answer {
    ($(#[$doc:meta])* $name:ident, $kind:ident, $word:ident: { $($field:tt)* }) => {
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        enum $kind {
            $word,
        }

        $(#[$doc])*
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($field)*
            /// The message of the conversation that it quotes, by its id.
            reply_to: Option<String>,
            /// What happens when the contact wrote more than 24 hours ago: `refuse`, or a template goes out now and the answer
            /// when the contact writes.
            on_window_closed: Option<OnWindowClosed>,
            /// That template; absent for one that fits.
            template: Option<TemplateCall>,
        }
    };
}

answer!(/// Words.
    NewText, TextKind, Text: {
    /// The kind; `text` where it is absent.
    #[serde(default)]
    r#type: Option<TextKind>,
    /// The words.
    #[schema(min_length = 1, max_length = 4096, pattern = r"\S")]
    body: String,
    /// Whether the first link is shown with a preview.
    preview_url: Option<bool>,
});
answer!(/// A picture.
    NewImage, ImageKind, Image: {
    /// The kind.
    r#type: ImageKind,
    /// The picture.
    image: Captioned,
});
answer!(/// A film.
    NewVideo, VideoKind, Video: {
    /// The kind.
    r#type: VideoKind,
    /// The film.
    video: Captioned,
});
answer!(/// A recording.
    NewAudio, AudioKind, Audio: {
    /// The kind.
    r#type: AudioKind,
    /// The recording.
    audio: Bare,
});
answer!(/// A file.
    NewDocument, DocumentKind, Document: {
    /// The kind.
    r#type: DocumentKind,
    /// The file.
    document: File,
});
answer!(/// A sticker.
    NewSticker, StickerKind, Sticker: {
    /// The kind.
    r#type: StickerKind,
    /// The sticker.
    sticker: Bare,
});
answer!(/// Buttons or a list to choose from.
    NewInteractive, InteractiveKind, Interactive: {
    /// The kind.
    r#type: InteractiveKind,
    /// What there is to choose.
    interactive: Interactive,
});

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TemplateKind {
    Template,
}

/// An approved template.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTemplate {
    /// The kind.
    r#type: TemplateKind,
    /// The template.
    template: TemplateCall,
    /// The message of the conversation that it quotes, by its id.
    reply_to: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReactionKind {
    Reaction,
}

/// An emoji on a message of the conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReaction {
    /// The kind.
    r#type: ReactionKind,
    /// The reaction.
    reaction: Reaction,
}

/// An emoji and its message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// The message, by its id.
    message_id: String,
    /// One emoji; empty takes the reaction back.
    #[schema(max_length = 16)]
    emoji: String,
}

/// What happens to an answer that comes too late for free text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnWindowClosed {
    /// It is refused, with the templates that could be sent.
    Refuse,
    /// A template goes out now, and the answer when the contact writes.
    Template,
}

/// A template with what goes into it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateCall {
    /// Its name.
    #[schema(min_length = 1, max_length = 512)]
    name: String,
    /// Its language, such as `pt_BR`; absent where it has one alone.
    language: Option<String>,
    /// What goes into its words: a list, or an object where the template names its variables.
    variables: Option<Value>,
    /// What goes above them: `{"variables": […]}`, or media with its `type`.
    #[schema(value_type = Option<Object>)]
    header: Option<Value>,
    /// What goes into its buttons.
    #[schema(max_items = 10)]
    buttons: Option<Vec<TemplateButton>>,
    /// Meta's own `components`, in the place of the three above.
    #[schema(value_type = Option<Vec<Object>>, max_items = 12)]
    components: Option<Vec<Value>>,
}

/// What goes into a button of a template.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateButton {
    /// Which button, from 0.
    #[schema(maximum = 9)]
    index: u8,
    /// `url`, `quick_reply` or `copy_code`.
    r#type: String,
    /// What goes into it.
    #[schema(min_length = 1, max_length = 2000)]
    value: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_that_the_kind_does_not_have_is_refused_by_its_name() {
        let check = |body: Value, field: Option<&str>| {
            let refused = checked(&body).err().map(|refused| refused.field.unwrap());
            assert_eq!(refused.as_deref(), field, "{body}");
        };
        check(json!({ "body": "Olá" }), None);
        check(json!({ "type": "text", "body": "Olá", "on_window_closed": "template" }), None);
        check(json!({ "body": "Olá", "boddy": "x" }), Some("boddy"));
        check(json!({ "text": "Olá" }), Some("text"));
        check(json!({ "type": "image", "body": "Olá", "image": { "link": "https://example.org" } }), Some("body"));
        check(json!({ "type": "image" }), Some("image"));
        check(json!({ "type": "image", "image": { "url": "https://example.org" } }), Some("url"));
        check(json!({ "type": "call" }), Some("type"));
        check(json!({ "type": 1 }), Some("type"));
        check(json!({ "type": "reaction", "reaction": { "message_id": "m", "emoji": "" } }), None);
        check(
            json!({ "type": "template", "template": { "name": "a" }, "on_window_closed": "template" }),
            Some("on_window_closed"),
        );
    }
}
