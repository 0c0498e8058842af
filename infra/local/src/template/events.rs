//! The events of a function: routes, event source mappings and schedules.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{
    Function, HttpApi, Mapping, Queue, QueueMapping, Route, Schedule, StartingPosition, StreamMapping, Table,
    intrinsics::Problem,
    loose::{Count, Flag, Texts, read as read_properties},
    resources::{resource_of_arn, small},
};

/// What an event may name.
pub(super) struct Known<'a> {
    pub(super) api_id: &'a str,
    pub(super) api: &'a HttpApi,
    pub(super) queues: &'a [Queue],
    pub(super) tables: &'a [Table],
}

impl Known<'_> {
    fn queue_of_arn(&self, arn: &str) -> Result<&Queue, Problem> {
        let name = resource_of_arn(arn);
        self.queues
            .iter()
            .find(|queue| queue.name == name)
            .ok_or_else(|| Problem::new(format!("{arn} is no queue of the template")))
    }
}

/// An event as it stands in the template.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Event {
    r#type: String,
    properties: Value,
}

/// Adds what the event says to its function.
pub(super) fn add(function: &mut Function, name: &str, event: Event, known: &Known<'_>) -> Result<(), Problem> {
    match event.r#type.as_str() {
        "HttpApi" => function.routes.push(route(event.properties, known)?),
        "SQS" => function.mappings.push(Mapping::Queue(queue_mapping(event.properties, known)?)),
        "DynamoDB" => function.mappings.push(Mapping::Stream(stream_mapping(event.properties, known)?)),
        "ScheduleV2" => function.schedules.push(schedule(&function.name, name, event.properties, known)?),
        other => return Err(Problem::new(format!("the local host does not know events of type {other}"))),
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct HttpApiEvent {
    api_id: String,
    method: String,
    path: String,
    auth: Option<EventAuth>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EventAuth {
    authorizer: String,
}

fn route(properties: Value, known: &Known<'_>) -> Result<Route, Problem> {
    let event: HttpApiEvent = read_properties(properties)?;
    if event.api_id != known.api_id {
        return Err(Problem::new(format!("{} is not the API of the template", event.api_id)).under("ApiId"));
    }
    let authorizer = match (event.auth, &known.api.authorizer) {
        (None, None) => false,
        (None, Some(authorizer)) => authorizer.by_default,
        (Some(auth), _) if auth.authorizer == "NONE" => false,
        (Some(auth), Some(authorizer)) if auth.authorizer == authorizer.name => true,
        (Some(auth), _) => {
            return Err(Problem::new(format!("there is no authorizer {}", auth.authorizer)).under("Auth.Authorizer"));
        }
    };
    Ok(Route { method: event.method.to_ascii_uppercase(), path: event.path, authorizer })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SqsEvent {
    queue: String,
    batch_size: Option<Count>,
    maximum_batching_window_in_seconds: Option<Count>,
    scaling_config: Option<ScalingConfig>,
    #[serde(default)]
    function_response_types: Texts,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ScalingConfig {
    maximum_concurrency: Count,
}

fn queue_mapping(properties: Value, known: &Known<'_>) -> Result<QueueMapping, Problem> {
    let event: SqsEvent = read_properties(properties)?;
    Ok(QueueMapping {
        queue: known.queue_of_arn(&event.queue).map_err(|problem| problem.under("Queue"))?.name.clone(),
        batch_size: small(event.batch_size.unwrap_or(Count(10)), "BatchSize")?,
        window: window(event.maximum_batching_window_in_seconds),
        maximum_concurrency: event
            .scaling_config
            .map(|scaling| small(scaling.maximum_concurrency, "ScalingConfig.MaximumConcurrency"))
            .transpose()?,
        report_failures: reports_failures(&event.function_response_types)?,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DynamoDbEvent {
    stream: String,
    starting_position: StartingPosition,
    batch_size: Option<Count>,
    maximum_batching_window_in_seconds: Option<Count>,
    parallelization_factor: Option<Count>,
    #[serde(default)]
    bisect_batch_on_function_error: Flag,
    maximum_retry_attempts: Option<Count>,
    destination_config: Option<DestinationConfig>,
    #[serde(default)]
    function_response_types: Texts,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DestinationConfig {
    on_failure: OnFailure,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OnFailure {
    #[serde(default, rename = "Type")]
    _type: IgnoredAny,
    destination: String,
}

fn stream_mapping(properties: Value, known: &Known<'_>) -> Result<StreamMapping, Problem> {
    let event: DynamoDbEvent = read_properties(properties)?;
    if event.parallelization_factor.is_some_and(|Count(factor)| factor != 1) {
        return Err(Problem::new("the local host reads a shard once at a time").under("ParallelizationFactor"));
    }
    let table = known
        .tables
        .iter()
        .find(|table| table.stream_view.is_some() && event.stream.contains(&format!(":table/{}/stream/", table.name)));
    let table = table.ok_or_else(|| Problem::new(format!("{} is no stream of the template", event.stream)))?;
    let on_failure = event.destination_config.map(|config| config.on_failure.destination);
    let on_failure_queue = on_failure
        .map(|arn| known.queue_of_arn(&arn).map(|queue| queue.name.clone()))
        .transpose()
        .map_err(|problem| problem.under("DestinationConfig.OnFailure"))?;
    Ok(StreamMapping {
        table: table.name.clone(),
        batch_size: small(event.batch_size.unwrap_or(Count(100)), "BatchSize")?,
        window: window(event.maximum_batching_window_in_seconds),
        bisect: event.bisect_batch_on_function_error.0,
        retries: event.maximum_retry_attempts.map(|count| small(count, "MaximumRetryAttempts")).transpose()?,
        on_failure_queue,
        report_failures: reports_failures(&event.function_response_types)?,
        starting_position: event.starting_position,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ScheduleEvent {
    name: Option<String>,
    schedule_expression: String,
    schedule_expression_timezone: Option<String>,
    input: Option<String>,
    retry_policy: Option<RetryPolicy>,
    dead_letter_config: Option<DeadLetterConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RetryPolicy {
    maximum_retry_attempts: Option<Count>,
    maximum_event_age_in_seconds: Option<Count>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeadLetterConfig {
    arn: String,
}

fn schedule(function: &str, event_name: &str, properties: Value, known: &Known<'_>) -> Result<Schedule, Problem> {
    let event: ScheduleEvent = read_properties(properties)?;
    if event.schedule_expression_timezone.is_some_and(|zone| zone != "UTC") {
        return Err(Problem::new("the local host schedules in UTC alone").under("ScheduleExpressionTimezone"));
    }
    let (retries, age) = event
        .retry_policy
        .map_or((None, None), |policy| (policy.maximum_retry_attempts, policy.maximum_event_age_in_seconds));
    let dead_letter_queue = event
        .dead_letter_config
        .map(|config| known.queue_of_arn(&config.arn).map(|queue| queue.name.clone()))
        .transpose()
        .map_err(|problem| problem.under("DeadLetterConfig"))?;
    Ok(Schedule {
        name: event.name.unwrap_or_else(|| format!("{function}-{event_name}")),
        expression: event.schedule_expression,
        input: event.input,
        retries: small(retries.unwrap_or(Count(185)), "RetryPolicy.MaximumRetryAttempts")?,
        maximum_event_age: Duration::from_secs(age.map_or(86_400, |Count(secs)| secs)),
        dead_letter_queue,
    })
}

fn window(seconds: Option<Count>) -> Duration {
    Duration::from_secs(seconds.map_or(0, |Count(secs)| secs))
}

fn reports_failures(types: &Texts) -> Result<bool, Problem> {
    match types.0.iter().find(|one| *one != "ReportBatchItemFailures") {
        Some(unknown) => Err(Problem::new(format!("{unknown} is unknown")).under("FunctionResponseTypes")),
        None => Ok(!types.0.is_empty()),
    }
}
