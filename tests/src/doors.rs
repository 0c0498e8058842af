//! The webhook's door: who is let in, and what becomes of what nobody understands.

use serde_json::{Value, json};

use crate::world::cloud_api::{self, APP_SECRET, COMERCIAL};
use crate::world::{Host, people, secrets};

const WEBHOOK: &str = "/webhook/whatsapp";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_not_proven_is_refused_and_leaves_nothing() {
    let data = tempfile::tempdir().unwrap();
    let app = |secret: &str| json!({ "app_secrets": [secret], "verify_tokens": ["demo-verify-token"] });
    let apps = json!({ "apps": { "default": app(APP_SECRET), "second": app("second-app-secret") } });
    secrets::write(data.path(), &[("WhatsappAppsSecret", apps)]);
    let host = Host::on(data.path()).await;
    host.templates_are_read().await;
    let before = host.items().await;
    let body = a_message(COMERCIAL);
    let good = cloud_api::signature(APP_SECRET, &body);
    let zeros = format!("sha256={}", "0".repeat(64));
    let of_another_body = cloud_api::signature(APP_SECRET, b"{}");
    let of_another_app = cloud_api::signature("second-app-secret", &body);
    let sha1 = good.replace("sha256=", "sha1=");
    for signature in ["", "sha256=", &zeros, &good[7..], &sha1, &good[..70], &of_another_body, &of_another_app] {
        let answer = host.post_bytes(WEBHOOK, &[("x-hub-signature-256", signature)], body.clone()).await;
        assert_eq!(answer.status, 401, "{signature}");
    }
    assert_eq!(host.post_bytes(WEBHOOK, &[], body.clone()).await.status, 401);
    assert_eq!(host.post_signed("/webhook/whatsapp/second", APP_SECRET, body.clone()).await.status, 401);
    assert_eq!(host.post_signed("/webhook/whatsapp/unknown", APP_SECRET, body.clone()).await.status, 401);
    assert_eq!(host.depth("inbound.fifo").await, (0, 0));
    assert_eq!(host.items().await, before);

    // A body that the second app did sign is taken; what it says of the first app's number is not believed.
    host.post_signed("/webhook/whatsapp/second", "second-app-secret", body).await.expect(200);
    host.settled().await;
    assert_eq!(host.items_at("ORG#demo#TKT#", "").await.len(), 0);
    assert_eq!(reasons(&host).await, ["unknown_connection"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proven_body_that_nobody_understands_is_kept_for_inspection_and_makes_no_ticket() {
    let host = Host::fresh().await;
    let before = host.items().await;
    let mut nobody = cloud_api::text(&people::phone(1), &people::message_id(), &people::words(1));
    nobody.as_object_mut().unwrap().remove("from");
    let other_field = json!({ "field": "made_up_field", "value": { "text": people::words(2) } });
    let bodies: [Vec<u8>; 5] = [
        format!("{{\"text\": \"{}", people::words(3)).into_bytes(),
        json!({ "object": "page", "entry": [{ "id": people::phone(4) }] }).to_string().into_bytes(),
        cloud_api::body(&[other_field]).to_string().into_bytes(),
        cloud_api::body(&[cloud_api::messages(COMERCIAL, &[nobody])]).to_string().into_bytes(),
        a_message("999999999999999"),
    ];
    for body in &bodies {
        host.post_signed(WEBHOOK, APP_SECRET, body.clone()).await.expect(200);
    }
    host.settled().await;
    let mut reasons = reasons(&host).await;
    reasons.sort();
    assert_eq!(reasons.len(), bodies.len(), "{reasons:?}");
    assert!(
        reasons.contains(&"unknown_connection".to_owned()) && reasons.contains(&"no_sender".to_owned()),
        "{reasons:?}"
    );
    for kept in host.items_at("INSPECT#", "").await {
        assert!(!kept["raw"]["S"].as_str().unwrap().is_empty(), "{kept}");
        assert!(kept["expires_at"]["N"].is_string(), "{kept}");
    }
    let rest: Vec<Value> = host
        .items()
        .await
        .into_iter()
        .filter(|item| !item["pk"]["S"].as_str().unwrap().starts_with("INSPECT#"))
        .collect();
    assert_eq!(rest, before);
    assert_eq!(host.depth("inbound-dead.fifo").await, (0, 0));
    assert_eq!(host.agent("carla").get("/api/tickets").await.expect(200)["pagination"]["total"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn meta_s_question_is_answered_to_whoever_knows_the_verify_token() {
    let host = Host::fresh().await;
    let ask = async |token: &str| {
        let query = [("hub.mode", "subscribe"), ("hub.challenge", "1158201444"), ("hub.verify_token", token)];
        crate::world::Answer::to(host.http.get(format!("{}{WEBHOOK}", host.api_url)).query(&query)).await
    };
    assert_eq!(ask("demo-verify-token").await.expect(200), json!(1_158_201_444));
    ask("another-token").await.expect(403);
    ask("").await.expect(403);
}

/// Why each unit was kept.
async fn reasons(host: &Host) -> Vec<String> {
    let kept = host.items_at("INSPECT#", "").await;
    kept.iter().map(|item| item["reason"]["S"].as_str().unwrap().to_owned()).collect()
}

fn a_message(number: &str) -> Vec<u8> {
    let message = cloud_api::text(&people::phone(1), &people::message_id(), &people::words(1));
    cloud_api::body(&[cloud_api::messages(number, &[message])]).to_string().into_bytes()
}
