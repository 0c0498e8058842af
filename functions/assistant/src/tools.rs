//! The tools: what a model is told of them, and one output for each call, whatever becomes of it.

mod context;
mod create;
mod inform;

use domain::locale::Locale;
use domain::once::{OnceKey, fingerprint};
use domain::service_key::Scope;
use domain::ticket::{Category, Priority};
use runtime::service::Service;
use runtime::{Problem, clock};
use serde_json::{Map, Value, json};
use storage::{Once, Storage};

use crate::subject::{Nobody, Subject};
use crate::wire::Call;
use crate::words::{Trouble, words};

/// What a model may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// `create_ticket_report`.
    CreateTicketReport,
    /// `get_ticket_information`.
    GetTicketInformation,
    /// `get_reply_context`.
    GetReplyContext,
}

impl Tool {
    /// All.
    pub(crate) const ALL: [Self; 3] = [Self::CreateTicketReport, Self::GetTicketInformation, Self::GetReplyContext];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CreateTicketReport => "create_ticket_report",
            Self::GetTicketInformation => "get_ticket_information",
            Self::GetReplyContext => "get_reply_context",
        }
    }

    /// What a key must be for.
    pub(crate) fn scope(self) -> Scope {
        match self {
            Self::CreateTicketReport => Scope::TicketsWrite,
            Self::GetTicketInformation => Scope::TicketsRead,
            Self::GetReplyContext => Scope::ConversationsRead,
        }
    }

    /// What it does, for a model.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::CreateTicketReport => "Create a support ticket for customer issues",
            Self::GetTicketInformation => "Look up one of the customer's own tickets by its number",
            Self::GetReplyContext => {
                "Read what is needed to draft a reply to the customer: the last messages, the ticket, whether free text may be sent, and the templates that may be sent otherwise"
            }
        }
    }

    /// The JSON Schema of its arguments (S1 §19, with all eight categories: docs/requirements.md C18).
    pub(crate) fn parameters(self) -> Value {
        match self {
            Self::CreateTicketReport => json!({
                "type": "object",
                "properties": {
                    "title": { "type": "string", "description": "One line that says what is wrong", "minLength": 1, "maxLength": create::LONGEST_TITLE },
                    "description": { "type": "string", "description": "What happened, with every detail that the customer gave", "minLength": 1, "maxLength": create::LONGEST_DESCRIPTION },
                    "category": { "type": "string", "enum": Category::ALL.map(Category::as_str) },
                    "priority": { "type": "string", "enum": Priority::ALL.map(Priority::as_str) },
                },
                "required": ["title", "description"],
            }),
            Self::GetTicketInformation => json!({
                "type": "object",
                "properties": {
                    "ticketId": { "type": "string", "description": "The ticket's number, such as TICKET-2026-000001" },
                },
                "required": ["ticketId"],
            }),
            Self::GetReplyContext => json!({
                "type": "object",
                "properties": {
                    "limit": { "type": "integer", "description": "How many messages at most", "minimum": 1, "maximum": context::MOST, "default": context::DEFAULT },
                },
            }),
        }
    }
}

/// What a tool answered: always a JSON object with `success`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Output(Value);

impl Output {
    /// It did what was asked.
    pub(crate) fn success(mut members: Value) -> Self {
        members["success"] = true.into();
        Self(members)
    }

    /// The object in a string, as models are given it.
    pub(crate) fn text(&self) -> String {
        self.0.to_string()
    }

    /// The object.
    pub(crate) fn into_value(self) -> Value {
        self.0
    }

    /// Whether it did what was asked.
    pub(crate) fn is_success(&self) -> bool {
        self.0["success"] == true
    }
}

/// Why a tool did not do what was asked.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// For the model.
    error: String,
    /// For the customer; absent where it is between the model and us.
    trouble: Option<Trouble>,
}

impl Failure {
    /// Something that the customer may be told of.
    pub(crate) fn of(error: impl Into<String>, trouble: Trouble) -> Self {
        Self { error: error.into(), trouble: Some(trouble) }
    }

