//! Resources other than functions and the API, and the reading of all of them.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::{
    Locals, Queue, Redrive, Secret, Table, Template, TemplateError, api, bucket,
    document::Document,
    events, function,
    intrinsics::{Problem, Scope},
    kinds::{Kind, kind_of},
    loose::{Count, Flag, read as read_properties},
    resource_policy, sockets,
};
use crate::sqs::ThroughputLimit;

/// Reads every resource of the document.
pub(super) fn read(document: &Document, locals: &Locals) -> Result<Template, TemplateError> {
    let scope = Scope::new(document, locals)?;
    let globals = function::Globals::read(&document.globals)?;
    let mut queues = Vec::new();
    let mut tables = Vec::new();
    let mut secrets = Vec::new();
    let mut buckets = Vec::new();
    let mut apis = Vec::new();
    let mut functions = Vec::new();
    let mut socket_parts = Vec::new();
    for (logical_id, resource) in &document.resources {
        let in_resource = |problem: Problem| problem.of(logical_id);
        let kind = kind_of(resource).map_err(in_resource)?;
        if !scope.exists(resource).map_err(in_resource)? {
            continue;
        }
        let here = Declared { scope: &scope, logical_id, resource };
        match kind {
            Kind::Queue => queues.push(queue(&here).map_err(in_resource)?),
            Kind::Table => tables.push(table(&here).map_err(in_resource)?),
            Kind::Secret => secrets.push(secret(&here).map_err(in_resource)?),
            Kind::Bucket => buckets.push(bucket::read(&here).map_err(in_resource)?),
            Kind::Api => apis.push((logical_id.as_str(), api::read(&here).map_err(in_resource)?)),
            Kind::Function => functions.push(here),
            Kind::ServerlessSockets | Kind::Socket(_) | Kind::Permission => socket_parts.push((kind, here)),
            Kind::ResourcePolicy => resource_policy::check(&here).map_err(in_resource)?,
            // A role is read with the function that has it.
            Kind::Role | Kind::LogGroup | Kind::WithoutCounterpart => {}
        }
    }
    let Ok([(api_id, api)]) = <[_; 1]>::try_from(apis) else {
        return Err(TemplateError::new("resources", "the local host serves exactly one AWS::Serverless::HttpApi"));
    };
    let known = events::Known { api_id, api: &api, queues: &queues, tables: &tables };
    let functions = functions
        .iter()
        .map(|here| function::read(here, &globals, &known).map_err(|problem| problem.of(here.logical_id)))
        .collect::<Result<Vec<_>, _>>()?;
    let sockets = sockets::read(&socket_parts, &functions)?;
    let template = Template { functions, queues, tables, secrets, buckets, api, sockets };
    check(&template)?;
    Ok(template)
}

/// A resource as it stands in the template.
pub(super) struct Declared<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) logical_id: &'a str,
    pub(super) resource: &'a Value,
}

impl Declared<'_> {
    /// Its properties, resolved.
    pub(super) fn properties(&self) -> Result<Value, Problem> {
        match self.resource.get("Properties") {
            Some(properties) => Ok(self.scope.resolve(properties)?.unwrap_or_default()),
            None => Ok(Value::Object(Map::new())),
        }
    }

    pub(super) fn name(&self) -> Result<String, Problem> {
        self.scope.name_of(self.logical_id)
    }
}

