//! The two little languages of a WebSocket API: which member of a message names its route, and where a client says who it
//! is.

use super::IdentitySource;
use crate::template::intrinsics::Problem;

/// The members of `$request.body.a.b` or `${request.body.a.b}`.
///
/// Other expressions, such as several variables in one text, are refused.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html>.
pub(super) fn members(expression: &str) -> Result<Vec<String>, Problem> {
    let inner = expression.strip_prefix('$').unwrap_or_default();
    let inner = inner.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(inner);
    let members: Vec<_> = inner.strip_prefix("request.body.").unwrap_or_default().split('.').collect();
    let plain = |member: &&str| {
        !member.is_empty() && member.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    if members.iter().all(plain) {
        return Ok(members.into_iter().map(ToOwned::to_owned).collect());
    }
    let reason = format!("the local host selects routes by $request.body.NAME, not by {expression}");
    Err(Problem::new(reason).under("RouteSelectionExpression"))
}

/// `route.request.header.NAME` and `route.request.querystring.NAME`.
pub(super) fn identity_source(text: &str) -> Result<IdentitySource, Problem> {
    let named = |prefix: &str| text.strip_prefix(prefix).filter(|name| !name.is_empty()).map(ToOwned::to_owned);
    if let Some(name) = named("route.request.header.") {
        Ok(IdentitySource::Header(name))
    } else if let Some(name) = named("route.request.querystring.") {
        Ok(IdentitySource::Query(name))
    } else {
        let reason = format!("the local host knows headers and the query string, not {text}");
        Err(Problem::new(reason).under("IdentitySource"))
    }
}
