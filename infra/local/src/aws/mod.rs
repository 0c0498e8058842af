//! The one endpoint of the AWS services that the host stands in for: DynamoDB with its streams, SQS, S3, Secrets Manager,
//! Lambda Invoke and `@connections` of the WebSocket API. It identifies the caller, judges the call by the caller's role,
//! and hands it to the service.
//!
//! Must never let a call through unjudged, and never log a body.

pub(crate) mod actions;
mod answer;
pub(crate) mod caller;
mod conditions;
mod connections;
pub(crate) mod counts;
mod direct;
mod disk;
mod invoke;
pub(crate) mod leading_keys;
mod partiql;
pub(crate) mod pattern;
pub(crate) mod permissions;
pub(crate) mod stream_records;
pub(crate) mod table;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

use crate::door::{self, Limits};
use crate::faults::{self, Faults, Target};
use crate::lambda::Lambda;
use crate::objects::{self, Objects};
use crate::secrets::Secrets;
use crate::sockets::Sockets;
use crate::sqs::Queues;
use crate::status::{self, Collector};
use crate::template::Function;
use actions::{function_arn, of_queue, of_table};
use caller::{Caller, Callers};
use counts::Counts;
use leading_keys::PartitionKeys;
use permissions::{Call, Roles};
use table::TableEngine;

/// DynamoDB's limit of a request, the largest of the services here.
const BODY_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// Functions keep their connections for a minute and a half, and let go of them first.
const DOOR: Limits = Limits { head: Duration::from_mins(2), connections: 4096, of_one_peer: 4096 };

/// Where the operator sees which processes of the functions run: this host's own, no service of AWS.
const FUNCTIONS_PATH: &str = "/_turno/functions";
/// Where the operator sees how often each part of each statement was needed.
const PERMISSIONS_PATH: &str = "/_turno/permissions";
/// Where the operator sees how many calls were made, as a bill would list them.
const REQUESTS_PATH: &str = "/_turno/requests";

