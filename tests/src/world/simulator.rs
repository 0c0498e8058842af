//! The providers' side: what they are to do with the next messages, and what they took.

use serde_json::{Value, json};

use super::{Answer, Host};

impl Host {
    /// Has the simulator deal so with the next messages to somebody, one after the other.
    pub(crate) async fn script(&self, to: &str, outcomes: &[Value]) {
        let request = self.http.post(self.simulator("script")).bearer_auth("demo-access-token");
        Answer::to(request.json(&json!({ "to": to, "outcomes": outcomes }))).await.expect(200);
    }

    /// Every message that the simulator accepted, in order.
    pub(crate) async fn sent(&self) -> Vec<Value> {
        let request = self.http.get(self.simulator("sent")).bearer_auth("demo-access-token");
        serde_json::from_value(Answer::to(request).await.expect(200)["sent"].take()).unwrap()
    }

    pub(super) fn simulator(&self, what: &str) -> String {
        let (root, _version) = self.graph_url.rsplit_once('/').unwrap();
        format!("{root}/_simulator/{what}")
    }
}
