//! The description of `/v3` against the code, and every operation of it against every kind of caller (invariant I7).

use domain::agent::Role;
use reqwest::Method;
use runtime::dialects::v3::{Failures, GatewayMessage, Parameters, ProblemBody};
use serde_json::{Value, json};
use utoipa::{Modify, OpenApi};

use crate::world::binaries::repository;
use crate::world::cloud_api::COMERCIAL;
use crate::world::{Answer, Host, SOON, Session, agent, demo, eventually, org, people};

/// The description as the code makes it.
fn described() -> Value {
    #[derive(OpenApi)]
    #[openapi(
        info(
            title = "Turno",
            version = "3",
            description = "Tickets of WhatsApp conversations. Problems are RFC 9457, lists go on by cursors, a POST with an Idempotency-Key is carried out once.",
            license(name = "Apache-2.0", identifier = "Apache-2.0"),
        ),
        components(schemas(ProblemBody, GatewayMessage)),
        modifiers(&Bearer),
        security(("bearer" = []))
    )]
    struct Whole;
    struct Bearer;
    impl utoipa::Modify for Bearer {
        fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
            use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
            let components = api.components.get_or_insert_with(utoipa::openapi::Components::new);
            components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
            let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("turno_sk");
            let key = key.description(Some("A service key, as `turno key create` prints it")).build();
            components.add_security_scheme("service_key", SecurityScheme::Http(key));
        }
    }
    let mut whole = Whole::openapi();
    whole.merge(tickets::Api::openapi());
    whole.merge(claim::Api::openapi());
    whole.merge(assistant::Api::openapi());
    Parameters.modify(&mut whole);
    Failures.modify(&mut whole);
    serde_json::to_value(whole).unwrap()
}

/// Method and path of every operation.
fn operations(description: &Value) -> Vec<(Method, String)> {
    let paths = description["paths"].as_object().unwrap();
    let of = |(path, methods): (&String, &Value)| {
        let methods: Vec<String> = methods.as_object().unwrap().keys().cloned().collect();
        let path = path.clone();
        methods
            .into_iter()
            .map(move |method| (Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), path.clone()))
    };
    paths.iter().flat_map(of).collect()
}

#[test]
fn the_committed_description_is_that_of_the_code() {
    let path = repository().join("docs/openapi.json");
    let now = format!("{:#}\n", described());
    if runtime::config::required("TURNO_WRITE_OPENAPI").is_ok() {
        std::fs::write(&path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == now, "docs/openapi.json is not what the code says: run this test with TURNO_WRITE_OPENAPI=1");
}

#[test]
fn no_two_operations_share_a_name() {
    let description = described();
    let paths = description["paths"].as_object().unwrap().values();
    let mut names: Vec<&str> = paths
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|of| of["operationId"].as_str().unwrap())
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
}

#[test]
fn the_template_has_exactly_the_operations_that_are_described() {
    let mut described = operations(&described());
    let mut routes: Vec<_> = crate::world::routes::all();
    routes.retain(|(_, path)| path.starts_with("/v3/"));
    for list in [&mut described, &mut routes] {
        list.sort_by_key(|(method, path)| (path.clone(), method.to_string()));
    }
    assert_eq!(described, routes);
}

