//! The webhook as providers call it.

use futures_util::future::join_all;
use serde_json::Value;

use super::{Answer, Host, cloud_api, people};

impl Host {
    /// One text on a connection of the demo; its id.
    pub(crate) async fn say(&self, number: &str, from: &str) -> String {
        let id = people::message_id();
        let message = cloud_api::text(from, &id, &people::words(1));
        self.post_whatsapp(&cloud_api::body(&[cloud_api::messages(number, &[message])])).await.expect(200);
        id
    }

    /// A body signed by the demo's app.
    pub(crate) async fn post_whatsapp(&self, body: &Value) -> Answer {
        self.post_signed("/webhook/whatsapp", cloud_api::APP_SECRET, body.to_string().into_bytes()).await
    }

    /// Bodies signed by the demo's app, all at once; all must be taken.
    pub(crate) async fn post_all(&self, bodies: &[Value]) {
        for answer in join_all(bodies.iter().map(|body| self.post_whatsapp(body))).await {
            answer.expect(200);
        }
    }

    /// Bytes signed with any secret, to any path.
    pub(crate) async fn post_signed(&self, path: &str, secret: &str, body: Vec<u8>) -> Answer {
        let signature = cloud_api::signature(secret, &body);
        self.post_bytes(path, &[("x-hub-signature-256", &signature)], body).await
    }

    /// A body posted with a gateway's bearer token.
    pub(crate) async fn post_baileys(&self, token: &str, body: &Value) -> Answer {
        let authorization = format!("Bearer {token}");
        self.post_bytes("/webhook/baileys", &[("authorization", &authorization)], body.to_string().into_bytes()).await
    }

    /// Bytes with these headers.
    pub(crate) async fn post_bytes(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let request = self.http.post(format!("{}{path}", self.api_url)).header("content-type", "application/json");
        Answer::to(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(body))
            .await
    }
}
