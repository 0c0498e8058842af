//! Who is who, over real processes: user names and numbers that change hands, names as last seen, and people who are joined and parted by
//! hand.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::cloud_api::{COMERCIAL, SUPORTE, body, messages};
use crate::world::{Host, Session, demo, people};

/// Somebody as the Cloud API shows them with one message.
#[derive(Clone, Default)]
struct Shows<'a> {
    phone: Option<&'a str>,
    user_id: Option<&'a str>,
    username: Option<&'a str>,
    name: Option<&'a str>,
}

/// The body of a message written `ago` seconds ago.
fn said(number: &str, shows: &Shows<'_>, id: &str, words: &str, ago: i64) -> Value {
    let at = (runtime::clock::now().as_second() - ago).to_string();
    let mut message = json!({ "id": id, "timestamp": at, "type": "text", "text": { "body": words } });
    let mut contact = json!({ "profile": {} });
    if let Some(phone) = shows.phone {
        (message["from"], contact["wa_id"]) = (json!(phone), json!(phone));
    }
    if let Some(user_id) = shows.user_id {
        (message["from_user_id"], contact["user_id"]) = (json!(user_id), json!(user_id));
    }
    if let Some(name) = shows.name {
        contact["profile"]["name"] = json!(name);
    }
    if let Some(username) = shows.username {
        contact["profile"]["username"] = json!(username);
    }
    let mut change = messages(number, &[message]);
    change["value"]["contacts"] = json!([contact]);
    body(&[change])
}

/// A help desk with somebody who sees everything.
struct Desk {
    host: Host,
    carla: Session,
}

impl Desk {
    async fn open() -> Self {
        let host = Host::fresh().await;
        let carla = host.agent("carla");
        Self { host, carla }
    }

    /// Posts a message and gives the contact in whose conversation it lies.
    async fn hears(&self, number: &str, shows: &Shows<'_>, ago: i64) -> String {
        let (id, words) = (people::message_id(), format!("Olá {}", people::message_id()));
        self.host.post_whatsapp(&said(number, shows, &id, &words, ago)).await.expect(200);
        self.host.settled().await;
        self.holder_of(&words).await
    }

    async fn holder_of(&self, words: &str) -> String {
        let tickets = self.carla.get("/v3/tickets").await.expect(200);
        for ticket in tickets["data"].as_array().unwrap() {
            let ticket_id = ticket["id"].as_str().unwrap();
            let messages = self.carla.get(&format!("/v3/tickets/{ticket_id}/messages")).await.expect(200);
            if messages["data"].as_array().unwrap().iter().any(|message| message["text"] == words) {
                return ticket["contact"]["id"].as_str().unwrap().to_owned();
            }
        }
        panic!("nobody said {words}");
    }

    async fn contact(&self, id: &str) -> Value {
        self.carla.get(&format!("/v3/contacts/{id}")).await.expect(200)
    }

