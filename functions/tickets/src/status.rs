//! `PUT /api/v2/tickets/{id}/status`: an agent moves a ticket through its life (S1).

use axum::Json;
use axum::extract::{Path, State};
use domain::access::{self, Denied};
use domain::ticket::{Refusal, TicketState};
use runtime::body::JsonBody;
use runtime::dialects::s1;
use runtime::identity::Caller;
use runtime::{Problem, clock};
use serde_json::{Value, json};
use storage::{ChangeError, Storage};

use crate::lookup::{view, visible};

/// How often a change is decided again after somebody else changed the ticket.
const TRIES: u32 = 4;

/// Moves the ticket. The body is `{status, reason?}` with the status in S1's words.
pub(crate) async fn change(
    State(storage): State<Storage>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, s1::Refused> {
    let text = |field: &str| body.get(field).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let invalid = |field, reason: String| Problem::InvalidInput { field, reason };
    let status = text("status").ok_or_else(|| invalid("status", "status is required".to_owned()))?;
    let named = s1::states(status).ok_or_else(|| invalid("status", format!("Invalid status: {status}")))?;
    let reason = text("reason");
    if reason.is_some_and(|reason| reason.chars().count() > 2000) {
        return Err(invalid("reason", "reason must have at most 2000 characters".to_owned()).into());
    }
    for _ in 0..TRIES {
        let (ticket, agent) = visible(&storage, &caller, &id).await?;
        match access::may_answer(&agent, &ticket) {
            Ok(()) | Err(Denied::NotClaimed) => {}
            Err(denied @ Denied::NotYours) => return Err(Problem::Forbidden { reason: denied.to_string() }.into()),
        }
        // A name may stand for several states, as `in_progress` does for `assigned`: the plain one is meant.
        let to = TicketState::parse(status).unwrap_or(named[0]);
        let change = ticket.moved_to(to, &agent.id, reason, clock::now()).map_err(|refusal| match refusal {
            Refusal::IllegalTransition { from, .. } => invalid("status", s1::invalid_transition(from, status)),
            other => Problem::Conflict { code: "not_possible", reason: other.to_string(), holder: None },
        })?;
        match storage.change_ticket(&change).await {
            Ok(after) => {
                let rows = storage.history(&caller.org, &after.id).await?;
                let history = s1::status_history(&after, &rows);
                let mut data = s1::ticket(&view(&storage, after).await?, clock::now());
                data["statusHistory"] = json!(history);
                return Ok(Json(s1::one(data)));
            }
            Err(ChangeError::Stale) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ChangeError::Stale.into())
}
