//! What a model may do for a customer, by service key: tool calls in every shape, and an output for each, whatever is wrong with it.

use serde_json::{Value, json};

use crate::world::cloud_api::{COMERCIAL, SUPORTE};
use crate::world::{Answer, Host, SOON, Session, agent, demo, eventually, org, people};

const CALLS: &str = "/v3/assistant/tool-calls";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_gives_the_message_s_own_ticket_its_words_and_the_next_makes_another() {
    let (host, conversation) = spoken().await;
    let bot = host.bot(&[]);
    let ana = host.agent("ana");
    let report = json!({ "title": "Pedido #12345", "description": people::words(2), "category": "feature_request", "priority": "high" });
    let first = bot.call(&conversation, "call_1", "create_ticket_report", &report).await;
    let year = first["ticketId"].as_str().unwrap()[7..11].to_owned();
    let id = |n: usize| format!("TICKET-{year}-{n:06}");
    let told = |n: usize, status: &str, priority: &str| json!({ "success": true, "ticketId": id(n), "message": format!("Ticket {} created successfully", id(n)), "status": status, "priority": priority });
    assert_eq!(first, told(1, "new", "high"));
    let ticket = ana.get("/v3/tickets/1").await.expect(200);
    assert_eq!((&ticket["title"], &ticket["source"]), (&json!("Pedido #12345"), &json!("ai")));
    assert_eq!((&ticket["category"], &ticket["priority"]), (&json!("feature_request"), &json!("high")));
    assert_eq!(ana.get("/api/v2/tickets/1").await.expect(200)["data"]["aiGenerated"], true);
    // The same call again, many at once, is the same call.
    let again = (0..6).map(|_| bot.call(&conversation, "call_1", "create_ticket_report", &report));
    assert!(futures_util::future::join_all(again).await.iter().all(|output| *output == first));
    // It has its words now: the next report is another ticket, and short words are enough for one.
    let next = json!({ "title": "Oi", "description": "x" });
    assert_eq!(bot.call(&conversation, "call_2", "create_ticket_report", &next).await, told(2, "new", "medium"));
    // A model that counts its calls names another one the same.
    let other = json!({ "title": "Otra", "description": "y" });
    assert_eq!(bot.call(&conversation, "call_2", "create_ticket_report", &other).await["ticketId"], id(3));
    // What comes in goes on in the conversation's own ticket, and what an agent wrote on one stays.
    host.say(COMERCIAL, &people::phone(1)).await;
    host.say(COMERCIAL, &people::phone(2)).await;
    host.settled().await;
    assert_eq!(ana.get("/v3/tickets/1").await.expect(200)["unread_count"], 2);
    ana.post("/v3/tickets/4/prioritize", json!({ "priority": "low" })).await.expect(200);
    let theirs =
        host.agent("dora").get("/v3/tickets/4").await.expect(200)["conversation_id"].as_str().unwrap().to_owned();
    assert_eq!(bot.call(&theirs, "call_1", "create_ticket_report", &next).await["ticketId"], id(5));
    assert_eq!(ana.get("/v3/tickets/4").await.expect(200)["priority"], "low");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_wrong_with_a_call_is_told_in_its_output() {
    let (host, conversation) = spoken().await;
    let bot = host.bot(&[]);
    let default = "Hubo un problema procesando tu solicitud. Nuestro equipo fue notificado.";
    let missing = "Faltan datos necesarios para crear el ticket. Por favor proporciona más detalles.";
    let no_ticket = "No se encontró el ticket solicitado. Verifica el número de ticket.";
    let check = async |name: &str, arguments: Value, error: &str, words: Option<&str>| {
        let call = json!({ "id": "c", "type": "function", "function": { "name": name, "arguments": arguments } });
        let answer = bot.post(&json!({ "conversation_id": conversation, "tool_calls": [call] })).await.expect(200);
        let output: Value = serde_json::from_str(answer["tool_outputs"][0]["output"].as_str().unwrap()).unwrap();
        let mut expected = json!({ "success": false, "error": error });
        if let Some(words) = words {
            expected["userMessage"] = words.into();
        }
        assert_eq!(output, expected, "{name} {arguments}");
        assert_eq!(
            answer["messages"][0],
            json!({ "role": "tool", "tool_call_id": "c", "content": answer["tool_outputs"][0]["output"] })
        );
    };
    let create = "create_ticket_report";
    let inform = "get_ticket_information";
    check(create, json!("{\"title\":"), "Invalid arguments format", None).await;
    check(create, json!("[]"), "Invalid arguments format", None).await;
    check("drop_tables", json!("{}"), "Unknown function: drop_tables", None).await;
    check(create, json!("{}"), "Missing required fields: title and description", Some(missing)).await;
    check(
        create,
        json!({ "title": "x".repeat(201), "description": "x" }),
        "title must have at most 200 characters",
        Some(default),
    )
    .await;
    let priorities = "priority must be one of low, medium, high, urgent";
    check(create, json!({ "title": "x", "description": "x", "priority": "now" }), priorities, Some(default)).await;
    check(inform, json!(""), "Missing required field: ticketId", Some(no_ticket)).await;
    for name in ["TICKET-2020-000001", "nonsense", "77"] {
        let error = format!("Ticket {name} not found or does not belong to this customer");
        check(inform, json!({ "ticketId": name }), &error, Some(no_ticket)).await;
    }
    // A customer whom nobody knows, in the three shapes.
    let nobody = json!({ "success": false, "error": "Customer not found",
        "userMessage": "No se pudo identificar tu perfil. Por favor contacta soporte." });
    let arguments = json!({ "title": "x", "description": "x" });
    for named in [
        json!({ "conversation_id": "cnv_nowhere" }),
        json!({ "conversation_id": "a b" }),
        json!({ "phone": "15550109999" }),
    ] {
        let asked = |field: &str, item: Value| {
            let mut body = named.clone();
            body[field] = json!([item]);
            body
        };
        let item =
            json!({ "type": "function_call", "call_id": "c", "name": create, "arguments": arguments.to_string() });
        let answer = bot.post(&asked("output", item)).await.expect(200)["input"][0].take();
        assert_eq!((&answer["type"], &answer["call_id"]), (&json!("function_call_output"), &json!("c")));
        assert_eq!(serde_json::from_str::<Value>(answer["output"].as_str().unwrap()).unwrap(), nobody);
        let block = json!({ "type": "tool_use", "id": "c", "name": create, "input": arguments });
        let answer = bot.post(&asked("content", block)).await.expect(200)["content"][0].take();
        assert_eq!(
            (&answer["type"], &answer["tool_use_id"], &answer["is_error"]),
            (&json!("tool_result"), &json!("c"), &json!(true))
        );
        assert_eq!(serde_json::from_str::<Value>(answer["content"].as_str().unwrap()).unwrap(), nobody);
    }
    // What is wrong with the request itself is the program's to know.
    for (body, field) in [
        (json!({ "conversation_id": conversation }), "tool_calls"),
        (json!({ "conversation_id": conversation, "tool_calls": [] }), "tool_calls"),
        (json!({ "tool_calls": [{}] }), "conversation_id"),
        (json!({ "conversation_id": conversation, "tool_calls": [{}], "model": "x" }), "model"),
    ] {
        assert_eq!(bot.post(&body).await.expect(422)["field"], field);
    }
    assert_eq!(host.agent("dora").get("/v3/statistics").await.expect(200)["total"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_is_told_of_its_own_tickets_alone_and_may_have_ten() {
    let (host, conversation) = spoken().await;
    let bot = host.bot(&[]);
    host.say(SUPORTE, &people::phone(2)).await;
    host.settled().await;
    let ana = host.agent("ana");
    ana.post("/v3/tickets/1/claim", json!({})).await.expect(200);
    let shown = ana.get("/v3/tickets/1").await.expect(200);
    let told =
        bot.call(&conversation, "a", "get_ticket_information", &json!({ "ticketId": shown["year_number"] })).await;
    assert_eq!(
        (&told["success"], &told["ticketId"], &told["status"], &told["assignedAgent"]),
        (&json!(true), &shown["year_number"], &json!("in_progress"), &json!({ "name": "Ana Lima", "email": null }))
    );
    assert_eq!(told["sla"]["resolutionTarget"], 3 * 24 * 3_600_000);
    let left = told["sla"]["timeRemaining"].as_i64().unwrap();
    assert!((0..=3 * 24 * 3_600_000).contains(&left) && told["sla"]["firstResponseMet"].is_null(), "{told}");
    // By its phone number, as S1 finds it, and by any name of the ticket.
    let call = json!({ "id": "b", "function": { "name": "get_ticket_information", "arguments": { "ticketId": 1 } } });
    let by_phone = json!({ "phone": format!("+{}", people::phone(1)), "tool_calls": [call] });
    let output = bot.post(&by_phone).await.expect(200)["tool_outputs"][0]["output"].take();
    assert_eq!(serde_json::from_str::<Value>(output.as_str().unwrap()).unwrap()["ticketId"], shown["year_number"]);
    // The other customer's.
    let other = bot.call(&conversation, "c", "get_ticket_information", &json!({ "ticketId": "2" })).await;
    assert_eq!((&other["success"], other["title"].is_null()), (&json!(false), true));

    // The first report goes to the ticket that the message made, ten more are tickets of their own within the hour.
    let mut last = Value::Null;
    for n in 0..11 {
        let report = json!({ "title": format!("Pedido {n}"), "description": people::words(3) });
        last = bot.call(&conversation, &format!("n{n}"), "create_ticket_report", &report).await;
        assert_eq!(last["success"], n < 10, "{n}: {last}");
    }
    assert_eq!(last["error"], "The customer has 10 open tickets already; resolve one first");
    let tickets: Vec<String> = (2..=11).map(|n| (n + 1).to_string()).collect();
    host.agent("dora").post("/v3/tickets/batch", json!({ "tickets": tickets, "action": "cancel" })).await.expect(200);
    let report = json!({ "title": "Pedido", "description": people::words(3) });
    let more = bot.call(&conversation, "m1", "create_ticket_report", &report).await;
    assert_eq!(more["success"], true, "{more}");
    let late = bot.call(&conversation, "m2", "create_ticket_report", &report).await;
    assert_eq!(late["error"], "Too many tickets created. Please try again later.");
    assert_eq!(late["userMessage"], "Hubo un problema procesando tu solicitud. Nuestro equipo fue notificado.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_is_drafted_from_what_was_said_in_the_customer_s_language() {
    let (host, conversation) = spoken().await;
    host.speaks("comercial", "pt-BR").await;
    let bot = host.bot(&["conversations:read", "tickets:read"]);
    let drafted = bot.call(&conversation, "a", "get_reply_context", &json!({ "limit": 5 })).await;
    assert_eq!((&drafted["success"], &drafted["language"]), (&json!(true), &json!("pt")));
    assert_eq!(drafted["window"]["isOpen"], true);
    assert_eq!(
        (&drafted["messages"][0]["from"], drafted["messages"].as_array().map(Vec::len)),
        (&json!("customer"), Some(1))
    );
    assert_eq!(drafted["ticket"]["status"], "new");
    let names = drafted["templates"].as_array().unwrap();
    assert!(names.iter().any(|template| template["name"] == "continue_conversation"), "{drafted}");
    let wrong = bot.call(&conversation, "a", "get_reply_context", &json!({ "limit": 51 })).await;
    assert_eq!(wrong["error"], "limit must be a whole number from 1 to 50");
    assert_eq!(
        wrong["userMessage"],
        "Houve um problema ao processar a sua solicitação. A nossa equipe foi notificada."
    );
    // The key is not for making tickets: neither told of the tool, nor obeyed.
    let tools = bot.session.get("/v3/assistant/tools?shape=anthropic").await.expect(200);
    let names: Vec<&str> = tools.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["get_ticket_information", "get_reply_context"]);
    let refused =
        bot.call(&conversation, "b", "create_ticket_report", &json!({ "title": "x", "description": "x" })).await;
    assert_eq!(
        (&refused["success"], refused["error"].as_str().unwrap().contains("tickets:write")),
        (&json!(false), true)
    );
    let all = host.bot(&[]).session.get("/v3/assistant/tools").await.expect(200);
    let properties = &all[0]["function"]["parameters"]["properties"];
    assert_eq!(properties["category"]["enum"].as_array().map(Vec::len), Some(8));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_opens_its_own_organization_until_it_is_revoked() {
    let (host, conversation) = spoken().await;
    let storage = host.storage().await;
    org(&storage, "other").await;
    agent(&storage, &demo(), "nobody", domain::agent::Role::Admin, &[], 1).await;
    let key = host.command(&["key", "create", "--name", "bot"]);
    let id = key.split('.').nth(2).unwrap().to_owned();
    let theirs = host.command(&["key", "create", "--name", "bot", "--org", "other"]);
    let ask = json!({ "conversation_id": conversation,
        "tool_calls": [{ "id": "a", "function": { "name": "get_reply_context", "arguments": "{}" } }] });
    let call = async |key: &str| host.signed_in(key).post(CALLS, ask.clone()).await;
    assert!(!call(&key).await.expect(200).to_string().contains("Customer not found"));
    let stranger = call(&theirs).await.expect(200).to_string();
    assert!(stranger.contains("Customer not found") && !stranger.contains(people::WORDS), "{stranger}");
    // Nothing but the whole key opens the door, and it opens no other.
    let swapped = theirs.replace(".other.", ".demo.");
    let forged = format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { '1' } else { '0' });
    let token = host.token("demo", "dora");
    for bad in [swapped.as_str(), &forged, &key[..key.len() - 1], &token, "x"] {
        let answer = call(bad).await;
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!("unauthenticated")));
    }
    let bare = host.http.post(format!("{}{CALLS}", host.api_url)).json(&ask).send().await.unwrap();
    assert_eq!((bare.status().as_u16(), bare.headers()["www-authenticate"].to_str().unwrap()), (401, "Bearer"));
    assert_eq!(host.signed_in(key.as_str()).get("/v3/tickets").await.status, 401);
    // The table holds no secret.
    let secret = key.rsplit('.').next().unwrap();
    assert!(!json!(host.items().await).to_string().contains(secret));

    assert!(host.command(&["key", "list"]).contains(&format!("{id}  ")));
    host.command(&["key", "revoke", &id]);
    call(&key).await.expect(401);
    call(&theirs).await.expect(200);
    assert!(host.command(&["key", "list"]).contains("revoked"));
    let twice = host.program(&["key", "revoke", &id]).output().unwrap();
    assert!(!twice.status.success() && String::from_utf8_lossy(&twice.stderr).contains("no active key"));
    // An agent's token outlives the agent by less than a minute as well: by nothing.
    let gone = host.agent("nobody");
    gone.get("/v3/tickets").await.expect(200);
    host.suspend("nobody").await;
    eventually("the agent is out", SOON, async || (gone.get("/v3/tickets").await.status == 403).then_some(())).await;
    gone.get("/api/tickets").await.expect(403);
}

/// A program with a key.
struct Bot {
    session: Session,
}

impl Bot {
    async fn post(&self, body: &Value) -> Answer {
        self.session.post(CALLS, body.clone()).await
    }

    /// One call of Chat Completions, and its output.
    async fn call(&self, conversation: &str, id: &str, name: &str, arguments: &Value) -> Value {
        let function = json!({ "name": name, "arguments": arguments.to_string() });
        let call = json!({ "id": id, "type": "function", "function": function });
        let answer = self.post(&json!({ "conversation_id": conversation, "tool_calls": [call] })).await.expect(200);
        assert_eq!(answer["tool_outputs"][0]["tool_call_id"], id);
        serde_json::from_str(answer["tool_outputs"][0]["output"].as_str().unwrap()).unwrap()
    }
}

impl Host {
    fn bot(&self, scopes: &[&str]) -> Bot {
        let mut arguments = vec!["key", "create", "--name", "bot"];
        arguments.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
        Bot { session: self.signed_in(self.command(&arguments)) }
    }

    /// Sets the language of a connection, as an administrator's function would.
    async fn speaks(&self, connection: &str, locale: &str) {
        let key = json!({ "pk": { "S": "ORG#demo" }, "sk": { "S": format!("CON#{connection}") } });
        let request = json!({
            "TableName": self.table_name().await, "Key": key, "UpdateExpression": "SET locale = :locale",
            "ExpressionAttributeValues": { ":locale": { "S": locale } },
        });
        self.aws("DynamoDB_20120810.UpdateItem", &request).await;
    }
}

/// A host to which person 1 has written, and the conversation.
async fn spoken() -> (Host, String) {
    let host = Host::fresh().await;
    host.say(COMERCIAL, &people::phone(1)).await;
    host.settled().await;
    let ticket = host.agent("dora").get("/api/tickets/1").await.expect(200);
    let conversation = ticket["conversationId"].as_str().unwrap().to_owned();
    (host, conversation)
}
