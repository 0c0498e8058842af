//! `create_ticket_report`: the customer's trouble becomes a ticket, or gives its words to the one that its message made
//! (docs/requirements.md C11).

use domain::ids::TicketId;
use domain::ingest::one_line;
use domain::number::TicketNumber;
use domain::organization::Organization;
use domain::sla::Sla;
use domain::ticket::{Category, Details, Priority, Report, Source, Ticket, TicketState};
use jiff::Timestamp;
use runtime::dialects::s1;
use runtime::service::Service;
use runtime::{Problem, clock};
use serde_json::{Map, Value, json};
use storage::{Answer, Beside, ChangeError, Known, Once, Storage};

use super::{Failure, Output, text};
use crate::subject::Subject;
use crate::words::Trouble;

/// The longest title, in characters.
pub(super) const LONGEST_TITLE: usize = 200;
/// The longest description, in characters.
pub(super) const LONGEST_DESCRIPTION: usize = 5000;
/// How often it is decided again after somebody else changed the ticket.
const TRIES: u32 = 4;

/// Reads what a model reports: any length up to the longest, and a title where it gives none (docs/requirements.md C19). Errors in S1's
/// words where S1 has words.
pub(super) fn read(arguments: &Map<String, Value>) -> Result<Report, Failure> {
    let title = text(arguments, "title", LONGEST_TITLE)?;
    let description = text(arguments, "description", LONGEST_DESCRIPTION)?;
    let missing = || Failure::of("Missing required fields: title and description", Trouble::MissingFields);
    let description = description.ok_or_else(missing)?;
    let category = match text(arguments, "category", 100)? {
        None => Category::default(),
        Some(name) => Category::parse(&name.to_ascii_lowercase())
            .ok_or_else(|| one_of("category", &Category::ALL.map(Category::as_str)))?,
    };
    let priority = text(arguments, "priority", 100)?;
    let priority = priority
        .map(|name| Priority::parse(&name).ok_or_else(|| one_of("priority", &Priority::ALL.map(Priority::as_str))));
    Ok(Report {
        title: title.unwrap_or_else(|| one_line(&description)),
        description,
        category,
        priority: priority.transpose()?,
    })
}

fn one_of(name: &str, all: &[&str]) -> Failure {
    Failure::of(format!("{name} must be one of {}", all.join(", ")), Trouble::Other)
}

/// Makes the ticket, or enriches the conversation's own. A call that was carried out before is told what it was told then.
pub(super) async fn create(
    storage: &Storage,
    service: &Service,
    subject: &Subject,
    report: &Report,
    once: Option<Once>,
) -> Result<Output, Failure> {
    for _ in 0..TRIES {
        if let Some(once) = &once
            && let Some(Known::Answered(answer)) = storage.answered(&service.org, once).await?
        {
            let told = serde_json::from_str(&answer.body).unwrap_or_default();
            return Ok(Output(told));
        }
        let answer = |ticket: &Ticket| Answer { status: 200, body: told(ticket).text(), version: None };
        let beside = once.as_ref().map(|once| (once, &answer as storage::MakeAnswer<'_>));
        let now = clock::now();
        let made = if let Some(ticket) = placeholder(storage, subject).await? {
            let change = ticket.reported(report, service.id.as_str(), now);
            storage.carry_out_command(&change, Beside { note: None, once: beside }).await.map(Some)
        } else {
            let (ticket, year) = ticket(storage, service, subject, report, now).await?;
            storage.open_by_hand(&ticket, &[], year, beside).await
        };
        match made {
            Ok(Some(ticket)) => return Ok(told(&ticket)),
            Ok(None) | Err(ChangeError::Stale | ChangeError::Repeated) => {}
            Err(error) => return Err(Problem::from(error).into()),
        }
    }
    Err(Problem::from(ChangeError::Stale).into())
}

fn told(ticket: &Ticket) -> Output {
    let id = ticket.number.year_form().to_string();
    Output::success(json!({
        "ticketId": id,
        "message": format!("Ticket {id} created successfully"),
        "status": s1::status(ticket.state),
        "priority": ticket.priority,
    }))
}

/// The conversation's active ticket, if it is still as a message made it.
async fn placeholder(storage: &Storage, subject: &Subject) -> Result<Option<Ticket>, Failure> {
    let org = &subject.connection.org;
    let Some(conversation) = storage.conversation_begun(org, &subject.conversation.id).await? else { return Ok(None) };
    // A ticket that was just made may not be linked yet.
    let id = conversation.slot.unwrap_or_else(|| TicketId::of(&conversation.id, conversation.generation));
    let Some(ticket) = storage.ticket(org, &id).await? else { return Ok(None) };
    let rows = if ticket.version > 1 { storage.history(org, &ticket.id).await? } else { Vec::new() };
    Ok(Some(ticket).filter(|ticket| ticket.is_placeholder(&rows)))
}

/// A ticket that waits for the team of the conversation, without its number, and the year that it is numbered in.
async fn ticket(
    storage: &Storage,
    service: &Service,
    subject: &Subject,
    report: &Report,
    now: Timestamp,
) -> Result<(Ticket, i16), Failure> {
    let organization = storage.organization(&service.org).await?;
    let (year, pattern) = Organization::numbering(organization.as_ref(), now);
    let priority = report.priority.unwrap_or_default();
    let ticket = Ticket {
        id: TicketId::generate(now, runtime::ids::random()),
        org: service.org.clone(),
        number: TicketNumber { number: 0, year: 0, year_seq: 0 },
        state: TicketState::New,
        priority,
        category: report.category,
        title: report.title.clone(),
        description: Some(report.description.clone()),
        source: Source::Ai,
        contact: subject.contact.id.clone(),
        conversation: Some(subject.conversation.id.clone()),
        connection: Some(subject.connection.id.clone()),
        queue: subject.connection.queue.clone(),
        agent: None,
        is_group: subject.contact.is_group,
        generation: None,
        previous: None,
        created_at: now,
        updated_at: now,
        assigned_at: None,
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        reopen_count: 0,
        details: Details { pattern, ..Details::default() },
        sla: Sla::starting(now, priority),
        version: 1,
    };
    Ok((ticket, year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_report_is_told_to_the_model() {
        let check = |arguments: Value, error: &str| {
            let failure = read(arguments.as_object().unwrap()).unwrap_err();
            assert_eq!(failure.error, error, "{arguments}");
        };
        let missing = "Missing required fields: title and description";
        check(json!({}), missing);
        check(json!({ "title": "Pedido" }), missing);
        check(json!({ "title": "Pedido", "description": "  " }), missing);
        check(json!({ "title": 5, "description": "x" }), "title must be a string");
        check(json!({ "title": "x".repeat(201), "description": "x" }), "title must have at most 200 characters");
        check(
            json!({ "title": "x", "description": "x", "category": "refund" }),
            "category must be one of support, technical, billing, sales, complaint, feature_request, account, other",
        );
        check(
            json!({ "title": "x", "description": "x", "priority": "now" }),
            "priority must be one of low, medium, high, urgent",
        );
    }

    #[test]
    fn a_short_report_is_enough_and_gets_a_title() {
        let read = |arguments: Value| read(arguments.as_object().unwrap()).unwrap();
        let short = read(json!({ "title": "Oi", "description": "x", "category": "Billing", "priority": "HIGH" }));
        assert_eq!((short.category, short.priority), (Category::Billing, Some(Priority::High)));
        let untitled = read(json!({ "description": "Não\nchegou", "surprise": 1 }));
        assert_eq!((untitled.title.as_str(), untitled.category), ("Não chegou", Category::Support));
    }
}
