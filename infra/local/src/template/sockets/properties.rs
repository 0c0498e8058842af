//! The properties of the resources of `AWS::ApiGatewayV2`, as far as a WebSocket API in front of functions has them.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html>.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::template::{
    Throttle,
    loose::{Count, Decimal, Flag, Texts},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ApiProperties {
    #[serde(default, rename = "Name")]
    _name: IgnoredAny,
    #[serde(default, rename = "Description")]
    _description: IgnoredAny,
    #[serde(default, rename = "Tags")]
    _tags: IgnoredAny,
    pub(super) protocol_type: String,
    pub(super) route_selection_expression: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RouteProperties {
    pub(super) api_id: String,
    pub(super) route_key: String,
    #[serde(default, rename = "OperationName")]
    _operation_name: IgnoredAny,
    pub(super) target: String,
    pub(super) authorization_type: Option<String>,
    pub(super) authorizer_id: Option<String>,
    pub(super) route_response_selection_expression: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RouteResponseProperties {
    pub(super) api_id: String,
    pub(super) route_id: String,
    pub(super) route_response_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct IntegrationProperties {
    pub(super) api_id: String,
    #[serde(default, rename = "Description")]
    _description: IgnoredAny,
    pub(super) integration_type: String,
    pub(super) integration_uri: String,
    /// Lambda is always called by POST.
    #[serde(default, rename = "IntegrationMethod")]
    _integration_method: IgnoredAny,
    pub(super) content_handling_strategy: Option<String>,
    pub(super) timeout_in_millis: Option<Count>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct AuthorizerProperties {
    pub(super) api_id: String,
    #[serde(rename = "Name")]
    _name: IgnoredAny,
    pub(super) authorizer_type: String,
    pub(super) authorizer_uri: String,
    #[serde(default)]
    pub(super) identity_source: Texts,
    /// API Gateway keeps results for HTTP APIs alone.
    pub(super) authorizer_result_ttl_in_seconds: Option<Count>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DeploymentProperties {
    pub(super) api_id: String,
    #[serde(default, rename = "Description")]
    _description: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct StageProperties {
    pub(super) api_id: String,
    pub(super) stage_name: String,
    #[serde(default, rename = "Description")]
    _description: IgnoredAny,
    #[serde(default, rename = "Tags")]
    _tags: IgnoredAny,
    #[serde(default, rename = "AccessLogSettings")]
    _access_log_settings: IgnoredAny,
    #[serde(default)]
    pub(super) auto_deploy: Flag,
    pub(super) deployment_id: Option<String>,
    pub(super) default_route_settings: Option<RouteSettings>,
    #[serde(default)]
    pub(super) route_settings: BTreeMap<String, RouteSettings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RouteSettings {
    throttling_rate_limit: Option<Decimal>,
    throttling_burst_limit: Option<Decimal>,
    #[serde(default, rename = "DataTraceEnabled")]
    _data_trace_enabled: IgnoredAny,
    #[serde(default, rename = "DetailedMetricsEnabled")]
    _detailed_metrics_enabled: IgnoredAny,
    #[serde(default, rename = "LoggingLevel")]
    _logging_level: IgnoredAny,
}

impl RouteSettings {
    /// The bucket, where the settings have one. One half alone is filled up with the account's: 10,000 and 5,000.
    pub(super) fn throttle(&self) -> Option<Throttle> {
        if self.throttling_rate_limit.is_none() && self.throttling_burst_limit.is_none() {
            return None;
        }
        Some(Throttle {
            requests_per_second: self.throttling_rate_limit.map_or(10_000.0, |Decimal(rate)| rate),
            burst: self.throttling_burst_limit.map_or(5_000.0, |Decimal(burst)| burst),
        })
    }
}
