//! `get_reply_context`: what somebody needs who drafts a reply. It reads; drafting and sending are others'.

use domain::connection::Provider;
use domain::ids::TicketId;
use domain::message::{Direction, Message};
use domain::template::TemplateState;
use domain::window;
use runtime::clock;
use runtime::dialects::References;
use runtime::dialects::v3::shapes::{ContextShape, UsableTemplate};
use runtime::service::Service;
use serde_json::{Map, Value, json};
use storage::Storage;

use super::{Failure, Output, inform};
use crate::subject::Subject;
use crate::words::Trouble;

/// How many messages at most.
pub(super) const MOST: u32 = 50;
/// How many where the model does not say.
pub(super) const DEFAULT: u32 = 20;

/// Gathers it.
pub(super) async fn context(
    storage: &Storage,
    service: &Service,
    subject: &Subject,
    arguments: &Map<String, Value>,
) -> Result<Output, Failure> {
    let limit = limit(arguments)?;
    let (org, conversation, connection) = (&service.org, &subject.conversation, &subject.connection);
    let mut messages = storage.messages(org, &conversation.id, None, limit).await?;
    messages.reverse();
    let present = TicketId::of(&conversation.id, conversation.generation);
    let mut ticket = None;
    for id in [conversation.slot.clone(), Some(present), conversation.previous.clone()].into_iter().flatten() {
        ticket = storage.ticket(org, &id).await?;
        if ticket.is_some() {
            break;
        }
    }
    let agent = match ticket.as_ref().and_then(|ticket| ticket.agent.as_ref()) {
        Some(id) => storage.agent(org, id).await?.map(|agent| agent.name),
        None => None,
    };
    let templates = match connection.provider.template_account() {
        Some(account) => storage.templates(org, account).await?,
        None => Vec::new(),
    };
    let usable = templates.iter().filter(|template| template.state == TemplateState::Approved);
    let now = clock::now();
    let has_window = matches!(connection.provider, Provider::CloudApi { .. }) && !subject.contact.is_group;
    let expires_at = match &ticket {
        Some(ticket) => window::closes_at(Some(conversation), ticket),
        None => conversation.window_expires_at(),
    };
    Ok(Output::success(json!({
        "conversationId": conversation.id,
        "customer": { "name": subject.contact.name, "isGroup": subject.contact.is_group },
        "language": subject.locale,
        "messages": messages.iter().map(|message| shown(message, &References::among(&messages, &[]))).collect::<Vec<_>>(),
        "ticket": ticket.map(|ticket| inform::shown(&ticket, agent.as_deref(), now)),
        "window": {
            "isOpen": !has_window || expires_at.is_some_and(|at| now < at),
            "expiresAt": expires_at.filter(|_| has_window),
        },
        "templates": usable.map(UsableTemplate::from).collect::<Vec<_>>(),
    })))
}

fn limit(arguments: &Map<String, Value>) -> Result<u32, Failure> {
    let given = match arguments.get("limit") {
        None | Some(Value::Null) => return Ok(DEFAULT),
        Some(given) => given.as_u64().and_then(|given| u32::try_from(given).ok()),
    };
    given
        .filter(|limit| (1..=MOST).contains(limit))
        .ok_or_else(|| Failure::of(format!("limit must be a whole number from 1 to {MOST}"), Trouble::Other))
}

/// A message. What it answers is told by its words, where they are near or the provider repeats them.
fn shown(message: &Message, references: &References<'_>) -> Value {
    let (from, delivery) = match &message.direction {
        Direction::In => ("customer", None),
        Direction::Out { delivery, .. } => ("us", Some(delivery.as_str())),
    };
    let mut body = json!({
        "from": from, "kind": message.content.kind, "text": message.content.text, "sentAt": message.reference.sent_at,
        "delivery": delivery,
    });
    let ContextShape { reply_to, referral, choice, .. } = ContextShape::of(message, references);
    if let Some(words) = reply_to.and_then(|answered| answered.text) {
        body["answers"] = words.into();
    }
    if let Some(referral) = referral {
        body["advertisement"] = json!(referral.headline.or(referral.body).or(referral.source_url));
    }
    if let Some(id) = choice.and_then(|choice| choice.id) {
        body["choice"] = id.into();
    }
    body
}
