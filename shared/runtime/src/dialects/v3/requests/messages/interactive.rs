//! Buttons and lists in an answer, in Meta's own shape.

#![expect(dead_code, reason = "shapes for the description, and to refuse what none of them has")]

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Buttons or a list, in Meta's shape.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Interactive {
    /// `button` or `list`.
    r#type: Choice,
    /// What stands above the words: a text, or for buttons also an image, a video or a document.
    #[schema(value_type = Option<Object>)]
    header: Option<Value>,
    /// The words.
    body: Words,
    /// What stands below them.
    footer: Option<Words>,
    /// What there is to choose.
    action: Choices,
}

/// How there is to choose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Choice {
    /// Up to three buttons.
    Button,
    /// A list that opens.
    List,
}

/// A text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Words {
    /// The text.
    #[schema(min_length = 1, max_length = 4096)]
    text: String,
}

/// What there is to choose: `buttons`, or `button` and `sections`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Choices {
    /// The buttons.
    #[schema(min_items = 1, max_items = 3)]
    buttons: Option<Vec<ReplyButton>>,
    /// What the button that opens the list says.
    #[schema(min_length = 1, max_length = 20)]
    button: Option<String>,
    /// The parts of the list: ten rows in all.
    #[schema(min_items = 1, max_items = 10)]
    sections: Option<Vec<Section>>,
}

/// A button.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplyButton {
    /// `reply`.
    r#type: Option<String>,
    /// What it says and what comes back.
    reply: Reply,
}

/// What a button says, and what comes back when it is pressed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reply {
    /// What comes back.
    #[schema(min_length = 1, max_length = 256)]
    id: String,
    /// What it says.
    #[schema(min_length = 1, max_length = 20)]
    title: String,
}

/// A part of a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Section {
    /// Its heading; a list of one part needs none.
    #[schema(max_length = 24)]
    title: Option<String>,
    /// Its rows.
    #[schema(min_items = 1, max_items = 10)]
    rows: Vec<Row>,
}

/// A row of a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Row {
    /// What comes back when it is chosen.
    #[schema(min_length = 1, max_length = 200)]
    id: String,
    /// The first line.
    #[schema(min_length = 1, max_length = 24)]
    title: String,
    /// The second line.
    #[schema(max_length = 72)]
    description: Option<String>,
}
