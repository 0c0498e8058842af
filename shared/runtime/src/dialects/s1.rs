//! Seed S1: `/api/v2/tickets`, in an envelope `{success, data}`, with S1's own error texts.

use domain::event::{Actor, Happening, HistoryRow};
use domain::media::MediaType;
use domain::note::Note;
use domain::sla::{Clock, Metric};
use domain::ticket::{Ticket, TicketState};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use storage::Statistics;

use super::s0::by_status;
use super::{Dialect, Part, Story, TicketView};
use crate::Problem;

/// The dialect.
#[derive(Debug)]
pub struct S1;

impl Dialect for S1 {
    fn name(&self) -> &'static str {
        "s1"
    }

    fn has(&self, path: &str) -> bool {
        path.starts_with("/api/v2/")
    }

    fn status(&self, ticket: &Ticket) -> &'static str {
        status(ticket.state)
    }

    fn statuses(&self) -> &'static [&'static str] {
        &["new", "open", "in_progress", "pending_customer", "resolved", "closed", "cancelled", "reopened"]
    }

    fn written(&self, name: &str) -> Option<TicketState> {
        // A name may stand for several states, as `in_progress` does for `assigned`: the plain one is meant.
        TicketState::parse(name).filter(|state| status(*state) == name)
    }

    fn ticket(&self, view: &TicketView, now: Timestamp) -> Value {
        one(ticket(view, now))
    }

    fn one(&self, view: &TicketView, now: Timestamp) -> Value {
        one(populated(view, now))
    }

    fn told(&self, view: &TicketView, story: &Story, now: Timestamp) -> Value {
        let mut data = populated(view, now);
        data["statusHistory"] = status_history(&view.ticket, story);
        data["assignmentHistory"] = assignment_history(&story.rows);
        set_noted(&mut data, story);
        set_told_before(&mut data, story);
        one(data)
    }

    fn changed(&self, view: &TicketView, story: &Story, now: Timestamp) -> Value {
        let mut data = ticket(view, now);
        if !story.rows.is_empty() {
            data["statusHistory"] = status_history(&view.ticket, story);
        }
        if !story.notes.is_empty() {
            set_noted(&mut data, story);
        }
        set_told_before(&mut data, story);
        one(data)
    }

    fn page(&self, part: &Part<'_>, now: Timestamp) -> Value {
        let pages = part.total.div_ceil(part.limit.max(1));
        let mut body = self.all(part.views, now);
        body["pagination"] = json!({"page": part.page, "limit": part.limit, "total": part.total, "pages": pages});
        body
    }

    fn all(&self, views: &[TicketView], now: Timestamp) -> Value {
        let data: Vec<Value> = views.iter().map(|view| populated(view, now)).collect();
        json!({"success": true, "count": data.len(), "data": data})
    }

    fn statistics(&self, counts: &Statistics) -> Value {
        let of = |name: &str| by_status(counts, status).get(name).copied().unwrap_or(0);
        one(json!({
            "total": counts.total, "new": of("new"), "open": of("open"), "inProgress": of("in_progress"),
            "pendingCustomer": of("pending_customer"), "resolved": of("resolved"), "closed": of("closed"),
            "cancelled": of("cancelled"), "reopened": of("reopened"), "byPriority": counts.by_priority,
            "avgFirstResponseTime": counts.figures.mean_answer_ms(),
            "avgResolutionTime": counts.figures.mean_resolution_ms(),
            "slaBreaches": counts.figures.late,
        }))
    }

    fn refusal(&self, problem: &Problem) -> (StatusCode, Value) {
        (problem.status(), json!({"success": false, "error": problem.to_string()}))
    }
}

/// S1 shows the id that it keeps, unless the organization writes its numbers in its own way.
fn display_id(ticket: &Ticket) -> String {
    let id = || ticket.number.year_form().to_string();
    ticket.details.pattern.as_ref().map_or_else(id, |pattern| pattern.write(&ticket.number))
}

/// The name of a state (docs/requirements.md, status dialects).
pub fn status(state: TicketState) -> &'static str {
    match state {
        TicketState::Assigned | TicketState::Escalated => TicketState::InProgress.as_str(),
        other => other.as_str(),
    }
}

