//! How the HTTP API spells a ticket: one module a dialect, chosen by the route, or by `X-Api-Dialect` (docs/requirements.md C1, C5, C6).
//!
//! A dialect renders and parses; it decides nothing. Adding one is its module and its line in `DIALECTS`: handlers ask for the
//! one that is `spoken`.

use std::fmt;

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::ticket::{Ticket, TicketState};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use storage::{Answer, Statistics};

use crate::{Problem, clock, invocation};

mod references;
pub mod s0;
pub mod s1;
pub mod s2;
pub mod s4;
pub mod templates;
pub mod v3;
mod view;

pub use references::References;
pub use view::{Part, Story, TicketView};

/// All dialects. A route belongs to the first that has it; the last has what is left.
const DIALECTS: [&dyn Dialect; 4] = [&s1::S1, &s2::S2, &s0::S0, &s4::S4];

/// How one system spells what all of them mean.
pub trait Dialect: fmt::Debug + Sync {
    /// Its name in `X-Api-Dialect`.
    fn name(&self) -> &'static str;

    /// Whether a path is one of its own.
    fn has(&self, path: &str) -> bool;

    /// The name of a ticket's state (docs/requirements.md, status dialects).
    fn status(&self, ticket: &Ticket) -> &'static str;

    /// Every name that a state may have.
    fn statuses(&self) -> &'static [&'static str];

    /// The state that a name means when it is written. `None` for no name of this dialect.
    fn written(&self, status: &str) -> Option<TicketState>;

    /// A ticket, as one of many and as the answer to a command.
    fn ticket(&self, view: &TicketView, now: Timestamp) -> Value;

    /// A ticket that was asked for alone.
    fn one(&self, view: &TicketView, now: Timestamp) -> Value {
        self.ticket(view, now)
    }

    /// A ticket with what happened to it and what was noted beside it.
    fn told(&self, view: &TicketView, _story: &Story, now: Timestamp) -> Value {
        self.one(view, now)
    }

    /// A ticket as the answer to a command that added to its story; `story` holds what the command is about.
    fn changed(&self, view: &TicketView, _story: &Story, now: Timestamp) -> Value {
        self.ticket(view, now)
    }

    /// A part of a list that has pages.
    fn page(&self, part: &Part<'_>, now: Timestamp) -> Value;

    /// All of a list that has none.
    fn all(&self, views: &[TicketView], now: Timestamp) -> Value {
        let count = views.len() as u64;
        self.page(&Part { views, page: 1, limit: count, total: count, has_more: false }, now)
    }

    /// How many tickets there are.
    fn statistics(&self, statistics: &Statistics) -> Value;

    /// What is wrong, and the status that tells it.
    fn refusal(&self, problem: &Problem) -> (StatusCode, Value);
}

/// The names by which a filter may ask for states, for the sentence that refuses any other.
pub fn status_names(dialect: &dyn Dialect) -> String {
    dialect.statuses().join(", ")
}

/// The dialect that the caller asks for, or the route's own. Errors: `InvalidInput` for a name that no dialect has.
pub(crate) fn chosen(path: &str, asked: Option<&str>) -> Result<&'static dyn Dialect, Problem> {
    let Some(name) = asked.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(of_route(path)) };
    // S2 and S3 are one code base and one dialect.
    let name = if name.eq_ignore_ascii_case("s3") { "s2" } else { name };
    DIALECTS.into_iter().find(|dialect| dialect.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
        let names = DIALECTS.map(Dialect::name).join(", ");
        Problem::InvalidInput { field: "X-Api-Dialect", reason: format!("X-Api-Dialect must be one of {names}") }
    })
}

/// The dialect that a route has of itself.
pub(crate) fn of_route(path: &str) -> &'static dyn Dialect {
    DIALECTS.into_iter().find(|dialect| dialect.has(path)).unwrap_or(&s4::S4)
}

/// The dialect of the request that is being answered.
pub fn spoken() -> &'static dyn Dialect {
    invocation::dialect().unwrap_or(&s4::S4)
}