/// The services and those who may call them.
pub(crate) struct Endpoint {
    pub(crate) callers: Callers,
    pub(crate) table: TableEngine,
    pub(crate) queues: Queues,
    pub(crate) secrets: Secrets,
    pub(crate) lambda: Arc<Lambda>,
    pub(crate) functions: Vec<Function>,
    pub(crate) keys: PartitionKeys,
    pub(crate) faults: Faults,
    pub(crate) roles: Roles,
    pub(crate) status: Collector,
    pub(crate) counts: Arc<Counts>,
    pub(crate) objects: Objects,
    /// `None` when the template has no WebSocket API.
    pub(crate) sockets: Option<Arc<Sockets>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretRequest {
    secret_id: String,
}

/// Serves until `shutdown` resolves, then finishes the requests it has accepted.
pub(crate) async fn serve(
    endpoint: Arc<Endpoint>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    door::serve(listener, Router::new().fallback(handle).with_state(endpoint), DOOR, shutdown).await
}

async fn handle(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if !door::names_this_machine(&parts.headers) {
        let message = "This endpoint answers to names of the loopback alone.";
        return answer::error(StatusCode::FORBIDDEN, "ForbiddenException", message);
    }
    if let Some(target) = connections::Target::of(parts.uri.path()) {
        return connections::handle(&endpoint, &target, &parts, body).await;
    }
    if endpoint.objects.is_asked(&parts) {
        return of_objects(&endpoint, parts, body).await;
    }
    let caller = match endpoint.callers.identify(&parts.headers) {
        Ok(caller) => caller,
        Err(stranger) => return answer::error(StatusCode::BAD_REQUEST, stranger.code(), &stranger.to_string()),
    };
    let of_operator = matches!(caller, Caller::Operator);
    if of_operator && parts.method == Method::GET {
        match parts.uri.path() {
            FUNCTIONS_PATH => return answer::ok(&json!({ "functions": endpoint.lambda.status() })),
            PERMISSIONS_PATH => return answer::ok(&json!({ "permissions": endpoint.roles.usage() })),
            REQUESTS_PATH => return answer::ok(&json!({ "requests": endpoint.counts.all() })),
            status::PATH => return report(&endpoint).await,
            _ => {}
        }
    }
    let sets_faults = of_operator && parts.uri.path() == faults::PATH;
    if parts.method != Method::POST && !sets_faults {
        return answer::error(StatusCode::NOT_FOUND, "UnknownOperationException", "AWS calls are POST requests");
    }
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT_BYTES).await else {
        return answer::error(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", "the request is too large");
    };
    if sets_faults {
        return endpoint.faults.answer(&parts.method, &body);
    }
    let service = match Service::of(&endpoint, &parts) {
        Ok(service) => service,
        Err(unknown) => return unknown.answer(),
    };
    if let Err(denied) = caller.check(|| service.calls(&endpoint, &body)) {
        tracing::warn!(%denied, "a call was refused");
        return match service {
            Service::Invoke(_) => invoke::denied(&denied.to_string()),
            _ => answer::error(StatusCode::BAD_REQUEST, "AccessDeniedException", &denied.to_string()),
        };
    }
    endpoint.counts.add(caller, &service);
    let target = caller.function().and_then(|function| service.target(function));
    if let Some(refusal) = target.and_then(|target| endpoint.faults.refusal(target, &body)) {
        return refusal;
    }
    let answer = service.run(&endpoint, caller, &parts.headers, body).await;
    match target {
        Some(target) => endpoint.faults.answered(target, answer).await,
        None => answer,
    }
}

/// A call of S3, which judges its callers by their signatures.
async fn of_objects(endpoint: &Endpoint, parts: Parts, body: Body) -> Response<Body> {
    let operation = objects::operation(&parts.method);
    let function = endpoint.objects.function(&parts).map(str::to_owned);
    let target = function.as_deref().map(|function| Target { function, service: faults::Service::Objects, operation });
    if let Some(refusal) = target.and_then(|target| endpoint.faults.refusal(target, &[])) {
        return refusal;
    }
    let answer = endpoint.objects.handle(parts, body).await;
    match target {
        Some(target) => endpoint.faults.answered(target, answer).await,
        None => answer,
    }
}

/// The host's own report on itself.
async fn report(endpoint: &Endpoint) -> Response<Body> {
    let report = endpoint.status.report(&endpoint.queues, &endpoint.table, &endpoint.lambda).await;
    match report
        .map_err(|error| error.to_string())
        .and_then(|report| serde_json::to_value(report).map_err(|error| error.to_string()))
    {
        Ok(report) => answer::ok(&report),
        Err(error) => answer::error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", &error),
    }
}

/// What a request asks for.
enum Service<'a> {
    Table(&'a str),
    Queues(&'a str),
    Secret,
    Invoke(&'a Function),
}

/// What is not here.
enum Unknown {
    Function(String),
    Operation(String),
}

impl Unknown {
    fn answer(self) -> Response<Body> {
        match self {
            Self::Function(name) => invoke::not_found(&name),
            Self::Operation(name) => {
                let message = format!("The local host has no service for {name}");
                answer::error(StatusCode::BAD_REQUEST, "UnknownOperationException", &message)
            }
        }
    }
}

impl<'a> Service<'a> {
    fn of(endpoint: &'a Endpoint, Parts { uri, headers, .. }: &'a Parts) -> Result<Self, Unknown> {
        let path = uri.path();
        if let Some(name) = path.strip_prefix("/2015-03-31/functions/").and_then(|p| p.strip_suffix("/invocations")) {
            let function = invoke::resolve(&endpoint.functions, name, uri.query());
            return function.map(Self::Invoke).ok_or_else(|| Unknown::Function(name.to_owned()));
        }
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        match target.split_once('.') {
            Some(("DynamoDB_20120810" | "DynamoDBStreams_20120810", operation)) => Ok(Self::Table(operation)),
            Some(("AmazonSQS", operation)) => Ok(Self::Queues(operation)),
            Some(("secretsmanager", "GetSecretValue")) => Ok(Self::Secret),
            _ => Err(Unknown::Operation(format!("{path} {target}"))),
        }
    }

    /// What the caller's role has to allow.
    fn calls(&self, endpoint: &Endpoint, body: &[u8]) -> Vec<Call> {
        match self {
            Self::Table(operation) => of_table(operation, body, &endpoint.keys),
            Self::Queues(operation) => of_queue(operation, body),
            Self::Secret => {
                let resource = serde_json::from_slice::<SecretRequest>(body)
                    .map_or_else(|_| "*".to_owned(), |request| endpoint.secrets.arn(&request.secret_id));
                vec![Call::new("secretsmanager:GetSecretValue", resource)]
            }
            Self::Invoke(function) => vec![Call::new("lambda:InvokeFunction", function_arn(&function.name))],
        }
    }

    /// What faults on request can be about.
    fn target(&self, function: &'a str) -> Option<Target<'a>> {
        let (service, operation) = match self {
            Self::Table(operation) => (faults::Service::Table, *operation),
            Self::Queues(operation) => (faults::Service::Queues, *operation),
            Self::Secret => (faults::Service::Secrets, "GetSecretValue"),
            Self::Invoke(_) => return None,
        };
        Some(Target { function, service, operation })
    }

    async fn run(self, endpoint: &Endpoint, caller: &Caller, headers: &HeaderMap, body: Bytes) -> Response<Body> {
        match self {
            Self::Table(operation) => match endpoint.table.call(operation, body, caller.function().is_some()).await {
                Ok(engine) => {
                    let mut response = Response::new(Body::from(engine.body));
                    *response.status_mut() = engine.status;
                    *response.headers_mut() = engine.headers;
                    response
                }
                Err(error) => {
                    tracing::error!(error = crate::error::on_one_line(&error), "the table engine gave no answer");
                    answer::error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "Internal server error")
                }
            },
            Self::Queues(operation) => endpoint.queues.handle(operation, &body).await.map(Body::from),
            Self::Secret => secret_value(&endpoint.secrets, &body),
            Self::Invoke(function) => invoke::invoke(&endpoint.lambda, caller, function, headers, body).await,
        }
    }
}

fn secret_value(secrets: &Secrets, body: &[u8]) -> Response<Body> {
    let Ok(request) = serde_json::from_slice::<SecretRequest>(body) else {
        return answer::error(StatusCode::BAD_REQUEST, "InvalidParameterException", "SecretId is required");
    };
    match secrets.find(&request.secret_id) {
        Ok(Some(secret)) => answer::ok(&json!({
            "ARN": secret.arn,
            "Name": secret.name,
            "SecretString": secret.text,
            "VersionId": secret.version,
            "VersionStages": ["AWSCURRENT"],
        })),
        Ok(None) => answer::error(
            StatusCode::BAD_REQUEST,
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        ),
        Err(error) => {
            tracing::error!(error = crate::error::on_one_line(&error), "the secrets' file cannot be read");
            answer::error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceError", "An internal error occurred.")
        }
    }
}
