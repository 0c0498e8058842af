//! Where a behaviour plays: an endpoint, queues of its own, and what AWS's client sees there in few words.

#![expect(clippy::needless_pass_by_value, reason = "what a call has given is handed in as it is")]

use std::sync::Arc;
use std::time::Instant;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::receive_message::builders::ReceiveMessageFluentBuilder;
use aws_sdk_sqs::operation::send_message::SendMessageOutput;
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};

/// What a call gave, or the code with which it was refused.
pub(super) type Seen<T> = Result<T, String>;

/// The endpoint, for one behaviour.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) client: Client,
    prefix: Arc<str>,
}

impl Scene {
    pub(super) fn new(url: &str, number: usize) -> Self {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("operator", "operator", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(url);
        let prefix = format!("b{number}-{:08x}", fastrand::u32(..)).into();
        Self { client: Client::from_conf(config.build()), prefix }
    }

    /// The same endpoint, with other names.
    pub(super) fn anew(&self) -> Self {
        let prefix = format!("{}-{:04x}", self.prefix, fastrand::u16(..)).into();
        Self { client: self.client.clone(), prefix }
    }

    /// A name that no other behaviour has.
    pub(super) fn name(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.prefix)
    }

    pub(super) async fn standard(&self, attributes: &[(QueueAttributeName, &str)]) -> Seen<Queue> {
        self.queue("q", attributes).await
    }

    pub(super) async fn fifo(&self, attributes: &[(QueueAttributeName, &str)]) -> Seen<Queue> {
        self.queue("q.fifo", attributes).await
    }

    /// A queue; one whose suffix says so is a FIFO queue.
    pub(super) async fn queue(&self, suffix: &str, attributes: &[(QueueAttributeName, &str)]) -> Seen<Queue> {
        let mut call = self.client.create_queue().queue_name(self.name(suffix));
        if suffix.strip_suffix(".fifo").is_some() {
            call = call.attributes(QueueAttributeName::FifoQueue, "true");
        }
        for (name, value) in attributes {
            call = call.attributes(name.clone(), *value);
        }
        let created = call.send().await.map_err(refusal)?;
        Ok(Queue { client: self.client.clone(), url: created.queue_url.unwrap_or_default() })
    }
}

/// The time in which a behaviour must have looked: a visibility timeout, a delay, a wait.
#[derive(Clone, Copy)]
pub(super) struct Time {
    pub(super) secs: u8,
    started: Instant,
}

impl Time {
    /// Times to try one after the other; with a second more, the last is still a long poll.
    pub(super) const TRIED: [u8; 3] = [2, 6, 18];

    const OVER: &str = "the machine was too slow";

    pub(super) fn start(secs: u8) -> Self {
        Self { secs, started: Instant::now() }
    }

    /// As the value of an attribute.
    pub(super) fn text(self) -> String {
        self.secs.to_string()
    }

    /// An error when the time is over: what was seen says nothing then.
    pub(super) fn is_left(self) -> Seen<()> {
        if self.started.elapsed().as_secs() < u64::from(self.secs) { Ok(()) } else { Err(Self::OVER.to_owned()) }
    }

    /// Whether a behaviour has ended for want of time.
    pub(super) fn was_over(seen: &Seen<String>) -> bool {
        seen.as_ref().is_err_and(|error| error == Self::OVER)
    }
}

/// One queue.
#[derive(Clone)]
pub(super) struct Queue {
    pub(super) client: Client,
    pub(super) url: String,
}

impl Queue {
    pub(super) async fn send(&self, body: &str) -> Seen<SendMessageOutput> {
        self.send_as(body, |call| call).await
    }

    /// To a group; the body is the deduplication id.
    pub(super) async fn send_to(&self, group: &str, body: &str) -> Seen<SendMessageOutput> {
        self.send_as(body, |call| call.message_group_id(group).message_deduplication_id(body)).await
    }

    pub(super) async fn send_as(
        &self,
        body: &str,
        with: impl FnOnce(SendMessageFluentBuilder) -> SendMessageFluentBuilder,
    ) -> Seen<SendMessageOutput> {
        with(self.client.send_message().queue_url(&self.url).message_body(body)).send().await.map_err(refusal)
    }