    async fn post(&self, id: &str, command: &str, body: Value) -> Value {
        let answer = self.carla.post(&format!("/v3/contacts/{id}/{command}"), body).await;
        assert!([200, 201].contains(&answer.status), "{command}: {} {}", answer.status, answer.body);
        answer.body
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_name_that_changes_hands_joins_nobody() {
    let desk = Desk::open().await;
    let first = Shows { user_id: Some("US.1"), username: Some("kf"), name: Some("Karla"), ..Shows::default() };
    let second = Shows { user_id: Some("US.2"), username: Some("kf"), name: Some("Kofi"), ..Shows::default() };
    let karla = desk.hears(COMERCIAL, &first, 60).await;
    let kofi = desk.hears(COMERCIAL, &second, 30).await;
    assert_ne!(karla, kofi);
    // Nor when each writes again, on either connection, in either order.
    assert_eq!(desk.hears(COMERCIAL, &Shows { username: None, ..first.clone() }, 20).await, karla);
    assert_eq!(desk.hears(SUPORTE, &second, 10).await, kofi);
    assert_eq!(desk.hears(SUPORTE, &Shows { username: Some("karla2"), ..first }, 5).await, karla);
    let shown = desk.contact(&karla).await;
    assert_eq!((&shown["username"], &shown["profile_name"]), (&json!("karla2"), &json!("Karla")));
    assert_eq!(shown["identities"], json!([{ "kind": "bsuid", "value": "US.1" }]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_changes_hands_takes_no_conversation_along() {
    let desk = Desk::open().await;
    let number = people::phone(1);
    let old = Shows { phone: Some(&number), user_id: Some("BR.1"), name: Some("Rosa"), ..Shows::default() };
    let new = Shows { phone: Some(&number), user_id: Some("BR.2"), name: Some("Davi"), ..Shows::default() };
    let rosa = desk.hears(COMERCIAL, &old, 60).await;
    let davi = desk.hears(COMERCIAL, &new, 30).await;
    assert_ne!(rosa, davi);
    let (shown, before) = (desk.contact(&davi).await, desk.contact(&rosa).await);
    assert_eq!((&shown["phone"], &before["phone"]), (&json!(number), &Value::Null));
    let apart = &shown["apart"][0];
    assert_eq!((&apart["contact_id"], &apart["contact_name"]), (&json!(rosa), &json!("Rosa")));
    assert_eq!((&apart["number"], &apart["cause"]), (&json!(number), &json!("number_changed_hands")));
    assert_eq!(before["apart"][0]["contact_id"], json!(davi));
    // Whoever looks for the number finds who has it; a late message of the former holder takes nothing back.
    let found = desk.carla.get(&format!("/v3/contacts?phone={number}")).await.expect(200);
    assert_eq!(found["data"][0]["id"], json!(davi));
    assert_eq!(desk.hears(COMERCIAL, &old, 45).await, rosa);
    assert_eq!(desk.contact(&davi).await["phone"], json!(number));
    // Not even on a connection where neither wrote yet.
    assert_eq!(desk.hears(SUPORTE, &old, 40).await, rosa);
    assert_eq!(desk.hears(SUPORTE, &new, 5).await, davi);

    // A supervisor knows better, and then worse.
    desk.post(&rosa, "merge", json!({ "contact": davi })).await;
    assert_eq!(desk.contact(&davi).await["id"], json!(rosa));
    desk.post(&rosa, "unmerge", json!({ "contact": davi })).await;
    desk.post(&rosa, "unmerge", json!({ "contact": davi })).await;
    assert_eq!(desk.contact(&davi).await["phone"], json!(number));
    assert_eq!(desk.hears(COMERCIAL, &new, 2).await, davi);
    assert_eq!(desk.hears(COMERCIAL, &Shows { phone: None, ..old }, 1).await, rosa);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_connection_may_know_one_person_by_another_user_id() {
    let desk = Desk::open().await;
    let number = people::phone(2);
    let here = Shows { phone: Some(&number), user_id: Some("BR.3"), ..Shows::default() };
    let there = Shows { phone: Some(&number), user_id: Some("BR.4"), ..Shows::default() };
    let one = desk.hears(COMERCIAL, &here, 60).await;
    assert_eq!(desk.hears(SUPORTE, &there, 50).await, one);
    assert_eq!(desk.hears(COMERCIAL, &here, 40).await, one);
    // The id of the second connection's person on the first: there it never was that person's.
    assert_ne!(desk.hears(COMERCIAL, &there, 30).await, one);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_as_last_seen_and_one_given_by_hand_stays() {
    let desk = Desk::open().await;
    let number = people::phone(3);
    let as_named = |name: Option<&'static str>| Shows { name, ..Shows::default() };
    let hears = async |name: Option<&'static str>, ago: i64| {
        desk.hears(COMERCIAL, &Shows { phone: Some(&number), ..as_named(name) }, ago).await
    };
    let id = hears(None, 60).await;
    assert_eq!(desk.contact(&id).await["name"], Value::Null);
    hears(Some("Lia"), 50).await;
    assert_eq!(desk.contact(&id).await["name"], json!("Lia"));
    hears(Some("Lia Prado"), 30).await;
    // One that comes late says nothing of today's name, nor does one without.
    hears(Some("Lia"), 40).await;
    hears(None, 20).await;
    assert_eq!(desk.contact(&id).await["name"], json!("Lia Prado"));
    let path = format!("/v3/contacts/{id}");
    let renamed = desk.carla.call(Method::PATCH, &path, Some(json!({ "name": "Dona Lia" }))).await.expect(200);
    assert_eq!((&renamed["name"], &renamed["profile_name"]), (&json!("Dona Lia"), &json!("Lia Prado")));
    hears(Some("Lia P."), 10).await;
    let shown = desk.contact(&id).await;
    assert_eq!((&shown["name"], &shown["profile_name"]), (&json!("Dona Lia"), &json!("Lia P.")));
    let listed = desk.carla.get("/api/tickets").await.expect(200);
    assert_eq!(listed["tickets"][0]["contactName"], json!("Dona Lia"));
    let back = desk.carla.call(Method::PATCH, &path, Some(json!({ "name": null }))).await.expect(200);
    assert_eq!(back["name"], json!("Lia P."));
    for bad in [json!({ "name": "" }), json!({ "name": "a\nb" }), json!({ "name": "x".repeat(101) })] {
        let answer = desk.carla.call(Method::PATCH, &path, Some(bad.clone())).await;
        assert_eq!((answer.status, &answer.body["field"]), (422, &json!("name")), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_who_were_one_contact_are_parted_by_hand_and_joined_again() {
    let desk = Desk::open().await;
    let number = people::phone(4);
    let id = desk.hears(COMERCIAL, &Shows { phone: Some(&number), ..Shows::default() }, 60).await;
    let both = Shows { phone: Some(&number), user_id: Some("BR.5"), ..Shows::default() };
    assert_eq!(desk.hears(COMERCIAL, &both, 50).await, id);
    let leaving = json!({ "identities": [{ "kind": "bsuid", "value": "BR.5" }] });
    let other = desk.post(&id, "split", leaving.clone()).await["id"].as_str().unwrap().to_owned();
    // A message that shows both is the user id's; it joins nobody.
    assert_eq!(desk.hears(COMERCIAL, &both, 40).await, other);
    assert_eq!(desk.hears(COMERCIAL, &Shows { user_id: None, ..both }, 30).await, id);
    let answer = desk.carla.post(&format!("/v3/contacts/{id}/split"), leaving).await;
    assert_eq!((answer.status, &answer.body["field"]), (422, &json!("identities")));
    let whole = json!({ "identities": [{ "kind": "phone", "value": number }] });
    assert_eq!(desk.carla.post(&format!("/v3/contacts/{id}/split"), whole).await.status, 422);
    let ana = desk.host.agent("ana");
    assert_eq!(ana.post(&format!("/v3/contacts/{id}/merge"), json!({ "contact": other })).await.status, 403);
    assert_eq!(desk.post(&other, "merge", json!({ "contact": id })).await["id"], json!(id));
    assert_eq!(desk.contact(&other).await["id"], json!(id));
    let storage = desk.host.storage().await;
    let found = storage.contact(&demo(), &other.parse_contact()).await.unwrap().unwrap();
    assert_eq!(found.aliases.len(), 2);
}

/// Reads a contact's id.
trait ParseContact {
    fn parse_contact(&self) -> domain::ids::ContactId;
}

impl ParseContact for String {
    fn parse_contact(&self) -> domain::ids::ContactId {
        domain::ids::ContactId::new(self.as_str()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_that_is_told_with_two_times_is_stored_once() {
    let desk = Desk::open().await;
    let number = people::phone(5);
    let shows = Shows { phone: Some(&number), ..Shows::default() };
    for (id, ago) in [("wamid.A", 60), ("wamid.A", 58), ("wamid.B", 50), ("wamid.A", 40)] {
        desk.host.post_whatsapp(&said(COMERCIAL, &shows, id, &format!("Oi {id}"), ago)).await.expect(200);
        desk.host.settled().await;
    }
    // So many others that the conversation has forgotten its id; then it comes late.
    for n in 0..30 {
        let body = said(COMERCIAL, &shows, &format!("wamid.C{n}"), "Oi", 30);
        desk.host.post_whatsapp(&body).await.expect(200);
    }
    desk.host.settled().await;
    desk.host.post_whatsapp(&said(COMERCIAL, &shows, "wamid.A", "Oi wamid.A", 55)).await.expect(200);
    // What a conversation does not count is known by its id as well.
    for ago in [20, 19] {
        let mut body = said(COMERCIAL, &shows, "wamid.R", "", ago);
        let message = &mut body["entry"][0]["changes"][0]["value"]["messages"][0];
        message["type"] = json!("reaction");
        message["reaction"] = json!({ "message_id": "wamid.A", "emoji": "👍" });
        desk.host.post_whatsapp(&body).await.expect(200);
        desk.host.settled().await;
    }
    let messages = desk.carla.get("/v3/tickets/1/messages?limit=100").await.expect(200);
    let conversation = messages["data"][0]["conversation_id"].as_str().map(str::to_owned);
    let path = conversation.map_or("/v3/tickets/1/messages?limit=100".to_owned(), |id| {
        format!("/v3/conversations/{id}/messages?limit=100")
    });
    let all = desk.carla.get(&path).await.expect(200);
    let ids: Vec<String> =
        all["data"].as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect();
    let times = |id: &str| ids.iter().filter(|name| name.ends_with(id)).count();
    assert_eq!((times(".wamid.A"), times(".wamid.B"), times(".wamid.R"), ids.len()), (1, 1, 1, 33), "{ids:?}");
    assert!(desk.host.command(&["check"]).contains("holds"), "check found something");
}
