//! A table of its own for each test.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use storage::Storage;

/// A storage on a fresh table. Every test has its own server, so that the units it counts are its own.
pub(crate) async fn fresh() -> Storage {
    fresh_through(|client| client).await
}

/// As `fresh`, with a client between the code and the engine.
pub(crate) async fn fresh_through(wrap: impl FnOnce(SharedHttpClient) -> SharedHttpClient) -> Storage {
    Table::fresh().await.through(wrap)
}

/// A client that gives each call to `call`, with the way to the engine.
pub(crate) fn between<F>(inner: SharedHttpClient, call: F) -> SharedHttpClient
where
    F: Fn(&SharedHttpConnector, HttpRequest) -> HttpConnectorFuture + Clone + Send + Sync + 'static,
{
    http_client_fn(move |settings, components| {
        let engine = inner.http_connector(settings, components);
        SharedHttpConnector::new(Between { engine, call: call.clone() })
    })
}

struct Between<F> {
    engine: SharedHttpConnector,
    call: F,
}

impl<F> std::fmt::Debug for Between<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Between")
    }
}

impl<F> HttpConnector for Between<F>
where
    F: Fn(&SharedHttpConnector, HttpRequest) -> HttpConnectorFuture + Send + Sync,
{
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        (self.call)(&self.engine, request)
    }
}

/// A table of its own.
pub(crate) struct Table {
    config: aws_sdk_dynamodb::config::Builder,
    http: SharedHttpClient,
    name: String,
}

impl Table {
    /// A fresh one.
    pub(crate) async fn fresh() -> Self {
        let endpoint = match std::env::var("TURNO_DYNAMODB") {
            Ok(endpoint) => endpoint,
            Err(_) => serve().await,
        };
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(endpoint)
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)));
        let config = storage::with_conflicts_tried_again(config);
        let http = SharedHttpClient::new(aws_smithy_http_client::Builder::new().build_http());
        let name = format!("turno-{}", fastrand::u64(..));
        create(&Client::from_conf(config.clone().http_client(http.clone()).build()), &name).await;
        Self { config, http, name }
    }

    /// Every item on it.
    pub(crate) async fn items(&self) -> Vec<HashMap<String, AttributeValue>> {
        let client = Client::from_conf(self.config.clone().http_client(self.http.clone()).build());
        client
            .scan()
            .table_name(&self.name)
            .consistent_read(true)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .unwrap()
    }

    /// A storage on it, with a client between the code and the engine.
    pub(crate) fn through(&self, wrap: impl FnOnce(SharedHttpClient) -> SharedHttpClient) -> Storage {
        let config = self.config.clone().http_client(wrap(self.http.clone()));
        Storage::new(Client::from_conf(config.build()), &self.name)
    }
}

async fn serve() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    endpoint
}

async fn create(client: &Client, table: &str) {
    let key =
        |name: &str, kind: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let attribute = |name: &str, kind: ScalarAttributeType| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    let index = |name: &str, pk: &str, sk: &str, projection: ProjectionType| {
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .key_schema(key(pk, KeyType::Hash))
            .key_schema(key(sk, KeyType::Range))
            .projection(Projection::builder().projection_type(projection).build())
            .build()
            .unwrap()
    };
    let mut call = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index("by_number", "n_pk", "n_sk", ProjectionType::All))
        .global_secondary_indexes(index("board", "b_pk", "b_sk", ProjectionType::All))
        .global_secondary_indexes(index("due", "d_pk", "d_sk", ProjectionType::KeysOnly));
    for name in ["pk", "sk", "n_pk", "b_pk", "b_sk", "d_pk", "d_sk"] {
        call = call.attribute_definitions(attribute(name, ScalarAttributeType::S));
    }
    call.attribute_definitions(attribute("n_sk", ScalarAttributeType::N)).send().await.unwrap();
    // A local engine's table is there at once; another's may take a moment.
    while client.describe_table().table_name(table).send().await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
