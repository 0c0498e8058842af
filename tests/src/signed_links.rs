//! Whatever the level of the logs: no signed link and no token stands in them, nor a credential in what is kept for a person to look at.

use serde_json::{Value, json};

use crate::world::cloud_api::COMERCIAL;
use crate::world::template::Template;
use crate::world::{Host, LONG, cloud_api, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_signed_link_is_logged_while_somebody_debugs() {
    let data = tempfile::tempdir().unwrap();
    let level =
        ("Default: info\n    AllowedValues: [error, warn, info, debug]", "Default: debug\n    AllowedValues: [debug]");
    let template = Template::whole().with(level.0, level.1).write(data.path());
    let host = Host::crippled(data.path(), &template).await;
    host.templates_are_read().await;
    let ana = host.claimed(1).await;
    let mut links = Vec::new();
    let invitation = ana.invitation("nota.pdf", "application/pdf", 5).await;
    links.push(invitation["url"].clone());
    // Too many bytes, and then the file.
    assert_ne!(ana.put_by(&invitation, b"123456".to_vec()).await, 200);
    assert_eq!(ana.put_by(&invitation, b"12345".to_vec()).await, 200);
    let upload = &invitation["id"];
    let refuse = |status: u16, code: u32| json!({ "outcome": "refuse", "status": status, "code": code });
    host.script(&format!("{COMERCIAL}/media"), &[refuse(502, 0), json!({ "outcome": "cut", "taken": false })]).await;
    let body = json!({ "type": "document", "document": { "upload": upload } });
    let told = ana.post("/v3/tickets/1/messages", body).await.expect(201);
    let path = format!("/v3/messages/{}", told["id"].as_str().unwrap());
    eventually("it is sent", LONG, async || {
        let message = ana.get(&path).await.expect(200);
        ["read", "failed", "unknown"].iter().any(|end| message["delivery"] == *end).then_some(())
    })
    .await;
    let link = ana.get(&format!("{path}/media")).await.expect(200);
    host.download(&link).await;
    links.push(link["url"].clone());
    ana.post("/v3/tickets/1/notes", json!({ "text": "x", "upload": upload })).await.expect(201);
    let notes = ana.get("/v3/tickets/1/notes").await.expect(200);
    links.push(notes["data"][0]["attachment"]["link"]["url"].clone());
    host.settled().await;
    let written = host.output.lines();
    assert!(written.iter().any(|line| line.contains("\"DEBUG\"")), "nobody debugs");
    let signature = |link: &Value| link.as_str().unwrap().split_once("X-Amz-Signature=").unwrap().1[..64].to_owned();
    for secret in links.iter().map(signature) {
        let telling: Vec<&String> = written.iter().filter(|line| line.contains(&secret)).collect();
        assert!(telling.is_empty(), "{telling:#?}");
    }
    let is_signed = |line: &&String| line.split("ignature=").skip(1).any(|value| !value.starts_with("removed"));
    let signed: Vec<&String> = written.iter().filter(is_signed).collect();
    assert!(signed.is_empty(), "{signed:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_for_inspection_has_no_credential() {
    let host = Host::fresh().await;
    let secret = "s3cret0f0ur0wn1234567890";
    let bodies = [
        cloud_api::body(&[json!({ "field": "made_up", "value": { "a": [{ "Access-Token": secret, "x": [format!("Bearer {secret}")] }],
            "b": json!({ "api_key": secret }).to_string(), "c": format!("https://u:{secret}@example.org/?hash={secret}") } })])
        .to_string(),
        format!("{{\"object\": \"x\", \"password\": \"{secret}"),
        format!("object=x&token={secret}"),
    ];
    for body in &bodies {
        host.post_signed("/webhook/whatsapp", cloud_api::APP_SECRET, body.clone().into_bytes()).await.expect(200);
    }
    host.settled().await;
    let kept = host.items_at("INSPECT#", "").await;
    assert_eq!(kept.len(), bodies.len());
    for item in &kept {
        assert!(!item.to_string().contains(secret), "{item}");
        assert!(item["bytes"]["N"].is_string() && item["digest"]["S"].is_string(), "{item}");
    }
}
