//! What becomes of a sent message, told to the webhook: one signed request a status, the next only when the last was
//! acknowledged with 200.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::errors::title;
use super::message::{Outbound, Recipient};
use crate::client::Client;
use crate::meta;
use crate::secrets::Secrets;

/// How long after the one before each status is told: quick enough to watch, slow enough to be seen in between.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest wait between attempts. Meta goes on for days; the simulator goes on while the host runs.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The end of a message's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Read,
    /// Meta's code.
    Failed(u32),
}

/// Tells statuses in the background. Clones share everything.
#[derive(Clone)]
pub(super) struct Reporter {
    secrets: Secrets,
    api_url: Arc<str>,
    client: Client,
    stopping: watch::Receiver<bool>,
}

impl Reporter {
    pub(super) fn new(secrets: Secrets, api_url: String, client: Client, stopping: watch::Receiver<bool>) -> Self {
        Self { secrets, api_url: api_url.into(), client, stopping }
    }

    /// Returns at once.
    pub(super) fn report(&self, phone_number_id: &str, id: String, message: Outbound, told: Told) {
        let (mut reporter, phone_number_id) = (self.clone(), phone_number_id.to_owned());
        tokio::spawn(async move {
            let statuses: &[&str] = match told {
                Told::Read => &["sent", "delivered", "read"],
                Told::Failed(..) => &["failed"],
            };
            for status in statuses {
                if reporter.pause(PAUSE).await {
                    return;
                }
                let at = crate::clock::now();
                let body = meta::envelope(&phone_number_id, value(&id, &message, status, told, at));
                if reporter.tell(&body).await {
                    return;
                }
            }
        });
    }

    /// Sends until it is acknowledged; true when the host stops first.
    async fn tell(&mut self, body: &Value) -> bool {
        let mut wait = PAUSE;
        while !self.acknowledged(body).await {
            if self.pause(wait).await {
                return true;
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        false
    }

    async fn acknowledged(&self, body: &Value) -> bool {
        let Ok(secrets) = self.secrets.read() else { return false };
        let request = meta::signed(&self.api_url, secrets.app_secret().unwrap_or_default(), meta::written(body));
        let Ok(request) = request else { return false };
        match self.client.send(request).await {
            Ok(answer) if answer.status == StatusCode::OK => true,
            Ok(answer) => {
                tracing::warn!(status = %answer.status, "the webhook did not take a status");
                false
            }
            Err(error) => {
                tracing::warn!(error = crate::error::on_one_line(&error), "the webhook was not reached");
                false
            }
        }
    }

    async fn pause(&mut self, duration: Duration) -> bool {
        tokio::time::timeout(duration, self.stopping.wait_for(|stopping| *stopping)).await.is_ok()
    }
}

/// The `statuses` of one change.
fn value(id: &str, message: &Outbound, status: &str, told: Told, at: Timestamp) -> Value {
    let mut told_status = json!({ "id": id, "status": status, "timestamp": at.as_second().to_string() });
    match &message.recipient {
        Recipient::Phone(phone) => told_status["recipient_id"] = json!(phone),
        Recipient::User(user) => told_status["recipient_user_id"] = json!(user),
    }
    if let Some(data) = &message.callback_data {
        told_status["biz_opaque_callback_data"] = json!(data);
    }
    match told {
        Told::Failed(code) => {
            let title = title(code);
            told_status["errors"] = json!([{ "code": code, "title": title, "message": title }]);
        }
        Told::Read => {
            let (pricing_model, kind, category) = ("PMP", "free_customer_service", "service");
            told_status["pricing"] =
                json!({ "billable": false, "pricing_model": pricing_model, "type": kind, "category": category });
        }
    }
    json!({ "statuses": [told_status] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_names_the_message_the_recipient_and_the_sender_s_own_mark() {
        let message =
            Outbound { recipient: Recipient::Phone("77079861373".into()), callback_data: Some("msg_1".into()) };
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        let read = value("wamid.1", &message, "read", Told::Read, at);
        assert_eq!(read["statuses"][0]["timestamp"], "1767225600");
        assert_eq!(read["statuses"][0]["biz_opaque_callback_data"], "msg_1");
        assert_eq!(read["statuses"][0]["recipient_id"], "77079861373");
        let failed = value("wamid.1", &message, "failed", Told::Failed(131_026), at);
        assert_eq!(failed["statuses"][0]["errors"][0]["code"], 131_026);
    }
}
