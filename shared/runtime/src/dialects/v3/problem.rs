//! How a problem looks, for the API's description alone: what is sent is made in the module above.

#![expect(dead_code, reason = "shapes for the description")]

use utoipa::{IntoResponses, ToSchema};

/// A problem (RFC 9457).
#[derive(ToSchema)]
pub struct ProblemBody {
    /// Always `about:blank`: `code` tells problems apart.
    r#type: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong, in a sentence.
    detail: String,
    /// A stable name of the problem, such as `already_claimed`.
    code: String,
    /// The request, as the operator's logs name it.
    #[serde(rename = "requestId")]
    request_id: String,
    /// The field that is wrong.
    field: Option<String>,
    /// The ticket's version, where the request was about another or the ticket did not allow it.
    current_version: Option<u64>,
    /// Who holds the ticket, for those who may know.
    agent_id: Option<String>,
    /// With `window_closed`: when the window closed; absent where the contact never wrote.
    #[schema(value_type = Option<String>, format = DateTime)]
    window_expired_at: Option<String>,
    /// With `window_closed`: the templates that could be sent, first those that need nothing filled in.
    templates: Option<Vec<super::shapes::UsableTemplate>>,
}

/// What the gateway says in place of a function.
#[derive(ToSchema)]
pub struct GatewayMessage {
    /// The status in words, such as `Too Many Requests`.
    message: String,
}

/// The problems that every operation may meet.
#[derive(IntoResponses)]
pub enum Problems {
    /// The body is not JSON, or a header means nothing.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
    /// No token, or none that is good.
    #[response(status = 401)]
    Unauthorized(GatewayMessage),
    /// The caller may not do this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody),
    /// There is no such thing, or none that the caller may see.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemBody),
    /// The ticket does not allow it, or somebody was faster.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemBody),
    /// The ticket has another version than `If-Match` says.
    #[response(status = 412, content_type = "application/problem+json")]
    PreconditionFailed(ProblemBody),
    /// A field is wrong, or the idempotency key was used for another request.
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(ProblemBody),
    /// Too many of these: of one organization's, and `Retry-After` says when it may be tried again; or of all, and the gateway says so.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(ProblemBody),
    /// The same request may succeed in a moment.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody),
}

/// The problems that an operation may meet which asks for a service key.
#[derive(IntoResponses)]
pub enum KeyProblems {
    /// The body is not JSON.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemBody),
    /// No service key, or none that is worth something.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemBody),
    /// A field is wrong.
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(ProblemBody),
    /// The same request may succeed in a moment.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody),
}