/// How the request that is being answered is told of a ticket that was made or changed.
pub fn told(status: u16) -> impl Fn(&TicketView) -> Answer + Copy + Sync {
    let now = clock::now();
    move |view| Answer { status, body: spoken().ticket(view, now).to_string(), version: None }
}

/// A problem, told in the dialect of the request.
#[derive(Debug)]
pub struct Refused(pub Problem);

impl<T: Into<Problem>> From<T> for Refused {
    fn from(problem: T) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, body) = spoken().refusal(&self.0);
        refusal(&self.0, status, body)
    }
}

/// An error answer: `body` with the problem's stable code and the request's id, which every dialect carries.
fn refusal(problem: &Problem, status: StatusCode, mut body: Value) -> Response {
    problem.log();
    body["code"] = problem.code().into();
    body["requestId"] = invocation::request_id().into();
    if let Problem::InvalidInput { field, .. } = problem
        && body.get("field").is_none()
    {
        body["field"] = (*field).into();
    }
    if let Problem::Conflict { holder: Some(holder), .. } = problem {
        body["assignedAgent"] = holder.as_str().into();
        body["agent_id"] = holder.as_str().into();
    }
    if let Problem::WindowClosed { at, templates } = problem {
        body["windowExpiredAt"] = json!(at);
        body["window_expired_at"] = json!(at);
        body["templates"] = templates.iter().map(templates::usable).collect();
    }
    let mut response = (status, Json(body)).into_response();
    if matches!(problem, Problem::Unauthenticated) {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let retry_after = match problem {
        Problem::Unavailable { .. } => Some(1),
        Problem::RateLimited { retry_after_secs, .. } => Some(*retry_after_secs),
        _ => None,
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A problem found before a handler ran, in the dialect of the request.
pub(crate) fn render(path: &str, problem: Problem) -> Response {
    if path.starts_with("/v3/") { v3::Refused::from(problem).into_response() } else { Refused(problem).into_response() }
}

/// The answer to an unknown route: reached only where the template and a function disagree.
#[expect(clippy::unused_async, reason = "a router's fallback is an async function")]
pub async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"message": "Not Found"}))).into_response()
}

#[cfg(test)]
mod golden;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_has_one_dialect_and_the_header_overrides_it() {
        let check = |path: &str, asked: Option<&str>, expected: &str| {
            assert_eq!(chosen(path, asked).unwrap().name(), expected, "{path} {asked:?}");
        };
        check("/api/tickets", None, "s0");
        check("/api/tickets/stats", None, "s0");
        check("/api/tickets/297", None, "s0");
        check("/api/tickets/queue", None, "s4");
        check("/api/tickets/my-tickets", None, "s4");
        check("/api/tickets/all", None, "s4");
        check("/api/tickets/297/claim", None, "s4");
        check("/api/tickets/297/messages", None, "s4");
        check("/api/connections/comercial", None, "s4");
        check("/api/v2/tickets/297/status", None, "s1");
        check("/tickets", None, "s2");
        check("/tickets/297", None, "s2");
        check("/messages/297", None, "s2");
        check("/tickets", Some("S0"), "s0");
        check("/api/tickets/297", Some("s3"), "s2");
        check("/api/tickets/297", Some(""), "s0");
        assert!(matches!(chosen("/tickets", Some("s9")), Err(Problem::InvalidInput { field: "X-Api-Dialect", .. })));
    }

    #[test]
    fn every_state_has_a_name_of_its_dialect_and_every_name_can_be_written() {
        for dialect in DIALECTS {
            for state in TicketState::ALL {
                let ticket = Ticket { state, ..golden::ticket() };
                assert!(dialect.statuses().contains(&dialect.status(&ticket)), "{dialect:?} {state:?}");
            }
            for name in dialect.statuses() {
                let written = dialect.written(name).unwrap_or_else(|| panic!("{dialect:?} cannot write {name}"));
                assert_eq!(dialect.status(&Ticket { state: written, ..golden::ticket() }), *name, "{dialect:?}");
            }
            assert_eq!(dialect.written("no such state"), None);
        }
    }

    #[test]
    fn what_a_dialect_says_is_what_it_said_before() {
        for dialect in DIALECTS {
            insta::assert_json_snapshot!(dialect.name(), golden::everything(dialect));
        }
    }
}
