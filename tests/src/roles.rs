//! Every guarded route of the template, tried by each kind of caller: who it lets through, and who not (docs/requirements.md C14,
//! invariant I7).

use domain::agent::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::cloud_api::COMERCIAL;
use crate::world::{Host, agent, demo, org, people, routes};

/// What a caller may do with a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// It is let through: what the answer says beyond that is not about who asks.
    Through,
    /// It may not do this.
    Forbidden,
    /// For this caller there is no such thing.
    Absent,
}

impl Class {
    fn of(status: u16) -> Option<Self> {
        match status {
            403 => Some(Self::Forbidden),
            404 => Some(Self::Absent),
            200..=299 | 400 | 409 | 412 | 422 => Some(Self::Through),
            _ => None,
        }
    }
}

/// Routes for who supervises.
const SUPERVISED: [(&str, &str); 3] = [
    ("GET", "/api/tickets/all"),
    ("POST", "/api/connections/{id}/resume"),
    ("POST", "/api/connections/{id}/templates/sync"),
];
/// Routes for who administers.
const ADMINISTERED: [(&str, &str); 1] = [("PATCH", "/v3/settings")];
/// Things of the organization that every agent may know, though they have an id.
const KNOWN_TO_ALL: [&str; 2] = ["/api/connections/{id}", "/v3/connections/{id}"];

/// A list of what the caller may see of a contact, which may be nothing.
const OF_CONTACT: &str = "/api/v2/tickets/customer/{id}";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// The agent of the ticket.
    Holder,
    /// An agent of another queue.
    Outsider,
    Supervisor,
    Admin,
    /// An admin of another organization.
    Foreigner,
    /// An agent who was removed.
    Gone,
}

