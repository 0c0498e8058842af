//! Files that agents put, as the console does, and what the provider got of them.

use serde_json::{Value, json};

use super::{Answer, Host, Session};

impl Session {
    /// Puts a file; its id.
    pub(crate) async fn upload(&self, name: &str, media_type: &str, bytes: &[u8]) -> String {
        let link = self.invitation(name, media_type, bytes.len()).await;
        assert_eq!(self.put_by(&link, bytes.to_vec()).await, 200);
        link["id"].as_str().unwrap().to_owned()
    }

    /// A link to put a file of this length.
    pub(crate) async fn invitation(&self, name: &str, media_type: &str, size: usize) -> Value {
        self.post("/v3/uploads", json!({ "name": name, "media_type": media_type, "size": size })).await.expect(201)
    }

    /// Puts bytes by a link, without a token; the store's answer.
    pub(crate) async fn put_by(&self, link: &Value, bytes: Vec<u8>) -> u16 {
        assert_eq!(link["method"], "PUT");
        let mut request = reqwest::Client::new().put(link["url"].as_str().unwrap());
        for (name, value) in link["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        request.body(bytes).send().await.unwrap().status().as_u16()
    }
}

impl Host {
    /// A file that Meta was given, as it gives it out again: what it takes it for, and its bytes.
    pub(crate) async fn given(&self, id: &str) -> (String, Vec<u8>) {
        let get = |url: String| self.http.get(url).bearer_auth("demo-access-token");
        let located = Answer::to(get(format!("{}/{id}", self.graph_url))).await.expect(200);
        let file = get(located["url"].as_str().unwrap().to_owned()).send().await.unwrap();
        assert_eq!(file.status(), 200);
        (located["mime_type"].as_str().unwrap().to_owned(), file.bytes().await.unwrap().to_vec())
    }
}
