//! Nobody sees another organization's tickets (invariant I7).

use serde_json::{Value, json};

use crate::world::cloud_api::{APP_SECRET, COMERCIAL};
use crate::world::{Host, SOON, connection, eventually, org, people, routes, secrets};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_organization_s_ticket_is_not_found_on_any_route() {
    let host = Host::fresh().await;
    org(&host.storage().await, "other").await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let ours = host.agent("dora");
    let ticket = ours.get("/api/tickets/1").await.expect(200);
    let before = host.items().await;

    let eva = host.signed_in(host.token("other", "eva"));
    let text = |name: &str| ticket[name].as_str().unwrap().to_owned();
    let names = ["1".to_owned(), "%231".to_owned(), text("ticketId"), text("uid"), text("uid")[4..].to_owned()];
    for (method, path) in routes::guarded().into_iter().filter(|(_, path)| path.contains("{id}")) {
        for name in &names {
            let body = json!({ "status": "open", "body": people::words(2) });
            let answer = eva.call(method.clone(), &path.replace("{id}", name), Some(body)).await;
            assert_eq!(answer.status, 404, "{method} {path} {name}: {}", answer.body);
            assert!(!answer.body.to_string().contains(people::WORDS), "{}", answer.body);
        }
    }
    assert_eq!(eva.get("/api/tickets").await.expect(200)["tickets"], json!([]));
    assert_eq!(eva.get("/api/tickets").await.expect(200)["pagination"]["total"], 0);
    assert_eq!(eva.get("/api/v2/tickets").await.expect(200)["data"], json!([]));
    assert_eq!(eva.get("/api/v2/tickets?status=new").await.expect(200)["data"], json!([]));
    assert_eq!(eva.get("/api/tickets/queue").await.expect(200), json!([]));
    assert_eq!(eva.get("/api/tickets/my-tickets").await.expect(200), json!([]));
    assert_eq!(eva.get("/api/tickets/stats").await.expect(200)["total"], 0);

    let mut wanted = json!({ "customerId": text("contactId"), "title": "Pedido", "description": "Não chegou ainda" });
    let refused = eva.post("/api/v2/tickets", wanted.clone()).await.expect(404);
    assert_eq!(refused["error"], "Customer not found");
    wanted["conversationId"] = json!(text("conversationId"));
    eva.post("/api/v2/tickets", wanted).await.expect(404);
    assert_eq!(host.items().await, before);
    assert_eq!(ours.get("/api/tickets/1").await.expect(200), ticket);
    assert!(ticket["assignedAgent"] == Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_never_goes_out_with_another_organization_s_token() {
    const THEIRS: &str = "200000000000001";
    let data = tempfile::tempdir().unwrap();
    let app = json!({ "app_secrets": [APP_SECRET], "verify_tokens": ["demo-verify-token"] });
    let tokens = |tokens: &[&str]| json!({ "access_tokens": tokens });
    secrets::write(
        data.path(),
        &[
            ("WhatsappAppsSecret", json!({ "apps": { "default": app } })),
            ("turno/connection/demo/comercial", tokens(&["demo-access-token"])),
            ("turno/connection/other/comercial", tokens(&[])),
        ],
    );
    let host = Host::on(data.path()).await;
    let storage = host.storage().await;
    let other = org(&storage, "other").await;
    connection(&storage, &other, "comercial", THEIRS).await;
    host.say(THEIRS, &people::phone(1)).await;
    host.settled().await;
    let eva = host.signed_in(host.token("other", "eva"));
    eva.post("/api/tickets/1/claim", json!({})).await.expect(200);
    eva.post("/api/tickets/1/messages", json!({ "body": people::words(2) })).await.expect(201);
    let refused = eventually("the answer has failed", SOON, async || {
        let answer = eva.get("/api/tickets/1/messages").await.expect(200)[1].take();
        (answer["status"] != "queued").then_some(answer)
    })
    .await;
    assert_eq!((&refused["status"], &refused["error"]["code"]), (&json!("failed"), &json!(190)));
}
