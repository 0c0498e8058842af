//! The HTTP API as an agent with a token calls it.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::cloud_api::COMERCIAL;
use super::{Host, people};

/// An answer, read to its end. A body that is not JSON is a JSON string.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// Sends the request.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        Self::of(request).await.unwrap()
    }

    /// As `to`; nothing when nobody answers, or not to the end.
    pub(crate) async fn try_to(request: RequestBuilder) -> Option<Self> {
        Self::of(request).await.ok()
    }

    async fn of(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok(Self { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

/// One agent's use of the API.
#[derive(Clone)]
pub(crate) struct Session {
    http: Client,
    api_url: String,
    token: String,
}

impl Session {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// Posts under a key, so that it is carried out once.
    pub(crate) async fn keyed(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = self.http.post(format!("{}{path}", self.api_url)).bearer_auth(&self.token);
        Answer::to(request.header("Idempotency-Key", key).json(body)).await
    }

    /// A request, with the token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.api_url)).bearer_auth(&self.token)
    }

    /// Calls the API; a body is sent as JSON.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path);
        Answer::to(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }
}

impl Host {
    /// An agent of the demo organization, signed in.
    pub(crate) fn agent(&self, agent: &str) -> Session {
        self.signed_in(self.token("demo", agent))
    }

    /// Ana, who has claimed the tickets of people 1 to `count`; ticket `n` is that of person `n`.
    pub(crate) async fn claimed(&self, count: usize) -> Session {
        let ana = self.agent("ana");
        for person in 1..=count {
            self.say(COMERCIAL, &people::phone(person)).await;
            self.settled().await;
            ana.post(&format!("/api/tickets/{person}/claim"), json!({})).await.expect(200);
        }
        ana
    }

    /// Whoever has this token.
    pub(crate) fn signed_in(&self, token: impl Into<String>) -> Session {
        Session { http: self.http.clone(), api_url: self.api_url.clone(), token: token.into() }
    }

    /// A token as `turno token` prints it.
    pub(crate) fn token(&self, org: &str, agent: &str) -> String {
        self.command(&["token", "--org", org, "--agent", agent])
    }
}
