//! `get_reply_context`: what somebody needs who drafts a reply. It reads; drafting and sending are others'.

use domain::connection::Provider;
use domain::ids::TicketId;
use domain::message::{Direction, Message};
use domain::page::{Portion, Room, Weighs, glimpse};
use domain::template::{Template, TemplateState};
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

/// How many bytes of messages and of templates, but for one of each. An answer may be to sixteen calls, holds what each says twice, and
/// as JSON within JSON.
const MESSAGES_BYTES: usize = 32_000;
const TEMPLATES_BYTES: usize = 12_000;
/// How much a model is told of one message, in characters.
const LONGEST: usize = 4_096;

/// Gathers it.
pub(super) async fn context(
    storage: &Storage,
    service: &Service,
    subject: &Subject,
    arguments: &Map<String, Value>,
) -> Result<Output, Failure> {
    let limit = limit(arguments)?;
    let (org, conversation, connection) = (&service.org, &subject.conversation, &subject.connection);
    let newest = storage.messages(org, &conversation.id, None, limit).await?;
    let references = References::among(&newest, &[]);
    let shown = newest.iter().map(|message| shown(message, &references)).collect();
    let room = Room::of(usize::MAX).within(MESSAGES_BYTES);
    let Portion { items: mut messages, has_more } = Portion::cut(shown, room, |said: &Value| said.to_string().len());
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
    let usable = templates.into_iter().filter(|template| template.state == TemplateState::Approved).collect();
    let usable = Portion::cut(usable, Room::of(usize::MAX).within(TEMPLATES_BYTES), Template::weight).items;
    let now = clock::now();
    let has_window = matches!(connection.provider, Provider::CloudApi { .. }) && !subject.contact.is_group;
    let expires_at = match &ticket {
        Some(ticket) => window::closes_at(Some(conversation), ticket),
        None => conversation.window_expires_at(),
    };
    Ok(Output::success(json!({
        "conversationId": conversation.id,
        "customer": { "name": subject.contact.shown_name(), "isGroup": subject.contact.is_group },
        "language": subject.locale,
        "messages": messages,
        "hasEarlierMessages": has_more,
        "ticket": ticket.map(|ticket| inform::shown(&ticket, agent.as_deref(), now)),
        "window": {
            "isOpen": !has_window || expires_at.is_some_and(|at| now < at),
            "expiresAt": expires_at.filter(|_| has_window),
        },
        "templates": usable.iter().map(UsableTemplate::from).collect::<Vec<_>>(),
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
    let text = message.content.text.as_deref();
    let end = text.and_then(|text| text.char_indices().nth(LONGEST)).map(|(end, _)| end);
    let mut body = json!({
        "from": from, "kind": message.content.kind, "sentAt": message.reference.sent_at, "delivery": delivery,
        "text": text.map(|text| end.map_or(text, |end| &text[..end])),
    });
    if end.is_some() {
        body["isCut"] = true.into();
    }
    let ContextShape { reply_to, referral, choice, .. } = ContextShape::of(message, references);
    if let Some(words) = reply_to.and_then(|answered| answered.text) {
        body["answers"] = glimpse(&words).into();
    }
    if let Some(referral) = referral {
        body["advertisement"] = json!(referral.headline.or(referral.body).or(referral.source_url));
    }
    if let Some(id) = choice.and_then(|choice| choice.id) {
        body["choice"] = id.into();
    }
    body
}
