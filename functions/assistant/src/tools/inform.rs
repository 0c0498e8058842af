//! `get_ticket_information`: one of the customer's own tickets. Somebody else's is as if it did not exist.

use domain::sla::Metric;
use domain::ticket::Ticket;
use jiff::Timestamp;
use runtime::dialects::s1;
use runtime::service::Service;
use runtime::{clock, desk};
use serde_json::{Map, Value, json};
use storage::Storage;

use super::{Failure, Output};
use crate::subject::Subject;
use crate::words::Trouble;

/// The longest name of a ticket that is told back.
const LONGEST: usize = 64;

/// The name of the ticket that is asked for: a string, or a number.
pub(super) fn read(arguments: &Map<String, Value>) -> Result<String, Failure> {
    let given = match arguments.get("ticketId") {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    if given.is_empty() {
        return Err(Failure::of("Missing required field: ticketId", Trouble::NoTicket));
    }
    Ok(given)
}

/// Tells of the ticket.
pub(super) async fn inform(
    storage: &Storage,
    service: &Service,
    subject: &Subject,
    wanted: &str,
) -> Result<Output, Failure> {
    let found = desk::find(storage, &service.org, wanted).await?;
    let Some(ticket) = found.filter(|ticket| subject.owns(ticket)) else {
        let name: String = wanted.chars().take(LONGEST).collect();
        let error = format!("Ticket {name} not found or does not belong to this customer");
        return Err(Failure::of(error, Trouble::NoTicket));
    };
    let agent = match &ticket.agent {
        Some(id) => storage.agent(&service.org, id).await?.map(|agent| agent.name),
        None => None,
    };
    Ok(Output::success(shown(&ticket, agent.as_deref(), clock::now())))
}

/// The ticket as S1 tells it. Agents have no address here, so `email` is always null.
pub(super) fn shown(ticket: &Ticket, agent: Option<&str>, now: Timestamp) -> Value {
    let millis = |duration: jiff::SignedDuration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let resolution = ticket.sla.clock(Metric::Resolution);
    let until = resolution.stopped_at.unwrap_or_else(|| ticket.sla.read_at(now));
    json!({
        "ticketId": ticket.number.year_form().to_string(),
        "status": s1::status(ticket.state),
        "priority": ticket.priority,
        "category": ticket.category,
        "title": ticket.title,
        "description": ticket.description.as_deref().unwrap_or(&ticket.title),
        "createdAt": ticket.created_at,
        "updatedAt": ticket.updated_at,
        "assignedAgent": ticket.agent.as_ref().map(|id| json!({ "name": agent.unwrap_or(id.as_str()), "email": null })),
        "sla": {
            "firstResponseMet": ticket.sla.met(Metric::FirstResponse, now),
            "resolutionTarget": millis(Metric::Resolution.target(ticket.priority)),
            "timeRemaining": millis(resolution.due_at.duration_since(until)),
        },
    })
}