fn expected(who: Who, method: &Method, route: &str) -> &'static [Class] {
    let of = |routes: &[(&str, &str)]| routes.contains(&(method.as_str(), route));
    let names_something = route.contains("{id}");
    let is_known = KNOWN_TO_ALL.iter().any(|known| route.starts_with(known));
    match who {
        // What belongs to nobody in particular is told from the token alone.
        _ if route == "/v3/openapi.json" => &[Class::Through],
        Who::Gone => &[Class::Forbidden, Class::Absent],
        Who::Holder | Who::Outsider | Who::Supervisor if of(&ADMINISTERED) => &[Class::Forbidden],
        Who::Holder | Who::Outsider if of(&SUPERVISED) => &[Class::Forbidden],
        // A contact is the whole organization's; of its tickets, those are listed that the caller may see.
        Who::Outsider if is_known || route == OF_CONTACT => &[Class::Through],
        // Agents look at colleagues' lists no more than at their tickets.
        Who::Outsider if route == "/api/v2/tickets/agent/{id}" => &[Class::Forbidden],
        Who::Foreigner | Who::Outsider if names_something => &[Class::Absent],
        // Whose conversation is whose, supervisors say.
        Who::Holder if *method == Method::POST && route.starts_with("/v3/contacts/") => &[Class::Forbidden],
        // Who holds a ticket may see it, and that does not mean to remove it.
        Who::Holder if (method.as_str(), route) == ("DELETE", "/tickets/{id}") => &[Class::Forbidden],
        // Its message is none with a file.
        Who::Holder | Who::Supervisor | Who::Admin if route.starts_with("/v3/messages/{id}/media") => &[Class::Absent],
        // Of its own organization or its own queues, in which there is no such contact.
        Who::Foreigner | Who::Outsider => &[Class::Through, Class::Absent],
        Who::Holder | Who::Supervisor | Who::Admin => &[Class::Through],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_lets_through_who_may_and_nobody_else() {
    let host = Host::fresh().await;
    let storage = host.storage().await;
    org(&storage, "other").await;
    agent(&storage, &demo(), "gone", Role::Admin, &["sales"], 5).await;
    agent(&storage, &demo(), "outsider", Role::Agent, &["support"], 5).await;
    // A ticket for each route, most of which it goes on holding.
    agent(&storage, &demo(), "holder", Role::Agent, &["sales"], 500).await;
    let gone = host.agent("gone");
    host.suspend("gone").await;
    let callers = [
        (Who::Gone, gone),
        (Who::Foreigner, host.signed_in(host.token("other", "eva"))),
        (Who::Outsider, host.agent("outsider")),
        (Who::Holder, host.agent("holder")),
        (Who::Supervisor, host.agent("carla")),
        (Who::Admin, host.agent("dora")),
    ];
    let routes = routes::guarded();
    let mut wrong = Vec::new();
    for (place, (method, route)) in routes.iter().enumerate() {
        // A ticket of its own, since some routes end one.
        let names = Names::of(&host, place + 1).await;
        for (who, session) in &callers {
            let path = names.fill(route);
            let answer = session.call(method.clone(), &path, names.body(method, route)).await;
            let class = Class::of(answer.status);
            if !class.is_some_and(|class| expected(*who, method, route).contains(&class)) {
                wrong.push(format!("{method} {route} by {who:?}: {} {}", answer.status, answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), routes.len() * callers.len(), wrong.join("\n"));
}

/// The names of what belongs to a ticket that `holder` holds.
struct Names {
    ticket: String,
    conversation: String,
    contact: String,
    message: String,
    phone: String,
}

impl Names {
    async fn of(host: &Host, person: usize) -> Self {
        let phone = people::phone(person);
        host.say(COMERCIAL, &phone).await;
        host.settled().await;
        let dora = host.agent("dora");
        let shown = dora.get("/api/tickets?limit=1").await.expect(200)["tickets"][0].take();
        let text = |name: &str| shown[name].as_str().unwrap().to_owned();
        let ticket = text("uid");
        host.agent("holder").post(&format!("/v3/tickets/{ticket}/claim"), json!({})).await.expect(200);
        let messages = dora.get(&format!("/v3/tickets/{ticket}/messages")).await.expect(200);
        let message = messages["data"][0]["id"].as_str().unwrap().to_owned();
        Self { conversation: text("conversationId"), contact: text("contactId"), ticket, message, phone }
    }

    fn fill(&self, route: &str) -> String {
        let id = match route {
            "/api/v2/tickets/agent/{id}" => "holder",
            "/api/v2/tickets/customer/{id}" => &self.contact,
            route if route.contains("/connections/") => "comercial",
            route if route.starts_with("/v3/conversations/") => &self.conversation,
            route if route.starts_with("/v3/contacts/") => &self.contact,
            route if route.starts_with("/v3/messages/") => &self.message,
            _ => &self.ticket,
        };
        let path = route.replace("{id}", id);
        if route == "/v3/contacts" { format!("{path}?phone={}", self.phone) } else { path }
    }

    /// A body that the route can read; whether it does something is not the question here.
    fn body(&self, method: &Method, route: &str) -> Option<Value> {
        if *method == Method::GET {
            return None;
        }
        let last = route.rsplit('/').next().unwrap();
        Some(match (route, last) {
            ("/v3/tickets/batch", _) => json!({ "tickets": [self.ticket], "action": "start" }),
            ("/v3/tickets", _) => {
                json!({ "contact_id": self.contact, "title": "Pedido", "description": "Não chegou ainda" })
            }
            ("/api/v2/tickets", _) => {
                json!({ "customerId": self.contact, "title": "Pedido", "description": "Não chegou ainda" })
            }
            ("/tickets", _) => json!({ "contactId": self.contact, "status": "open" }),
            ("/v3/settings", _) => json!({}),
            (_, "assign") if route.starts_with("/v3/") => json!({ "agent_id": "holder" }),
            (_, "assign") => json!({ "agentId": "holder" }),
            (_, "transfer") => json!({ "queue_id": "support" }),
            (_, "uploads") => json!({ "name": "nota.pdf", "media_type": "application/pdf", "size": 5 }),
            (_, "prioritize") => json!({ "priority": "high" }),
            (_, "merge" | "unmerge") if route.starts_with("/v3/contacts/") => json!({ "contact": self.contact }),
            (_, "split") => json!({ "identities": [{ "kind": "phone", "value": self.phone }] }),
            (_, "merge") => json!({ "into": self.ticket }),
            (_, "relate" | "unrelate") => json!({ "ticket": self.ticket }),
            (_, "notes") if route.starts_with("/v3/") => json!({ "text": people::words(2) }),
            (_, "notes") => json!({ "content": people::words(2) }),
            (_, "messages") => json!({ "body": people::words(2) }),
            (_, "status") => json!({ "status": "in_progress" }),
            _ if route.starts_with("/messages/") => json!({ "body": people::words(2) }),
            _ => json!({}),
        })
    }
}
