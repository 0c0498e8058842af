//! Clients of AWS, set up by hand for a fast cold start: no `aws-config`, one connector for all services. Source: docs/adr/0004-cold-start.md.

use std::time::Duration;

use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, StalledStreamProtectionConfig, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_types::SdkConfig;
use files::Bucket;
use messaging::SqsQueue;
use storage::Storage;

use crate::Fatal;
use crate::config::{optional, required};
use crate::connector::Connector;
use crate::parcels::Parcels;
use crate::uploads::Uploads;

/// The settings that all clients share.
#[derive(Debug, Clone)]
pub struct Clients {
    shared: SdkConfig,
    connector: Connector,
    credentials: Credentials,
    region: String,
    endpoint: Option<String>,
}

impl Clients {
    /// Reads region and credentials from the environment that Lambda gives. Errors name the missing variable.
    pub fn from_environment() -> Result<Self, Fatal> {
        let connector = Connector::new()?;
        let credentials = Credentials::new(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            optional("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let region = required("AWS_REGION")?;
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_millis(1500))
            .operation_timeout(Duration::from_secs(4));
        let mut shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials.clone()))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)))
            .timeout_config(timeouts.build())
            .http_client(connector.clone());
        let endpoint = optional("AWS_ENDPOINT_URL");
        if let Some(url) = &endpoint {
            shared = shared.endpoint_url(url);
        }
        Ok(Self { shared: shared.build(), connector, credentials, region, endpoint })
    }

    /// The table that `TABLE_NAME` names.
    pub fn storage(&self) -> Result<Storage, Fatal> {
        let config = storage::with_conflicts_tried_again(aws_sdk_dynamodb::config::Builder::from(&self.shared));
        Ok(Storage::new(aws_sdk_dynamodb::Client::from_conf(config.build()), required("TABLE_NAME")?))
    }

    /// The queue whose URL the variable holds.
    pub fn queue(&self, variable: &'static str) -> Result<SqsQueue, Fatal> {
        Ok(SqsQueue::new(aws_sdk_sqs::Client::new(&self.shared), required(variable)?))
    }

    /// The bucket that the variable names.
    pub fn bucket(&self, variable: &'static str) -> Result<Bucket, Fatal> {
        Ok(Bucket::new(&required(variable)?, &self.region, self.endpoint.as_deref(), self.credentials.clone()))
    }

    /// The bucket of parcels that the variable names.
    pub fn parcels(&self, variable: &'static str) -> Result<Parcels, Fatal> {
        Ok(Parcels::new(self.bucket(variable)?, self.connector.clone()))
    }

    /// The bucket of uploads that one variable names, and that of the files of messages that the other does.
    pub fn uploads(&self, uploads: &'static str, kept: &'static str) -> Result<Uploads, Fatal> {
        Ok(Uploads::new(self.bucket(uploads)?, self.bucket(kept)?, self.connector.clone()))
    }

    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.shared)
    }
}
