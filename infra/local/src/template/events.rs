//! The events of a function: routes, event source mappings and schedules.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{
    Function, HttpApi, Mapping, Queue, QueueMapping, Route, Schedule, StartingPosition, StreamMapping, Table,
    intrinsics::Problem,
    loose::{Count, Flag, Texts, read as read_properties, within},
    resources::{resource_of_arn, small},
};

/// The longest batching window.
const LONGEST_WINDOW_SECS: u64 = 300;

/// What API Gateway accepts as the method of a route.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>.
const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

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
    check_path(&event.path).map_err(|problem| problem.under("Path"))?;
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
    let method = event.method.to_ascii_uppercase();
    if !METHODS.contains(&method.as_str()) {
        let reason = format!("{method} is none of {}", METHODS.join(", "));
        return Err(Problem::new(reason).under("Method"));
    }
    Ok(Route { method, path: event.path, authorizer })
}

/// What API Gateway accepts as the path of a route.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>.
fn check_path(path: &str) -> Result<(), Problem> {
    if path == "$default" {
        return Ok(());
    }
    let Some(segments) = path.strip_prefix('/') else {
        return Err(Problem::new("begins with a slash, or is $default"));
    };
    let mut rest = segments.split('/').peekable();
    while let Some(segment) = rest.next() {
        let is_variable = segment.starts_with('{') && segment.ends_with('}');
        if !is_variable && segment.contains(['{', '}']) {
            return Err(Problem::new(format!("{segment} is neither a word nor one variable in braces")));
        }
        if segment.ends_with("+}") && rest.peek().is_some() {
            return Err(Problem::new(format!("{segment} stands before the end, where no greedy variable may")));
        }
    }
    Ok(())
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

/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html> and
/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>.
fn queue_mapping(properties: Value, known: &Known<'_>) -> Result<QueueMapping, Problem> {
    let event: SqsEvent = read_properties(properties)?;
    let queue = known.queue_of_arn(&event.queue).map_err(|problem| problem.under("Queue"))?;
    let (largest_batch, longest_window) = if queue.fifo { (10, 0) } else { (10_000, LONGEST_WINDOW_SECS) };
    let batch_size = within(event.batch_size.unwrap_or(Count(10)), 1, largest_batch, "BatchSize")?;
    let window = event.maximum_batching_window_in_seconds.unwrap_or(Count(0));
    let window = within(window, 0, longest_window, "MaximumBatchingWindowInSeconds")?;
    if batch_size > 10 && window == 0 {
        let reason = "a batch of more than 10 messages needs a window of at least a second";
        return Err(Problem::new(reason).under("MaximumBatchingWindowInSeconds"));
    }
    Ok(QueueMapping {
        queue: queue.name.clone(),
        batch_size: small(Count(batch_size), "BatchSize")?,
        window: Duration::from_secs(window),
        maximum_concurrency: event
            .scaling_config
            .map(|scaling| within(scaling.maximum_concurrency, 2, 1000, "ScalingConfig.MaximumConcurrency"))
            .transpose()?
            .map(|concurrency| small(Count(concurrency), "ScalingConfig.MaximumConcurrency"))
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

/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>. What is not here (filters, tumbling windows,
/// the age of records) is refused by name, as every unknown property is.
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
        .map(|arn| match known.queue_of_arn(&arn)? {
            queue if queue.fifo => Err(Problem::new("Lambda tells a standard queue, and no FIFO queue")),
            queue => Ok(queue.name.clone()),
        })
        .transpose()
        .map_err(|problem| problem.under("DestinationConfig.OnFailure"))?;
    let retries = event.maximum_retry_attempts.map(|count| within(count, 0, 10_000, "MaximumRetryAttempts"));
    let window = event.maximum_batching_window_in_seconds.unwrap_or(Count(0));
    Ok(StreamMapping {
        table: table.name.clone(),
        batch_size: small(Count(within(event.batch_size.unwrap_or(Count(100)), 1, 10_000, "BatchSize")?), "BatchSize")?,
        window: Duration::from_secs(within(window, 0, LONGEST_WINDOW_SECS, "MaximumBatchingWindowInSeconds")?),
        bisect: event.bisect_batch_on_function_error.0,
        retries: retries.transpose()?.map(|count| small(Count(count), "MaximumRetryAttempts")).transpose()?,
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
    let (retries, age) = event
        .retry_policy
        .map_or((None, None), |policy| (policy.maximum_retry_attempts, policy.maximum_event_age_in_seconds));
    let retries = within(retries.unwrap_or(Count(185)), 0, 185, "RetryPolicy.MaximumRetryAttempts")?;
    let retries = small(Count(retries), "RetryPolicy.MaximumRetryAttempts")?;
    let age = within(age.unwrap_or(Count(86_400)), 60, 86_400, "RetryPolicy.MaximumEventAgeInSeconds")?;
    let dead_letter_queue = event
        .dead_letter_config
        .map(|config| match known.queue_of_arn(&config.arn)? {
            queue if queue.fifo => {
                Err(Problem::new(format!("{} is a FIFO queue, which no schedule may have", queue.name)))
            }
            queue => Ok(queue.name.clone()),
        })
        .transpose()
        .map_err(|problem| problem.under("DeadLetterConfig"))?;
    Ok(Schedule {
        name: event.name.unwrap_or_else(|| format!("{function}-{event_name}")),
        expression: event.schedule_expression,
        time_zone: event.schedule_expression_timezone,
        input: event.input,
        retries,
        maximum_event_age: Duration::from_secs(age),
        dead_letter_queue,
    })
}

fn reports_failures(types: &Texts) -> Result<bool, Problem> {
    match types.0.iter().find(|one| *one != "ReportBatchItemFailures") {
        Some(unknown) => Err(Problem::new(format!("{unknown} is unknown")).under("FunctionResponseTypes")),
        None => Ok(!types.0.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use crate::template::{Locals, Template};

    /// What is said of a function with this event, on one line; empty when it is taken.
    fn refusal(event: &str) -> String {
        let text = format!(
            "
Transform: AWS::Serverless-2016-10-31
Resources:
  Api: {{Type: AWS::Serverless::HttpApi, Properties: {{StageName: $default}}}}
  Role: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{}}, Policies: []}}}}
  Jobs: {{Type: AWS::SQS::Queue}}
  Orders: {{Type: AWS::SQS::Queue, Properties: {{FifoQueue: true}}}}
  Items:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{{AttributeName: pk, AttributeType: S}}]
      KeySchema: [{{AttributeName: pk, KeyType: HASH}}]
      StreamSpecification: {{StreamViewType: NEW_AND_OLD_IMAGES}}
  Worker:
    Type: AWS::Serverless::Function
    Metadata: {{BuildProperties: {{Binary: worker}}}}
    Properties:
      CodeUri: ..
      Handler: bootstrap
      Runtime: provided.al2023
      Role: !GetAtt Role.Arn
      Events:
        It: {event}"
        );
        let locals = Locals { aws_url: "http://127.0.0.1:4566".to_owned(), ..Locals::default() };
        Template::parse(&text, &locals).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_mapping_that_lambda_would_not_make_or_the_host_does_not_know_is_refused_by_name() {
        let queue = |name: &str, rest: &str| format!("{{Type: SQS, Properties: {{Queue: !GetAtt {name}.Arn{rest}}}}}");
        let stream = |rest: &str| {
            let common = "Stream: !GetAtt Items.StreamArn, StartingPosition: LATEST";
            format!("{{Type: DynamoDB, Properties: {{{common}{rest}}}}}")
        };
        for taken in [
            queue("Jobs", ", BatchSize: 10000, MaximumBatchingWindowInSeconds: 300"),
            queue("Orders", ", BatchSize: 10, ScalingConfig: {MaximumConcurrency: 2}"),
            stream(", BatchSize: 10000, MaximumBatchingWindowInSeconds: 1, MaximumRetryAttempts: 10000"),
            stream(", DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Jobs.Arn}}"),
        ] {
            assert_eq!(refusal(&taken), "", "{taken}");
        }
        for (refused, word) in [
            (queue("Jobs", ", BatchSize: 11"), "MaximumBatchingWindowInSeconds"),
            (queue("Jobs", ", BatchSize: 0"), "BatchSize"),
            (queue("Jobs", ", MaximumBatchingWindowInSeconds: 301"), "MaximumBatchingWindowInSeconds"),
            (queue("Orders", ", BatchSize: 11"), "BatchSize"),
            (queue("Orders", ", MaximumBatchingWindowInSeconds: 1"), "MaximumBatchingWindowInSeconds"),
            (queue("Jobs", ", ScalingConfig: {MaximumConcurrency: 1}"), "MaximumConcurrency"),
            (queue("Jobs", ", FilterCriteria: {Filters: []}"), "FilterCriteria"),
            (queue("Jobs", ", FunctionResponseTypes: [ReportEverything]"), "FunctionResponseTypes"),
            (stream(", BatchSize: 10001"), "BatchSize"),
            (stream(", MaximumRetryAttempts: 10001"), "MaximumRetryAttempts"),
            (stream(", ParallelizationFactor: 2"), "ParallelizationFactor"),
            (stream(", FilterCriteria: {Filters: []}"), "FilterCriteria"),
            (stream(", TumblingWindowInSeconds: 60"), "TumblingWindowInSeconds"),
            (stream(", MaximumRecordAgeInSeconds: 60"), "MaximumRecordAgeInSeconds"),
            (stream(", DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Orders.Arn}}"), "OnFailure"),
        ] {
            let said = refusal(&refused);
            assert!(said.starts_with("template: resource Worker: ") && said.contains(word), "{refused}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
}
