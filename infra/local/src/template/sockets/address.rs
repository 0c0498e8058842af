//! Where a WebSocket API is: the one address of a template that two places spell differently.

use serde_json::{Map, Value};

use crate::template::{
    Locals, REGION,
    intrinsics::Problem,
    kinds::{Kind, SocketPart, kind_of},
};

/// The text with the API's address on AWS replaced by the host's own: that of `@connections` for `https`, that of the
/// clients for `wss`. What follows, the stage, is the same in both places.
///
/// Errors: the name without a scheme, which would lead a function to AWS.
pub(in crate::template) fn at_home(
    mut text: String,
    resources: &Map<String, Value>,
    locals: &Locals,
) -> Result<String, Problem> {
    if !text.contains(".execute-api.") {
        return Ok(text);
    }
    for (id, resource) in resources {
        if !matches!(kind_of(resource), Ok(Kind::Socket(SocketPart::Api) | Kind::ServerlessSockets)) {
            continue;
        }
        let domain = format!("{id}.execute-api.{REGION}.amazonaws.com");
        text = text.replace(&format!("https://{domain}"), &locals.aws_url);
        text = text.replace(&format!("wss://{domain}"), &locals.sockets_url);
        if text.contains(&domain) {
            return Err(Problem::new(format!("write {domain} with https:// or wss://, which the host replaces")));
        }
    }
    Ok(text)
}
