//! `infra/template.yaml` as the host sees it: every resource that has a local counterpart, with names and ARNs resolved.
//!
//! Must never guess: what it does not know is refused with the resource and the property, because a property that is
//! silently ignored here is a difference from AWS that nobody sees.

mod api;
mod bucket;
mod document;
mod environment;
mod events;
mod function;
mod intrinsics;
mod kinds;
mod loose;
mod resource_policy;
mod resources;
mod role;
mod sockets;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde_json::Value;

use crate::sqs::ThroughputLimit;

pub(crate) use sockets::{IdentitySource, RequestAuthorizer, SocketApi, SocketRoute};

/// What `AWS::AccountId` is here; the first path segment of a queue URL.
pub(crate) const ACCOUNT_ID: &str = "000000000000";
/// What `AWS::Region` is here.
pub(crate) const REGION: &str = "us-east-1";
/// What `AWS::StackName` is here; the first part of every name that the template leaves to CloudFormation.
pub(crate) const STACK: &str = "turno";

/// What only the running host knows: where its AWS endpoint listens, and the parameters that it sets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Locals {
    /// Base of queue URLs, without a trailing slash: `http://127.0.0.1:4566`.
    pub(crate) aws_url: String,
    /// Where WebSocket clients connect, without the stage and the slash before it: `ws://127.0.0.1:4000`.
    pub(crate) sockets_url: String,
    /// Values of template parameters that replace their defaults. A name that the template has not is refused.
    pub(crate) parameters: BTreeMap<String, String>,
}

/// Why the template cannot be served: one line, naming the resource and the property.
#[derive(Debug, thiserror::Error)]
#[error("template: {place}: {reason}")]
pub(crate) struct TemplateError {
    place: String,
    reason: String,
}

impl TemplateError {
    fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }

    fn resource(logical_id: &str, reason: impl Into<String>) -> Self {
        Self::new(format!("resource {logical_id}"), reason)
    }
}

/// Everything the host serves.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) functions: Vec<Function>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) tables: Vec<Table>,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) api: HttpApi,
    /// `None` when the template has no WebSocket API.
    pub(crate) sockets: Option<SocketApi>,
}

impl Template {
    /// Reads and resolves the file.
    pub(crate) fn read(path: &Path, locals: &Locals) -> Result<Self, TemplateError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| TemplateError::new(path.display().to_string(), error.to_string()))?;
        Self::parse(&text, locals)
    }

    /// Resolves the text of a template.
    pub(crate) fn parse(text: &str, locals: &Locals) -> Result<Self, TemplateError> {
        resources::read(&document::Document::parse(text)?, locals)
    }
}

/// A bucket of S3.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    /// `BucketName`, or stack and logical id in lower case.
    pub(crate) name: String,
    pub(crate) cors: Vec<CorsRule>,
    /// How old an object becomes.
    pub(crate) expires: Option<Duration>,
}

/// Which pages may read a bucket's answers.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorsRule {
    /// With `*` wildcards.
    #[serde(rename = "AllowedOrigins")]
    pub(crate) origins: Vec<String>,
    #[serde(rename = "AllowedMethods")]
    pub(crate) methods: Vec<String>,
    /// What a page may send; with `*` wildcards.
    #[serde(default, rename = "AllowedHeaders")]
    pub(crate) headers: Vec<String>,
    #[serde(default, rename = "ExposedHeaders")]
    pub(crate) exposed: Vec<String>,
}

/// A function, what starts it and what it may do.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) logical_id: String,
    /// `FunctionName`, or stack and logical id.
    pub(crate) name: String,
    /// `Metadata.BuildProperties.Binary`: the crate and the file that the build makes.
    pub(crate) binary: String,
    pub(crate) timeout: Duration,
    pub(crate) memory_mb: u32,
    pub(crate) reserved_concurrency: Option<usize>,
    /// How often Lambda tries a failed asynchronous invocation, such as a schedule's, again.
    pub(crate) asynchronous_retries: u32,
    /// How long Lambda keeps trying to run an asynchronous invocation.
    pub(crate) maximum_event_age: Duration,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) routes: Vec<Route>,
    pub(crate) mappings: Vec<Mapping>,
    pub(crate) schedules: Vec<Schedule>,
}

/// One IAM statement of a function's role.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement {
    pub(crate) sid: Option<String>,
    pub(crate) effect: Effect,
    /// `sqs:SendMessage`, with `*` wildcards.
    pub(crate) actions: Vec<String>,
    /// ARNs, with `*` wildcards.
    pub(crate) resources: Vec<String>,
    /// The `Condition` block as it stands in the template; `Null` where there is none.
    pub(crate) conditions: Value,
}

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

