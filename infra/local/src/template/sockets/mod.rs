//! A WebSocket API of API Gateway: its resources, put together to what the host serves.
//!
//! One API with one stage. Both spellings are read: the resources of `AWS::ApiGatewayV2`, and SAM's
//! `AWS::Serverless::WebSocketApi`, which SAM expands to them.

mod address;
mod assemble;
mod deployed;
mod permission;
mod properties;
mod selection;
mod serverless;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

pub(super) use address::at_home;

use super::{
    Function, Throttle,
    intrinsics::Problem,
    kinds::{Kind, SocketPart},
    resources::Declared,
};
use crate::template::TemplateError;

/// A WebSocket API and its one stage.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SocketApi {
    /// What `Ref` gives: the first part of the host name on AWS, the logical id here.
    pub(crate) id: String,
    /// The path that clients connect to, without its slash.
    pub(crate) stage: String,
    /// The members that lead to a message's route: `$request.body.action` is `["action"]`.
    pub(crate) selection: Vec<String>,
    /// By route key: `$connect`, `$disconnect`, `$default` or one of the template's own.
    pub(crate) routes: BTreeMap<String, SocketRoute>,
    /// Of `$connect`; API Gateway has none on another route.
    pub(crate) authorizer: Option<RequestAuthorizer>,
    /// Of every route that has none of its own.
    pub(crate) throttle: Option<Throttle>,
    /// By route key.
    pub(crate) route_throttles: BTreeMap<String, Throttle>,
}

/// What runs for a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SocketRoute {
    /// Name of the function.
    pub(crate) function: String,
    pub(crate) timeout: Duration,
    /// Whether the function's body goes back to the client: the route has a route response.
    pub(crate) answers: bool,
}

/// A function that decides who may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestAuthorizer {
    pub(crate) id: String,
    /// Name of the function.
    pub(crate) function: String,
    /// A request that lacks one of them is refused without asking the function.
    pub(crate) identity: Vec<IdentitySource>,
}

/// Where a client says who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IdentitySource {
    Header(String),
    Query(String),
}

/// Reads the API out of everything that the template has for one; `None` where it has nothing.
pub(super) fn read(parts: &[(Kind, Declared<'_>)], functions: &[Function]) -> Result<Option<SocketApi>, TemplateError> {
    let of = |wanted: Kind| parts.iter().filter(move |(kind, _)| *kind == wanted).map(|(_, here)| here);
    let permissions = permission::read(of(Kind::Permission), functions)?;
    let apis: Vec<_> = parts
        .iter()
        .filter(|(kind, _)| matches!(kind, Kind::Socket(SocketPart::Api) | Kind::ServerlessSockets))
        .collect();
    match apis.as_slice() {
        [] => match parts.iter().find(|(kind, _)| matches!(kind, Kind::Socket(_))) {
            Some((_, part)) => Err(Problem::new("the template has no WebSocket API for it").of(part.logical_id)),
            None => Ok(None),
        },
        [(Kind::ServerlessSockets, api)] => {
            if let Some((_, part)) = parts.iter().find(|(kind, _)| matches!(kind, Kind::Socket(_))) {
                let reason = format!("the local host reads the routes and the stage of {} there alone", api.logical_id);
                return Err(Problem::new(reason).of(part.logical_id));
            }
            serverless::read(api, functions).map(Some).map_err(|problem| problem.of(api.logical_id))
        }
        [(_, api)] => {
            let read = assemble::read(api, of, functions)?;
            permission::check(&read, &permissions).map_err(|problem| problem.of(api.logical_id))?;
            Ok(Some(read))
        }
        [_, (_, second), ..] => Err(Problem::new("the local host serves one WebSocket API").of(second.logical_id)),
    }
}

/// The function that API Gateway invokes at this URI.
fn function_of_uri<'a>(uri: &str, functions: &'a [Function]) -> Result<&'a Function, Problem> {
    let prefix = format!("arn:aws:apigateway:{}:lambda:path/2015-03-31/functions/", super::REGION);
    match uri.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix("/invocations")) {
        Some(arn) => function_of(arn, functions),
        None => Err(Problem::new(format!("{uri} is not {prefix}ARN/invocations"))),
    }
}

/// The function with this name or ARN.
fn function_of<'a>(arn: &str, functions: &'a [Function]) -> Result<&'a Function, Problem> {
    let prefix = format!("arn:aws:lambda:{}:{}:function:", super::REGION, super::ACCOUNT_ID);
    let name = arn.strip_prefix(&prefix).unwrap_or(arn);
    functions
        .iter()
        .find(|function| function.name == name)
        .ok_or_else(|| Problem::new(format!("{arn} is no function of the template")))
}
