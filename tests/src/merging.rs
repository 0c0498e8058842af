//! A person who wrote under two identities before anything said that they are one's own: messages, tickets and numbers are
//! kept, both ids lead to one contact, and one ticket is active.

use serde_json::{Value, json};

use crate::world::baileys::{self, TOKEN, upsert};
use crate::world::{Host, demo, load, people};

/// A message under these JIDs.
fn said(id: &str, n: usize, jid: &str, alt: Option<&str>) -> Value {
    let mut message = baileys::message("0", id, &json!({ "conversation": people::words(n) }));
    message["key"]["remoteJid"] = json!(jid);
    if let Some(alt) = alt {
        message["key"]["remoteJidAlt"] = json!(alt);
    }
    upsert("notify", &[message])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_contacts_that_turn_out_to_be_one_keep_everything_and_have_one_active_ticket() {
    let host = Host::fresh().await;
    let phone = format!("{}@s.whatsapp.net", people::phone(1));
    let post = async |body: Value| {
        host.post_baileys(TOKEN, &body).await.expect(200);
        host.settled().await;
    };
    post(said("3EB0A", 1, "2110@lid", None)).await;
    post(said("3EB0B", 2, &phone, None)).await;
    let ana = host.agent("ana");
    let contacts: Vec<Value> = [1, 2].map(|_| Value::Null).to_vec();
    let mut contacts = contacts;
    for (n, contact) in contacts.iter_mut().enumerate() {
        *contact = ana.get(&format!("/api/tickets/{}", n + 1)).await.expect(200)["contactId"].take();
    }
    assert_ne!(contacts[0], contacts[1]);
    ana.post("/api/tickets/2/claim", json!({})).await.expect(200);

    // Both at once: the younger contact goes into the older, its ticket into the older's.
    let both = said("3EB0C", 3, "2110@lid", Some(&phone));
    post(both.clone()).await;
    let storage = host.storage().await;
    let tickets = storage.tickets_by_number(&demo(), u64::MAX, 10).await.unwrap().tickets;
    let states: Vec<_> = tickets.iter().map(|ticket| (ticket.number.number, ticket.state.as_str())).collect();
    assert_eq!(states, [(2, "cancelled"), (1, "new")]);
    assert_eq!(load(&storage, "ana").await, 0);
    for ticket in &tickets {
        let contact = storage.contact(&demo(), &ticket.contact).await.unwrap().unwrap();
        assert_eq!((json!(contact.id), contact.aliases.len()), (contacts[0].clone(), 2));
        let shown = ana.get(&format!("/api/tickets/{}", ticket.number.number)).await.expect(200);
        assert_eq!(shown["contactPhone"], json!(people::phone(1)));
        let messages = ana.get(&format!("/api/tickets/{}/messages", ticket.number.number)).await.expect(200);
        let words: Vec<_> = messages.as_array().unwrap().iter().map(|message| message["body"].clone()).collect();
        assert_eq!(words, [1, 2, 3].map(|n| json!(people::words(n))), "{}", ticket.number.number);
    }

    // Whatever comes again is known, under each identity; what is new joins the ticket.
    let before = host.items().await.len();
    for (kind, id, n, jid) in [("append", "3EB0A", 1, "2110@lid"), ("append", "3EB0B", 2, phone.as_str())] {
        let mut again = said(id, n, jid, None);
        let stored = storage.tickets_by_number(&demo(), u64::MAX, 10).await.unwrap().tickets;
        let conversation = stored.iter().find(|ticket| ticket.number.number == n as u64).unwrap().conversation.clone();
        let messages = storage.messages(&demo(), &conversation.unwrap(), None, 10).await.unwrap();
        let sent = messages.iter().find(|message| message.reference.id == id).unwrap().reference.sent_at;
        again["data"]["messages"][0]["messageTimestamp"] = json!(sent.as_second());
        again["data"]["type"] = json!(kind);
        post(again).await;
    }
    assert_eq!(host.items().await.len(), before);
    post(said("3EB0D", 4, &phone, None)).await;
    assert_eq!(storage.ticket_count(&demo()).await.unwrap(), 2);
    let messages = ana.get("/api/tickets/1/messages").await.expect(200);
    assert_eq!(messages.as_array().map(Vec::len), Some(4));
}