/// A method and a path of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// Upper case, or `ANY`.
    pub(crate) method: String,
    /// `/api/tickets/{id}`, `/files/{proxy+}` or `$default`.
    pub(crate) path: String,
    /// Whether the JWT authorizer guards it.
    pub(crate) authorizer: bool,
}

/// What Lambda polls on behalf of a function.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mapping {
    Queue(QueueMapping),
    Stream(StreamMapping),
}

/// An SQS queue that a function consumes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QueueMapping {
    /// Name of the queue.
    pub(crate) queue: String,
    pub(crate) batch_size: usize,
    pub(crate) window: Duration,
    pub(crate) maximum_concurrency: Option<usize>,
    /// `ReportBatchItemFailures`: the function names the messages that failed.
    pub(crate) report_failures: bool,
}

/// A table's stream that a function consumes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StreamMapping {
    /// Name of the table.
    pub(crate) table: String,
    pub(crate) batch_size: usize,
    pub(crate) window: Duration,
    /// Split a failed batch in two before trying again.
    pub(crate) bisect: bool,
    /// `None` tries until the records leave the stream.
    pub(crate) retries: Option<u32>,
    /// Name of the queue that is told about a batch that was given up.
    pub(crate) on_failure_queue: Option<String>,
    pub(crate) report_failures: bool,
    pub(crate) starting_position: StartingPosition,
}

/// Where a stream mapping without a checkpoint begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum StartingPosition {
    TrimHorizon,
    Latest,
}

/// A schedule of EventBridge Scheduler.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Schedule {
    /// `Name`, or function and event.
    pub(crate) name: String,
    /// `rate(1 minute)`, `cron(…)` or `at(…)`.
    pub(crate) expression: String,
    /// By whose clock; `None` is UTC.
    pub(crate) time_zone: Option<String>,
    /// The payload, as text, with `<aws.scheduler.scheduled-time>` still in it; `None` sends the scheduler's own.
    pub(crate) input: Option<String>,
    pub(crate) retries: u32,
    pub(crate) maximum_event_age: Duration,
    /// Name of the queue for events that were given up.
    pub(crate) dead_letter_queue: Option<String>,
}

/// An SQS queue with the defaults of SQS filled in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Queue {
    pub(crate) logical_id: String,
    pub(crate) name: String,
    pub(crate) fifo: bool,
    pub(crate) content_based_deduplication: bool,
    /// `messageGroup` rather than `queue`.
    pub(crate) deduplication_by_group: bool,
    pub(crate) throughput_limit: ThroughputLimit,
    pub(crate) delay: Duration,
    pub(crate) visibility: Duration,
    pub(crate) retention: Duration,
    pub(crate) receive_wait: Duration,
    pub(crate) maximum_message_bytes: usize,
    pub(crate) redrive: Option<Redrive>,
}

/// When a queue gives a message up, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redrive {
    /// Name of the dead-letter queue.
    pub(crate) dead_letter_queue: String,
    pub(crate) max_receive_count: u32,
}

/// A DynamoDB table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// The body of the `CreateTable` request that makes it, with its name, keys, indexes and stream.
    pub(crate) create_request: Value,
    /// `NEW_AND_OLD_IMAGES` and its like; `None` without a stream.
    pub(crate) stream_view: Option<String>,
    pub(crate) ttl_attribute: Option<String>,
}

/// A secret of Secrets Manager. Its value is the host's to keep, not the template's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secret {
    pub(crate) logical_id: String,
    pub(crate) name: String,
    /// What `Ref` gives; a function may ask for the secret by either.
    pub(crate) arn: String,
}

/// The HTTP API in front of the functions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HttpApi {
    /// `None` when no route is guarded.
    pub(crate) authorizer: Option<JwtAuthorizer>,
    pub(crate) cors: Option<Cors>,
    /// Of every route that has none of its own.
    pub(crate) throttle: Option<Throttle>,
    /// By route key, such as `POST /webhook/whatsapp`.
    pub(crate) route_throttles: BTreeMap<String, Throttle>,
}

/// Whose tokens the API accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JwtAuthorizer {
    pub(crate) name: String,
    /// Whether it guards the routes that name no authorizer.
    pub(crate) by_default: bool,
    pub(crate) issuer: String,
    pub(crate) audience: Vec<String>,
}

/// Cross-origin rules of the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cors {
    /// Origins, `*`, or prefixes such as `https://*`.
    pub(crate) allow_origins: Vec<String>,
    pub(crate) allow_methods: Vec<String>,
    pub(crate) allow_headers: Vec<String>,
    pub(crate) expose_headers: Vec<String>,
    pub(crate) allow_credentials: bool,
    pub(crate) max_age_secs: Option<u64>,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Throttle {
    pub(crate) requests_per_second: f64,
    pub(crate) burst: f64,
}