/// S1's text for a step that the life cycle does not have.
pub fn invalid_transition(from: TicketState, to: &str) -> String {
    let mut valid: Vec<&str> =
        from.next().iter().map(|state| status(*state)).filter(|name| *name != status(from)).collect();
    valid.dedup();
    let valid = if valid.is_empty() { "none".to_owned() } else { valid.join(", ") };
    format!("Invalid transition from {} to {to}. Valid transitions: {valid}", status(from))
}

/// A ticket with agent and customer as ids, as S1 answers commands.
fn ticket(view: &TicketView, now: Timestamp) -> Value {
    let ticket = &view.ticket;
    json!({
        "_id": ticket.id,
        "ticketId": ticket.number.year_form().to_string(),
        "displayId": display_id(ticket),
        "ticketNumber": ticket.number.number,
        "title": ticket.title,
        "description": ticket.description.as_deref().unwrap_or(&ticket.title),
        "customerId": ticket.contact,
        "conversationId": ticket.conversation,
        "assignedAgent": ticket.agent,
        "status": status(ticket.state),
        "canonicalStatus": ticket.state,
        "escalated": ticket.state == TicketState::Escalated,
        "priority": ticket.priority,
        "category": ticket.category,
        "subcategory": ticket.details.subcategory,
        "tags": ticket.details.tags,
        "source": ticket.source,
        "aiGenerated": ticket.source == domain::ticket::Source::Ai,
        "channel": "whatsapp",
        "queueId": ticket.queue,
        "sla": sla(ticket, now),
        "firstResponseAt": ticket.first_response_at,
        "firstResponseTime": ticket.first_response_at.map(|at| millis(ticket.sla.opened_at, at)),
        "resolutionTime": ticket.resolved_at.map(|at| millis(ticket.sla.opened_at, at)),
        "customerWaitTime": ticket.sla.stood_ms(now),
        "internalNotes": [],
        "relatedTickets": ticket.details.related,
        "mergedInto": ticket.details.merged_into,
        "resolutionNotes": ticket.details.resolution,
        "attachments": [],
        "assignedAt": ticket.assigned_at,
        "resolvedAt": ticket.resolved_at,
        "closedAt": ticket.closed_at,
        "reopenCount": ticket.reopen_count,
        "windowExpiresAt": view.window_expires_at(),
        "unreadCount": view.unread(),
        "createdAt": ticket.created_at,
        "updatedAt": ticket.updated_at,
    })
}

/// A ticket with agent, customer and conversation filled in, as S1 answers reads.
fn populated(view: &TicketView, now: Timestamp) -> Value {
    let mut body = ticket(view, now);
    if let Some(agent) = &view.ticket.agent {
        let name = view.agent_name.as_deref().unwrap_or(agent.as_str());
        let (first, last) = name.split_once(' ').unwrap_or((name, ""));
        body["assignedAgent"] = json!({"_id": agent, "firstName": first, "lastName": last, "name": name});
    }
    let (first, last) = view.contact_name().map(|name| name.split_once(' ').unwrap_or((name, ""))).unzip();
    body["customerId"] =
        json!({"_id": view.ticket.contact, "phoneNumber": view.phone(), "firstName": first, "lastName": last});
    body
}

/// Says what of the story is left out, and how it is asked for. A story that is told whole says nothing.
fn set_told_before(data: &mut Value, story: &Story) {
    if let Some(version) = story.history_before {
        (data["hasMoreHistory"], data["historyBefore"]) = (true.into(), version.into());
    }
    if let Some(note) = &story.notes_before {
        (data["hasMoreNotes"], data["notesBefore"]) = (true.into(), note.as_str().into());
    }
}

/// The changes of state, from the creation on.
fn status_history(ticket: &Ticket, story: &Story) -> Value {
    let rows = &story.rows;
    let first = rows.iter().find(|row| row.from != row.to).map_or(ticket.state, |row| row.from);
    let by = match ticket.source {
        domain::ticket::Source::Customer => "Customer",
        domain::ticket::Source::Agent => "Agent",
        domain::ticket::Source::Ai => "System",
    };
    let creation = json!({
        "from": null, "to": status(first), "changedBy": null, "changedByType": by, "reason": "Ticket created",
        "timestamp": ticket.created_at, "automated": by != "Agent",
    });
    let spans = |row: &&HistoryRow| {
        row.happening.spans_states()
            && (row.from != row.to || !matches!(row.happening, Happening::TicketTransferred { .. }))
    };
    let row = |row: &HistoryRow| {
        let (by, kind) = match &row.actor {
            Actor::Agent(agent) => (Some(agent.as_str()), "Agent"),
            Actor::Customer => (None, "Customer"),
            Actor::System => (None, "System"),
        };
        json!({
            "from": status(row.from), "to": status(row.to), "changedBy": by, "changedByType": kind,
            "reason": row.reason, "timestamp": row.at, "automated": kind != "Agent",
        })
    };
    let creation = story.history_before.is_none().then_some(creation);
    creation.into_iter().chain(rows.iter().filter(spans).map(row)).collect()
}

