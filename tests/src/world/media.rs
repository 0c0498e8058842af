//! Files that customers send: put where Meta has them, announced by webhooks, and downloaded as an agent's browser does.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Answer, Host, Session, cloud_api, eventually, people};

impl Host {
    /// Has the simulator hold a file, and deal so with the next calls about it; what a webhook says of it.
    pub(crate) async fn attach(&self, media_type: &str, bytes: Vec<u8>, outcomes: &str) -> Value {
        let url = self.simulator("media");
        let request = self.http.post(url).query(&[("type", media_type), ("outcomes", outcomes)]);
        Answer::to(request.bearer_auth("demo-access-token").body(bytes)).await.expect(200)
    }

    /// A message with a file, on a connection of the demo; its id.
    pub(crate) async fn say_file(&self, number: &str, from: &str, kind: &str, file: Value) -> String {
        let id = people::message_id();
        let mut message = cloud_api::text(from, &id, "");
        message.as_object_mut().unwrap().remove("text");
        message["type"] = json!(kind);
        message[kind] = file;
        self.post_whatsapp(&cloud_api::body(&[cloud_api::messages(number, &[message])])).await.expect(200);
        id
    }

    /// What is behind a link, as a browser gets it: without any token.
    pub(crate) async fn download(&self, link: &Value) -> Vec<u8> {
        let answer = self.http.get(link["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("attachment;"));
        assert_eq!(answer.headers()["content-type"], link["media_type"].as_str().unwrap());
        answer.bytes().await.unwrap().to_vec()
    }
}

impl Session {
    /// The message of a provider's id, in one of the first tickets, as far as the agent sees them.
    pub(crate) async fn message_of(&self, tickets: u32, id: &str) -> Option<Value> {
        for number in 1..=tickets {
            let messages = self.get(&format!("/api/tickets/{number}/messages?limit=100")).await;
            let all = messages.body.as_array().cloned().unwrap_or_default();
            if let Some(found) = all.into_iter().find(|message| message["provider_message_id"] == id) {
                return Some(found);
            }
        }
        None
    }

    /// The same once its file is in this state.
    pub(crate) async fn file_is(&self, state: &str, tickets: u32, id: &str, limit: Duration) -> Value {
        eventually(&format!("the file of {id} is {state}"), limit, async || {
            self.message_of(tickets, id).await.filter(|message| message["media"]["state"] == state)
        })
        .await
    }
}