    /// Something that the model did wrong.
    pub(crate) fn of_the_model(error: impl Into<String>) -> Self {
        Self { error: error.into(), trouble: None }
    }

    fn output(&self, locale: Locale) -> Output {
        let mut members = json!({ "success": false, "error": self.error });
        if let Some(trouble) = self.trouble {
            members["userMessage"] = words(trouble, locale).into();
        }
        Output(members)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        problem.log();
        Self::of(problem.to_string(), Trouble::Other)
    }
}

impl From<storage::Error> for Failure {
    fn from(error: storage::Error) -> Self {
        Problem::from(error).into()
    }
}

/// Carries a call out. Never fails: what went wrong is an output too.
pub(crate) async fn output(
    storage: &Storage,
    service: &Service,
    subject: &Result<Subject, Nobody>,
    call: &Call,
) -> Output {
    let locale = match subject {
        Ok(subject) => subject.locale,
        Err(nobody) => nobody.locale,
    };
    let outcome = carried_out(storage, service, subject, call).await;
    tracing::info!(org.id = %service.org, tool = tool(&call.name).map(Tool::name), success = outcome.is_ok(), "tool called");
    outcome.unwrap_or_else(|failure| failure.output(locale))
}

async fn carried_out(
    storage: &Storage,
    service: &Service,
    subject: &Result<Subject, Nobody>,
    call: &Call,
) -> Result<Output, Failure> {
    let arguments = call.arguments.as_ref().ok_or_else(|| Failure::of_the_model("Invalid arguments format"))?;
    let unknown = || {
        let name: String = call.name.chars().take(100).collect();
        Failure::of_the_model(format!("Unknown function: {name}"))
    };
    let tool = tool(&call.name).ok_or_else(unknown)?;
    if !service.may(tool.scope()) {
        let (name, scope) = (tool.name(), tool.scope().as_str());
        return Err(Failure::of(format!("This key may not call {name}: it lacks the scope {scope}"), Trouble::Other));
    }
    // What the model left out is told before who it is for, as S1 does.
    let report = match tool {
        Tool::CreateTicketReport => Some(create::read(arguments)?),
        Tool::GetTicketInformation | Tool::GetReplyContext => None,
    };
    let wanted = if tool == Tool::GetTicketInformation { Some(inform::read(arguments)?) } else { None };
    let subject = subject.as_ref().map_err(|nobody| nobody.failure.clone())?;
    match (tool, report, wanted) {
        (Tool::CreateTicketReport, Some(report), _) => {
            create::create(storage, service, subject, &report, once(service, subject, call)).await
        }
        (Tool::GetTicketInformation, _, Some(wanted)) => inform::inform(storage, service, subject, &wanted).await,
        _ => context::context(storage, service, subject, arguments).await,
    }
}

fn tool(name: &str) -> Option<Tool> {
    Tool::ALL.into_iter().find(|tool| tool.name() == name)
}

/// The call as one that is carried out once, if the model named it. Models that name calls by counting repeat the names, so what
/// is asked for belongs to the key too.
fn once(service: &Service, subject: &Subject, call: &Call) -> Option<Once> {
    let asked = json!([call.name, call.arguments]).to_string();
    let request = fingerprint(&call.id, subject.conversation.id.as_str(), asked.as_bytes());
    let key = OnceKey::new(&format!("call/{request}")).ok().filter(|_| !call.id.is_empty())?;
    Some(Once { agent: service.id.clone(), key, request, now: clock::now() })
}

/// A text among the arguments, trimmed; nothing for an empty one. Errors: one that is no string, or too long.
fn text(arguments: &Map<String, Value>, name: &str, most: usize) -> Result<Option<String>, Failure> {
    let invalid = |reason: String| Failure::of(reason, Trouble::Other);
    let text = match arguments.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim(),
        Some(_) => return Err(invalid(format!("{name} must be a string"))),
    };
    if text.chars().count() > most {
        return Err(invalid(format!("{name} must have at most {most} characters")));
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}