/// Who had the ticket, from when until when.
fn assignment_history(rows: &[HistoryRow]) -> Value {
    let mut assignments: Vec<Value> = Vec::new();
    for row in rows {
        let ends = match &row.happening {
            Happening::TicketAssigned { .. } | Happening::TicketUnassigned { .. } => true,
            _ => row.to == TicketState::Reopened && row.from != row.to,
        };
        if let (true, Some(last)) = (ends, assignments.last_mut())
            && last["releasedAt"].is_null()
        {
            last["releasedAt"] = json!(row.at);
        }
        if let Happening::TicketAssigned { agent } = &row.happening {
            assignments.push(json!({
                "agent": agent, "assignedAt": row.at, "releasedAt": null, "reason": row.reason,
            }));
        }
    }
    Value::Array(assignments)
}

/// A note.
fn note(note: &Note) -> Value {
    json!({ "agent": note.agent, "content": note.text, "timestamp": note.at, "isVisible": note.visible })
}

/// Puts what was noted beside a ticket into it.
fn set_noted(data: &mut Value, story: &Story) {
    data["internalNotes"] = story.notes.iter().map(note).collect();
    data["attachments"] = attachments(story);
}

/// The files of its notes, without a link where nobody has made one.
fn attachments(story: &Story) -> Value {
    let attached = |note: &Note| {
        let file = note.attachment.as_ref()?;
        Some(json!({
            "_id": note.id,
            "url": story.links.get(&note.id),
            "type": attachment_type(&file.media_type),
            "filename": file.name,
            "size": file.size,
            "uploadedBy": note.agent,
            "uploadedByType": "Agent",
            "uploadedAt": note.at,
        }))
    };
    story.notes.iter().filter_map(attached).collect()
}

fn attachment_type(media_type: &MediaType) -> &'static str {
    match media_type.as_str().split('/').next() {
        Some("image") => "image",
        Some("video") => "video",
        Some("audio") => "audio",
        _ => "document",
    }
}

/// One ticket in its envelope.
#[expect(clippy::needless_pass_by_value, reason = "the value goes into the envelope")]
fn one(data: Value) -> Value {
    json!({"success": true, "data": data})
}

fn sla(ticket: &Ticket, now: Timestamp) -> Value {
    let clock = |metric: Metric| -> (Clock, i64) {
        (ticket.sla.clock(metric), i64::try_from(metric.target(ticket.priority).as_millis()).unwrap_or(i64::MAX))
    };
    let (first, first_target) = clock(Metric::FirstResponse);
    let (resolution, resolution_target) = clock(Metric::Resolution);
    json!({
        "firstResponseAt": ticket.first_response_at,
        "firstResponseTarget": first_target,
        "firstResponseDueAt": first.due_at,
        "firstResponseMet": ticket.sla.met(Metric::FirstResponse, now),
        "firstResponseBreachAt": first.breached_at,
        "resolutionTarget": resolution_target,
        "resolutionDueAt": resolution.due_at,
        "resolutionMet": ticket.sla.met(Metric::Resolution, now),
        "resolutionBreachAt": resolution.breached_at,
        "pausedAt": ticket.sla.paused_at,
        "breachAlertSent": first.breached_at.is_some() || resolution.breached_at.is_some(),
    })
}

fn millis(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millisecond() - from.as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_step_names_the_valid_ones_in_this_dialect() {
        let check = |from: TicketState, to: &str, expected: &str| assert_eq!(invalid_transition(from, to), expected);
        check(TicketState::New, "closed", "Invalid transition from new to closed. Valid transitions: open, cancelled");
        check(
            TicketState::Assigned,
            "closed",
            "Invalid transition from in_progress to closed. Valid transitions: pending_customer, resolved, cancelled",
        );
        check(TicketState::Cancelled, "open", "Invalid transition from cancelled to open. Valid transitions: none");
    }
}