    /// What there is now, up to ten messages.
    pub(super) async fn receive(&self) -> Seen<Vec<Message>> {
        self.receive_as(|call| call.max_number_of_messages(10)).await
    }

    /// What there is or comes within twenty seconds, up to ten messages.
    pub(super) async fn wait(&self) -> Seen<Vec<Message>> {
        self.receive_as(|call| call.max_number_of_messages(10).wait_time_seconds(20)).await
    }

    pub(super) async fn receive_as(
        &self,
        with: impl FnOnce(ReceiveMessageFluentBuilder) -> ReceiveMessageFluentBuilder,
    ) -> Seen<Vec<Message>> {
        let call = self.client.receive_message().queue_url(&self.url);
        let call = call.message_system_attribute_names(MessageSystemAttributeName::All);
        Ok(with(call).send().await.map_err(refusal)?.messages.unwrap_or_default())
    }

    pub(super) async fn delete(&self, message: &Message) -> Seen<()> {
        let call = self.client.delete_message().queue_url(&self.url);
        call.set_receipt_handle(message.receipt_handle.clone()).send().await.map(drop).map_err(refusal)
    }

    pub(super) async fn hide(&self, message: &Message, secs: i32) -> Seen<()> {
        let call = self.client.change_message_visibility().queue_url(&self.url).visibility_timeout(secs);
        call.set_receipt_handle(message.receipt_handle.clone()).send().await.map(drop).map_err(refusal)
    }

    pub(super) async fn attribute(&self, name: QueueAttributeName) -> Seen<String> {
        let call = self.client.get_queue_attributes().queue_url(&self.url).attribute_names(name.clone());
        let attributes = call.send().await.map_err(refusal)?.attributes.unwrap_or_default();
        Ok(attributes.get(&name).cloned().unwrap_or("absent".to_owned()))
    }

    pub(super) async fn arn(&self) -> Seen<String> {
        self.attribute(QueueAttributeName::QueueArn).await
    }

    /// How many messages are visible, in flight and delayed.
    pub(super) async fn counts(&self) -> Seen<String> {
        let visible = self.attribute(QueueAttributeName::ApproximateNumberOfMessages).await?;
        let in_flight = self.attribute(QueueAttributeName::ApproximateNumberOfMessagesNotVisible).await?;
        let delayed = self.attribute(QueueAttributeName::ApproximateNumberOfMessagesDelayed).await?;
        Ok(format!("{visible} visible, {in_flight} in flight, {delayed} delayed"))
    }
}

/// The code with which a call was refused.
pub(super) fn refusal<E: ProvideErrorMetadata, R>(error: SdkError<E, R>) -> String {
    error.code().map_or_else(|| format!("no answer: {error}"), str::to_owned)
}

/// `taken`, or the code with which it was refused.
pub(super) fn taken<T>(outcome: Seen<T>) -> String {
    outcome.map_or_else(|code| code, |_| "taken".to_owned())
}

/// `taken` or `refused`: where AWS's documentation names no code.
pub(super) fn whether<T, E>(outcome: Result<T, E>) -> &'static str {
    if outcome.is_ok() { "taken" } else { "refused" }
}

/// The bodies, in order; `nothing` if there are none.
pub(super) fn bodies(messages: &[Message]) -> String {
    if messages.is_empty() {
        return "nothing".to_owned();
    }
    messages.iter().map(|message| message.body().unwrap_or("no body")).collect::<Vec<_>>().join(" ")
}

/// A system attribute of a message; `absent` where it has none.
pub(super) fn attribute(message: &Message, name: MessageSystemAttributeName) -> &str {
    message.attributes().and_then(|attributes| attributes.get(&name)).map_or("absent", String::as_str)
}

/// The only message, or what came instead.
pub(super) fn only(messages: Vec<Message>) -> Seen<Message> {
    let [message] = <[Message; 1]>::try_from(messages).map_err(|others| format!("received {}", bodies(&others)))?;
    Ok(message)
}