/// What each operation takes that takes something.
fn body(path: &str) -> Option<Value> {
    let body = match path.rsplit('/').next().unwrap() {
        "tickets" => json!({ "contact_id": "ctc_1", "title": "Pedido", "description": "Não chegou ainda" }),
        "batch" => json!({ "tickets": ["1"], "action": "start" }),
        "messages" => json!({ "body": people::words(2) }),
        "uploads" => json!({ "name": "nota.pdf", "media_type": "application/pdf", "size": 5 }),
        "notes" => json!({ "text": people::words(3) }),
        "assign" => json!({ "agent_id": "ana" }),
        "transfer" => json!({ "queue_id": "support" }),
        "merge" => json!({ "into": "1" }),
        "relate" | "unrelate" => json!({ "ticket": "1" }),
        "prioritize" => json!({ "priority": "high" }),
        "{id}" => json!({ "category": "billing" }),
        _ => return None,
    };
    Some(body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_knows_who_asks() {
    let host = Host::fresh().await;
    let storage = host.storage().await;
    org(&storage, "other").await;
    agent(&storage, &demo(), "gone", Role::Admin, &["sales"], 5).await;
    agent(&storage, &demo(), "outsider", Role::Agent, &["support"], 5).await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    // The message that is asked for has a file.
    let file = host.attach("image/png", b"file".to_vec(), "").await;
    let said = host.say_file(COMERCIAL, &people::phone(1), "image", file).await;
    let message = eventually("the file is kept", SOON, async || {
        let messages = host.agent("dora").get("/api/tickets/1/messages").await.expect(200);
        let message = messages.as_array()?.iter().find(|message| message["provider_message_id"] == *said)?.clone();
        (message["media"]["state"] == "stored").then_some(message)
    })
    .await;
    let shown = host.agent("dora").get("/api/tickets/1").await.expect(200);
    let names = Names {
        ticket: shown["uid"].as_str().unwrap().to_owned(),
        conversation: shown["conversationId"].as_str().unwrap().to_owned(),
        contact: shown["contactId"].as_str().unwrap().to_owned(),
        connection: "comercial".to_owned(),
        message: message["id"].as_str().unwrap().to_owned(),
    };
    let bystanders = ["gone", "outsider", "ana", "carla", "dora"].map(|name| (name, host.agent(name)));
    let eva = host.signed_in(host.token("other", "eva"));
    let forged = host.signed_in(format!("{}x", host.token("demo", "dora")));
    host.suspend("gone").await;
    let before = host.items().await;
    let mut operations = operations(&described());
    // `assistant` asks for a service key.
    operations.retain(|(_, path)| !path.starts_with("/v3/assistant/"));
    assert!(operations.len() >= 28, "{operations:?}");
    for (method, template) in &operations {
        let (mut path, what) = (names.fill(template), format!("{method} {template}"));
        if template == "/v3/contacts" {
            path.push_str("?phone=");
            path.push_str(&people::phone(1));
        }
        let call = async |session: &Session| session.call(method.clone(), &path, body(template)).await;
        let bare = host.http.request(method.clone(), format!("{}{path}", host.api_url));
        assert_eq!(Answer::to(bare).await.status, 401, "{what} without a token");
        assert_eq!(call(&forged).await.status, 401, "{what} with a forged token");
        let theirs = call(&eva).await;
        assert!(!theirs.body.to_string().contains(people::WORDS), "{what}: {}", theirs.body);
        if template.contains("{id}") {
            assert_eq!(theirs.status, 404, "{what} of another organization: {}", theirs.body);
            // What can be answered over is every agent's to know.
            let expected = if template.starts_with("/v3/connections/") { 200 } else { 404 };
            assert_eq!(call(&bystanders[1].1).await.status, expected, "{what} of an agent who may not see it");
        }
        if template != "/v3/openapi.json" {
            // A token outlives its agent; what its agent's item says decides.
            let status = call(&bystanders[0].1).await.status;
            assert!([403, 404].contains(&status), "{what} of an agent who is gone: {status}");
        }
    }
    // Nothing of all that left a trace but what `eva` made in its own organization, which has no contact to make anything for.
    assert_eq!(host.items().await, before);
    for (name, session) in &bystanders[2..] {
        for (method, template) in operations.iter().filter(|(method, _)| *method == Method::GET) {
            let path = names.fill(template);
            let path = if template == "/v3/contacts" { format!("{path}?phone={}", people::phone(1)) } else { path };
            let answer = session.call(method.clone(), &path, None).await;
            assert_eq!(answer.status, 200, "{method} {template} of {name}: {}", answer.body);
        }
    }
}

struct Names {
    ticket: String,
    conversation: String,
    contact: String,
    connection: String,
    message: String,
}

impl Names {
    fn fill(&self, template: &str) -> String {
        let id = match template.split('/').nth(2).unwrap() {
            "conversations" => &self.conversation,
            "contacts" => &self.contact,
            "connections" => &self.connection,
            "messages" => &self.message,
            _ => &self.ticket,
        };
        template.replace("{id}", id)
    }
}
