//! The same tools as a remote MCP server: the protocol's messages over HTTP, as its clients send them.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::cloud_api::COMERCIAL;
use crate::world::{Host, people};

const ACCEPT: &str = "application/json, text/event-stream";
const VERSION: &str = "2025-06-18";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_finds_and_calls_the_tools_of_its_conversation() {
    let (host, client) = client(&[]).await;
    let begun = client
        .ask(
            "initialize",
            json!({
                "protocolVersion": VERSION, "capabilities": {}, "clientInfo": { "name": "journey", "version": "1" },
            }),
        )
        .await;
    assert_eq!(
        (&begun["result"]["protocolVersion"], &begun["result"]["serverInfo"]["name"]),
        (&json!(VERSION), &json!("turno"))
    );
    assert!(begun["result"]["capabilities"]["tools"].is_object(), "{begun}");
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(client.send(&[], &initialized).await.status(), StatusCode::ACCEPTED);

    let listed = client.ask("tools/list", json!({})).await["result"]["tools"].take();
    let names: Vec<&str> = listed.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["create_ticket_report", "get_ticket_information", "get_reply_context"]);
    assert_eq!(listed[0]["inputSchema"]["required"], json!(["title", "description"]));
    assert_eq!(listed[2]["annotations"]["readOnlyHint"], true);

    let call = async |name: &str, arguments: Value| {
        client.ask("tools/call", json!({ "name": name, "arguments": arguments })).await
    };
    let report = json!({ "title": "Pedido", "description": people::words(2) });
    let made = call("create_ticket_report", report.clone()).await["result"].take();
    let output = &made["structuredContent"];
    assert_eq!((&made["isError"], &output["success"]), (&json!(false), &json!(true)));
    let text: Value = serde_json::from_str(made["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, *output);
    assert_eq!(call("create_ticket_report", report).await["result"]["structuredContent"], *output);
    assert_eq!(host.agent("dora").get("/v3/tickets/1").await.expect(200)["source"], "ai");
    let told = call("get_ticket_information", json!({ "ticketId": output["ticketId"] })).await;
    assert_eq!(told["result"]["structuredContent"]["title"], "Pedido");
    let read = call("get_reply_context", json!({})).await["result"]["structuredContent"].take();
    assert_eq!((&read["window"]["isOpen"], read["messages"].as_array().map(Vec::len)), (&json!(true), Some(1)));

    // What the model does wrong is a result that says so; what the client does wrong, an error of the protocol.
    let wrong = call("create_ticket_report", json!({})).await["result"].take();
    assert_eq!(
        (&wrong["isError"], &wrong["structuredContent"]["error"]),
        (&json!(true), &json!("Missing required fields: title and description"))
    );
    assert_eq!(call("drop_tables", json!({})).await["error"]["code"], -32602);
    assert_eq!(client.ask("resources/delete", json!({})).await["error"]["code"], -32601);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_speaks_another_protocol_or_has_no_key_is_refused() {
    let (host, client) = client(&["tickets:read"]).await;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    // Versions that nobody knows are answered with one that both may know.
    let begun = client.ask("initialize", json!({
        "protocolVersion": "1999-01-01", "capabilities": {}, "clientInfo": { "name": "journey", "version": "1" },
    })).await;
    assert!(begun["result"]["protocolVersion"].as_str().is_some_and(|version| version.starts_with("202")), "{begun}");
    assert_eq!(client.send(&[("mcp-protocol-version", "1999-01-01")], &list).await.status(), 400);
    assert_eq!(client.send(&[("origin", "https://example.org")], &list).await.status(), 403);
    assert_eq!(client.send(&[("accept", "text/html")], &list).await.status(), 406);
    assert_eq!(client.send(&[], &json!("not a message")).await.status().as_u16() / 100, 4);
    for method in [Method::GET, Method::DELETE] {
        let request = host.http.request(method.clone(), &client.url).bearer_auth(&client.key).header("accept", ACCEPT);
        assert_eq!(request.send().await.unwrap().status(), 405, "{method}");
    }
    // A key is told of what it is for alone.
    let listed = client.ask("tools/list", json!({})).await["result"]["tools"].take();
    assert_eq!(
        listed.as_array().unwrap().iter().map(|tool| &tool["name"]).collect::<Vec<_>>(),
        ["get_ticket_information"]
    );
    let call = json!({ "name": "create_ticket_report", "arguments": { "title": "x", "description": "x" } });
    assert_eq!(client.ask("tools/call", call).await["error"]["code"], -32602);

    let bare = host.http.post(&client.url).header("accept", ACCEPT).json(&list).send().await.unwrap();
    assert_eq!((bare.status().as_u16(), bare.headers()["www-authenticate"].to_str().unwrap()), (401, "Bearer"));
    for bad in [host.token("demo", "dora"), client.key.replace("demo", "other")] {
        let request = host.http.post(&client.url).bearer_auth(bad).header("accept", ACCEPT);
        assert_eq!(request.json(&list).send().await.unwrap().status(), 401);
    }
    // Another conversation is the program's to name; one that is not there has no customer.
    let nowhere = Client { url: format!("{}/mcp/cnv_nowhere", host.api_url), ..client };
    let told =
        nowhere.ask("tools/call", json!({ "name": "get_ticket_information", "arguments": { "ticketId": "1" } })).await;
    assert_eq!(told["result"]["structuredContent"]["error"], "Customer not found");
}

/// An MCP client, which needs nothing but HTTP.
struct Client {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Client {
    async fn send(&self, headers: &[(&str, &str)], message: &Value) -> reqwest::Response {
        let mut all = reqwest::header::HeaderMap::new();
        for (name, value) in [("accept", ACCEPT), ("mcp-protocol-version", VERSION)].iter().chain(headers) {
            all.insert(name.parse::<reqwest::header::HeaderName>().unwrap(), value.parse().unwrap());
        }
        self.http.post(&self.url).bearer_auth(&self.key).headers(all).json(message).send().await.unwrap()
    }

    /// A request and its answer, which must be one JSON document.
    async fn ask(&self, method: &str, params: Value) -> Value {
        let message = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
        // The handshake's version is in its body.
        let headers: &[(&str, &str)] = if method == "initialize" {
            &[("mcp-protocol-version", params["protocolVersion"].as_str().unwrap())]
        } else {
            &[]
        };
        let response = self.send(headers, &message).await;
        let (status, kind) = (response.status(), response.headers()["content-type"].clone());
        let text = response.text().await.unwrap();
        assert_eq!((status.as_u16(), kind.to_str().unwrap()), (200, "application/json"), "{method}: {text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["id"], 7);
        answer
    }
}

/// A host to which person 1 has written, and a client of the conversation.
async fn client(scopes: &[&str]) -> (Host, Client) {
    let host = Host::fresh().await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let ticket = host.agent("dora").get("/api/tickets/1").await.expect(200);
    let url = format!("{}/mcp/{}", host.api_url, ticket["conversationId"].as_str().unwrap());
    let mut arguments = vec!["key", "create", "--name", "client"];
    arguments.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
    let key = host.command(&arguments);
    let http = host.http.clone();
    (host, Client { http, url, key })
}
