//! Connections and their templates.

use domain::connection::Connection;
use domain::line::Line;
use domain::template::{HeaderShape, Template};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A connection: one provider account that sends and receives.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionShape {
    /// Its id.
    pub id: String,
    /// Who speaks for it: `cloud_api`, `baileys`, `evolution`, `waha` or `gowa`.
    pub provider: String,
    /// Where its tickets wait.
    pub queue_id: String,
    /// Whether it takes templates, and has a 24-hour window.
    pub has_templates: bool,
}

impl From<&Connection> for ConnectionShape {
    fn from(connection: &Connection) -> Self {
        Self {
            id: connection.id.to_string(),
            provider: connection.provider.kind().to_owned(),
            queue_id: connection.queue.to_string(),
            has_templates: connection.provider.template_account().is_some(),
        }
    }
}

/// A connection and how it is doing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionDetails {
    /// The connection.
    #[serde(flatten)]
    pub connection: ConnectionShape,
    /// Why it sends nothing; absent while all is well.
    pub stopped: Option<Stopped>,
    /// Until when it sends nothing because its provider has enough for now.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paused_until: Option<Timestamp>,
    /// When its templates were read from the provider last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub templates_synced_at: Option<Timestamp>,
    /// The provider's code, where reading them has failed since.
    pub templates_error: Option<i64>,
}

/// Why a connection sends nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stopped {
    /// The provider's code.
    pub code: i64,
    /// The provider's words.
    pub details: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When one answer is let through to try.
    #[schema(value_type = String, format = DateTime)]
    pub retry_at: Timestamp,
}

impl ConnectionDetails {
    /// A connection with its line.
    pub fn of(connection: &Connection, line: Line, now: Timestamp) -> Self {
        let stopped = line.stop.map(|stop| Stopped {
            code: stop.code,
            details: stop.details,
            since: stop.since,
            retry_at: stop.retry_at,
        });
        Self {
            connection: connection.into(),
            stopped,
            paused_until: line.paused_until.filter(|until| *until > now),
            templates_synced_at: line.templates_synced_at,
            templates_error: line.templates_error,
        }
    }
}

/// What somebody needs who fills a template in.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsableTemplate {
    /// Its name.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// `UTILITY`, `MARKETING` or `AUTHENTICATION`; it decides the price.
    pub category: String,
    /// What stands above the words.
    pub header: Option<TemplateHeader>,
    /// The words, with `{{1}}` or `{{name}}` where a variable goes.
    pub body: String,
    /// What stands below them.
    pub footer: Option<String>,
    /// The buttons, in order.
    pub buttons: Vec<TemplateButtonShape>,
    /// The names of the variables of the words, in order.
    pub variables: Vec<String>,
}

/// What stands above a template's words.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateHeader {
    /// `text`, or the kind of media.
    pub r#type: String,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A button of a template.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateButtonShape {
    /// The provider's word: `QUICK_REPLY`, `URL` …
    pub kind: String,
    /// What it says.
    pub text: String,
    /// Whether a value must be given with each message.
    pub has_variable: bool,
}

impl From<&Template> for UsableTemplate {
    fn from(template: &Template) -> Self {
        let shape = &template.shape;
        let header = shape.header.as_ref().map(|header| match header {
            HeaderShape::Text(text) => TemplateHeader { r#type: "text".to_owned(), text: Some(text.clone()) },
            HeaderShape::Media(kind) => TemplateHeader { r#type: kind.as_str().to_owned(), text: None },
            HeaderShape::Other(kind) => TemplateHeader { r#type: kind.clone(), text: None },
        });
        let button = |button: &domain::template::ButtonShape| TemplateButtonShape {
            kind: button.kind.clone(),
            text: button.text.clone(),
            has_variable: button.has_variable,
        };
        Self {
            name: template.name.clone(),
            language: template.language.clone(),
            category: template.category.clone(),
            header,
            body: shape.body.clone(),
            footer: shape.footer.clone(),
            buttons: shape.buttons.iter().map(button).collect(),
            variables: template.variables(),
        }
    }
}

/// A template with how it stands at the provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateShape {
    /// The template.
    #[serde(flatten)]
    pub template: UsableTemplate,
    /// The provider's word: `APPROVED`, or why it cannot be sent.
    pub status: String,
    /// The provider's rating.
    pub quality: Option<String>,
    /// Why it is in its state, where the provider says.
    pub reason: Option<String>,
}

impl From<&Template> for TemplateShape {
    fn from(template: &Template) -> Self {
        Self {
            template: template.into(),
            status: template.state.as_str().to_owned(),
            quality: template.quality.clone(),
            reason: template.reason.clone(),
        }
    }
}