/// What AWS finds only when it creates the resources.
fn check(template: &Template) -> Result<(), TemplateError> {
    for queue in &template.queues {
        let Some(redrive) = &queue.redrive else { continue };
        let target = template.queues.iter().find(|target| target.name == redrive.dead_letter_queue);
        match target {
            None => {
                let reason = format!("RedrivePolicy: there is no queue {}", redrive.dead_letter_queue);
                return Err(TemplateError::resource(&queue.logical_id, reason));
            }
            Some(target) if target.fifo != queue.fifo => {
                let reason = "RedrivePolicy: a FIFO queue and its dead-letter queue are both FIFO, or neither is";
                return Err(TemplateError::resource(&queue.logical_id, reason));
            }
            Some(_) => {}
        }
    }
    let mut keys = std::collections::BTreeSet::new();
    for function in &template.functions {
        for route in &function.routes {
            if !keys.insert((&route.method, &route.path)) {
                let reason = format!("Events: {} {} is also the route of another event", route.method, route.path);
                return Err(TemplateError::resource(&function.logical_id, reason));
            }
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct QueueProperties {
    #[serde(default, rename = "QueueName")]
    _queue_name: IgnoredAny,
    #[serde(default)]
    fifo_queue: Flag,
    #[serde(default)]
    content_based_deduplication: Flag,
    deduplication_scope: Option<DeduplicationScope>,
    #[serde(default)]
    fifo_throughput_limit: ThroughputLimit,
    /// The disk's owner decides on encryption here.
    #[serde(default, rename = "SqsManagedSseEnabled")]
    _sqs_managed_sse_enabled: IgnoredAny,
    delay_seconds: Option<Count>,
    visibility_timeout: Option<Count>,
    message_retention_period: Option<Count>,
    receive_message_wait_time_seconds: Option<Count>,
    maximum_message_size: Option<Count>,
    redrive_policy: Option<RedrivePolicy>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
enum DeduplicationScope {
    Queue,
    MessageGroup,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    max_receive_count: Count,
}

fn queue(here: &Declared<'_>) -> Result<Queue, Problem> {
    let properties: QueueProperties = read_properties(here.properties()?)?;
    let name = here.name()?;
    let fifo = properties.fifo_queue.0;
    if fifo != name.strip_suffix(".fifo").is_some() {
        return Err(Problem::new(format!("QueueName: {name} must end in .fifo when FifoQueue is true, and only then")));
    }
    let of_fifo_queues = [
        (properties.content_based_deduplication.0, "ContentBasedDeduplication"),
        (properties.deduplication_scope.is_some(), "DeduplicationScope"),
    ];
    if let Some((_, property)) = of_fifo_queues.into_iter().find(|(given, _)| *given && !fifo) {
        return Err(Problem::new("is an attribute of FIFO queues alone").under(property));
    }
    let seconds = |given: Option<Count>, default| Duration::from_secs(given.map_or(default, |Count(secs)| secs));
    let redrive = match properties.redrive_policy {
        None => None,
        Some(policy) => Some(Redrive {
            dead_letter_queue: resource_of_arn(&policy.dead_letter_target_arn).to_owned(),
            max_receive_count: small(policy.max_receive_count, "RedrivePolicy")?,
        }),
    };
    Ok(Queue {
        logical_id: here.logical_id.to_owned(),
        name,
        fifo,
        content_based_deduplication: properties.content_based_deduplication.0,
        deduplication_by_group: properties.deduplication_scope == Some(DeduplicationScope::MessageGroup),
        throughput_limit: properties.fifo_throughput_limit,
        delay: seconds(properties.delay_seconds, 0),
        visibility: seconds(properties.visibility_timeout, 30),
        retention: seconds(properties.message_retention_period, 345_600),
        receive_wait: seconds(properties.receive_message_wait_time_seconds, 0),
        maximum_message_bytes: small(
            properties.maximum_message_size.unwrap_or(Count(1_048_576)),
            "MaximumMessageSize",
        )?,
        redrive,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TableProperties {
    #[serde(default, rename = "TableName")]
    _table_name: IgnoredAny,
    attribute_definitions: Value,
    key_schema: Value,
    global_secondary_indexes: Option<Value>,
    billing_mode: Value,
    stream_specification: Option<StreamSpecification>,
    time_to_live_specification: Option<TimeToLive>,
    #[serde(default, rename = "PointInTimeRecoverySpecification")]
    _point_in_time_recovery_specification: IgnoredAny,
    #[serde(default, rename = "DeletionProtectionEnabled")]
    _deletion_protection_enabled: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StreamSpecification {
    stream_view_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TimeToLive {
    attribute_name: String,
    enabled: Flag,
}

fn table(here: &Declared<'_>) -> Result<Table, Problem> {
    let properties: TableProperties = read_properties(here.properties()?)?;
    let name = here.name()?;
    // CloudFormation names the properties as the API does.
    let mut create_request = json!({
        "TableName": name,
        "AttributeDefinitions": properties.attribute_definitions,
        "KeySchema": properties.key_schema,
        "BillingMode": properties.billing_mode,
    });
    if let Some(indexes) = properties.global_secondary_indexes {
        create_request["GlobalSecondaryIndexes"] = indexes;
    }
    let stream_view = properties.stream_specification.map(|stream| stream.stream_view_type);
    if let Some(view) = &stream_view {
        create_request["StreamSpecification"] = json!({ "StreamEnabled": true, "StreamViewType": view });
    }
    let ttl_attribute = properties.time_to_live_specification.filter(|ttl| ttl.enabled.0).map(|ttl| ttl.attribute_name);
    Ok(Table { name, create_request, stream_view, ttl_attribute })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SecretProperties {
    #[serde(default, rename = "Name")]
    _name: IgnoredAny,
    #[serde(default, rename = "Description")]
    _description: IgnoredAny,
    #[serde(default, rename = "SecretString")]
    _secret_string: IgnoredAny,
}

fn secret(here: &Declared<'_>) -> Result<Secret, Problem> {
    // Read for what it must not have; the name is the scope's to know.
    let _: SecretProperties = read_properties(here.properties()?)?;
    Ok(Secret {
        logical_id: here.logical_id.to_owned(),
        name: here.name()?,
        arn: here.scope.attribute(here.logical_id, "Id")?,
    })
}

/// The last part of an ARN: the name of a queue.
pub(super) fn resource_of_arn(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// The number in a smaller type.
pub(super) fn small<T: TryFrom<u64>>(Count(number): Count, property: &str) -> Result<T, Problem> {
    T::try_from(number).map_err(|_| Problem::new(format!("{number} is too large")).under(property))
}
