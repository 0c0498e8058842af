//! `AWS::Serverless::Function`: the process, the role and the events.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{
    Function, TemplateError,
    environment::Environment,
    events::{self, Event, Known},
    intrinsics::Problem,
    loose::{Count, read as read_properties, within},
    resources::{Declared, small},
    role,
};

/// `Globals.Function`: properties of every function that has not its own.
pub(super) struct Globals(Value);

impl Globals {
    pub(super) fn read(globals: &Map<String, Value>) -> Result<Self, TemplateError> {
        match globals.keys().find(|section| *section != "Function") {
            Some(section) => Err(TemplateError::new(format!("Globals.{section}"), "the local host does not know it")),
            None => Ok(Self(globals.get("Function").cloned().unwrap_or_else(|| Value::Object(Map::new())))),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    #[serde(default, rename = "FunctionName")]
    _function_name: IgnoredAny,
    #[serde(default, rename = "Description")]
    _description: IgnoredAny,
    #[serde(rename = "CodeUri")]
    _code_uri: IgnoredAny,
    #[serde(default, rename = "Architectures")]
    _architectures: IgnoredAny,
    #[serde(default, rename = "LoggingConfig")]
    _logging_config: IgnoredAny,
    #[serde(rename = "Handler")]
    _handler: IgnoredAny,
    runtime: String,
    role: String,
    timeout: Option<Count>,
    memory_size: Option<Count>,
    reserved_concurrent_executions: Option<Count>,
    event_invoke_config: Option<EventInvokeConfig>,
    #[serde(default)]
    environment: Environment,
    #[serde(default)]
    events: BTreeMap<String, Event>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EventInvokeConfig {
    maximum_retry_attempts: Option<Count>,
    maximum_event_age_in_seconds: Option<Count>,
}

/// What Lambda does for a function without a configuration of its own.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>.
const ASYNCHRONOUS: (Count, Count) = (Count(2), Count(6 * 60 * 60));

/// Reads a function whose globals are not yet merged.
///
/// Source of the limits: <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html> and
/// <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html>.
pub(super) fn read(here: &Declared<'_>, globals: &Globals, known: &Known<'_>) -> Result<Function, Problem> {
    let own = here.resource.get("Properties").cloned().unwrap_or_default();
    let merged = merge(globals.0.clone(), own);
    let properties: Properties = read_properties(here.scope.resolve(&merged)?.unwrap_or_default())?;
    if properties.runtime != "provided.al2023" {
        let reason = format!("the local host runs binaries for provided.al2023, not for {}", properties.runtime);
        return Err(Problem::new(reason).under("Runtime"));
    }
    let binary = here.resource.pointer("/Metadata/BuildProperties/Binary").and_then(Value::as_str);
    let binary = binary.ok_or_else(|| Problem::new("is missing").under("Metadata.BuildProperties.Binary"))?;
    let config = properties.event_invoke_config.unwrap_or_default();
    let retries = config.maximum_retry_attempts.unwrap_or(ASYNCHRONOUS.0);
    let age = config.maximum_event_age_in_seconds.unwrap_or(ASYNCHRONOUS.1);
    let memory_mb = within(properties.memory_size.unwrap_or(Count(128)), 128, 10_240, "MemorySize")?;
    let retries = within(retries, 0, 2, "EventInvokeConfig.MaximumRetryAttempts")?;
    let mut function = Function {
        logical_id: here.logical_id.to_owned(),
        name: here.name()?,
        binary: binary.to_owned(),
        timeout: Duration::from_secs(within(properties.timeout.unwrap_or(Count(3)), 1, 900, "Timeout")?),
        memory_mb: small(Count(memory_mb), "MemorySize")?,
        reserved_concurrency: properties
            .reserved_concurrent_executions
            .map(|count| small(count, "ReservedConcurrentExecutions"))
            .transpose()?,
        asynchronous_retries: small(Count(retries), "EventInvokeConfig.MaximumRetryAttempts")?,
        maximum_event_age: Duration::from_secs(within(
            age,
            60,
            6 * 60 * 60,
            "EventInvokeConfig.MaximumEventAgeInSeconds",
        )?),
        environment: properties.environment.read()?,
        statements: role::statements(here, &properties.role)?,
        routes: Vec::new(),
        mappings: Vec::new(),
        schedules: Vec::new(),
    };
    for (name, event) in properties.events {
        events::add(&mut function, &name, event, known).map_err(|problem| problem.under(format!("Events.{name}")))?;
    }
    Ok(function)
}

/// Maps are merged, and anything else of the function replaces the global.
fn merge(global: Value, own: Value) -> Value {
    match (global, own) {
        (Value::Object(mut merged), Value::Object(own)) => {
            for (key, value) in own {
                let value = match merged.remove(&key) {
                    Some(global) => merge(global, value),
                    None => value,
                };
                merged.insert(key, value);
            }
            Value::Object(merged)
        }
        (_, own) => own,
    }
}
