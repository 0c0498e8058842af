//! The host's AWS endpoint as its operator sees it: queues, functions, processes, counted requests.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::host::Host;

impl Host {
    /// The operator's key and its secret, as the data directory holds them.
    pub(crate) fn operator_key(&self) -> anyhow::Result<(String, String)> {
        let file: Value = serde_json::from_slice(&std::fs::read(self.data().join("secrets.json"))?)?;
        let part = |name: &str| file["operator"][name].as_str().map(str::to_owned).context("no operator's key");
        Ok((part("access_key_id")?, part("secret_access_key")?))
    }

    /// One call of a JSON service, such as `AmazonSQS.ReceiveMessage`; it must succeed.
    pub(crate) async fn aws(&self, target: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.http.post(&self.aws_url).header("x-amz-target", target);
        let request = request.header("x-amz-date", "20260101T000000Z");
        self.answered(request.header("content-type", "application/x-amz-json-1.0").body(body.to_string())).await
    }

    /// Runs a function once, by Lambda Invoke; its answer.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.aws_url);
        self.answered(self.http.post(url).body(event.to_string())).await
    }

    /// The processes of each function, by the function's name as its folder has it.
    pub(crate) async fn processes(&self) -> anyhow::Result<BTreeMap<String, Vec<u32>>> {
        self.of_functions(|function| {
            let pids = function["processes"].as_array()?.iter().filter_map(|process| process["pid"].as_u64());
            Some(pids.filter_map(|pid| u32::try_from(pid).ok()).collect())
        })
        .await
    }

    /// How many invocations of each function have ended.
    pub(crate) async fn invocations(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        self.of_functions(|function| function["invocations"].as_u64()).await
    }

    async fn of_functions<T>(&self, read: impl Fn(&Value) -> Option<T>) -> anyhow::Result<BTreeMap<String, T>> {
        let told = self.answered(self.http.get(format!("{}/_turno/functions", self.aws_url))).await?;
        let functions = told["functions"].as_array().context("the host lists no functions")?;
        let of = |function: &Value| {
            let name = function["name"].as_str()?.strip_prefix("turno-")?.to_owned();
            Some((name, read(function)?))
        };
        Ok(functions.iter().filter_map(of).collect())
    }

    /// How many calls of each operation the endpoint has judged, by caller: `IngestFunction dynamodb:PutItem`.
    pub(crate) async fn requests(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        let mut told = self.answered(self.http.get(format!("{}/_turno/requests", self.aws_url))).await?;
        serde_json::from_value(told["requests"].take()).context("the host counts no requests")
    }

    /// The URL of a queue of the template.
    pub(crate) async fn queue_url(&self, queue: &str) -> anyhow::Result<String> {
        let told = self.aws("AmazonSQS.GetQueueUrl", &json!({ "QueueName": format!("turno-{queue}") })).await?;
        Ok(told["QueueUrl"].as_str().unwrap_or_default().to_owned())
    }

    /// How many messages wait in a queue or are being worked on.
    pub(crate) async fn depth(&self, queue: &str) -> anyhow::Result<u64> {
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let request = json!({ "QueueUrl": self.queue_url(queue).await?, "AttributeNames": names });
        let told = self.aws("AmazonSQS.GetQueueAttributes", &request).await?;
        let count = |name: &str| told["Attributes"][name].as_str().and_then(|count| count.parse::<u64>().ok());
        names.iter().map(|name| count(name)).sum::<Option<u64>>().context("the queue does not say how deep it is")
    }

    /// Waits until nothing that was accepted is left to do: the queues with consumers are empty, and for a moment no line was
    /// logged.
    pub(crate) async fn settled(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_mins(5);
        let mut lines = self.log.mark();
        loop {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let quiet = std::mem::replace(&mut lines, self.log.mark()) == lines;
            if quiet && self.depth("inbound.fifo").await? == 0 && self.depth("outbound.fifo").await? == 0 {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("the host has not come to rest within five minutes");
            }
        }
    }

    /// The answer's JSON. Errors name the status and the body.
    async fn answered(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let (key, _) = self.operator_key()?;
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/any/aws4_request, SignedHeaders=host, Signature=0"
        );
        let response = request.header("authorization", credential).send().await?;
        let (status, url) = (response.status(), response.url().to_string());
        let error = response.headers().contains_key("x-amz-function-error");
        let text = response.text().await?;
        if !status.is_success() || error {
            bail!("{url} answered {status}: {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("{url} answered no JSON: {text}"))
    }
}
