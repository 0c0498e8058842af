//! The types of resources that the host knows, and what each is to it.

use serde_json::Value;

use super::intrinsics::Problem;

/// What a type of resource is to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Function,
    Queue,
    Table,
    Secret,
    Bucket,
    Api,
    /// SAM's WebSocket API, whole.
    ServerlessSockets,
    /// A part of a WebSocket API.
    Socket(SocketPart),
    /// Whom a function lets invoke it.
    Permission,
    Role,
    LogGroup,
    /// What a queue or a bucket refuses whoever calls it.
    ResourcePolicy,
    /// Does nothing on one machine, and nothing that runs refers to it.
    WithoutCounterpart,
}

/// The resources that make a WebSocket API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SocketPart {
    Api,
    Route,
    RouteResponse,
    Integration,
    Authorizer,
    Deployment,
    Stage,
}

impl Kind {
    fn of(resource_type: &str) -> Option<Self> {
        Some(match resource_type {
            "AWS::Serverless::Function" => Self::Function,
            "AWS::SQS::Queue" => Self::Queue,
            "AWS::DynamoDB::Table" => Self::Table,
            "AWS::SecretsManager::Secret" => Self::Secret,
            "AWS::S3::Bucket" => Self::Bucket,
            "AWS::Serverless::HttpApi" => Self::Api,
            "AWS::Serverless::WebSocketApi" => Self::ServerlessSockets,
            "AWS::ApiGatewayV2::Api" => Self::Socket(SocketPart::Api),
            "AWS::ApiGatewayV2::Route" => Self::Socket(SocketPart::Route),
            "AWS::ApiGatewayV2::RouteResponse" => Self::Socket(SocketPart::RouteResponse),
            "AWS::ApiGatewayV2::Integration" => Self::Socket(SocketPart::Integration),
            "AWS::ApiGatewayV2::Authorizer" => Self::Socket(SocketPart::Authorizer),
            "AWS::ApiGatewayV2::Deployment" => Self::Socket(SocketPart::Deployment),
            "AWS::ApiGatewayV2::Stage" => Self::Socket(SocketPart::Stage),
            "AWS::Lambda::Permission" => Self::Permission,
            "AWS::IAM::Role" => Self::Role,
            "AWS::Logs::LogGroup" => Self::LogGroup,
            "AWS::S3::BucketPolicy" | "AWS::SQS::QueuePolicy" => Self::ResourcePolicy,
            "AWS::CloudWatch::Alarm"
            | "AWS::CloudWatch::Dashboard"
            | "AWS::Cognito::UserPool"
            | "AWS::Cognito::UserPoolClient"
            | "AWS::Logs::MetricFilter"
            | "AWS::SNS::Subscription"
            | "AWS::SNS::Topic" => Self::WithoutCounterpart,
            _ => return None,
        })
    }

    /// The property that names a resource of this kind.
    pub(super) fn name_property(self) -> Option<&'static str> {
        match self {
            Self::Function => Some("FunctionName"),
            Self::Queue => Some("QueueName"),
            Self::Table => Some("TableName"),
            Self::Secret => Some("Name"),
            Self::Bucket => Some("BucketName"),
            Self::Role => Some("RoleName"),
            Self::LogGroup => Some("LogGroupName"),
            Self::Socket(SocketPart::Stage) => Some("StageName"),
            Self::Api
            | Self::ServerlessSockets
            | Self::Socket(_)
            | Self::Permission
            | Self::ResourcePolicy
            | Self::WithoutCounterpart => None,
        }
    }
}

/// The kind of a resource, or that the host does not know its type.
pub(super) fn kind_of(resource: &Value) -> Result<Kind, Problem> {
    let resource_type = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
    Kind::of(resource_type)
        .ok_or_else(|| Problem::new(format!("the local host does not know the type {resource_type:?}")))
}
