//! Everything that can be answered: taken, sent as the provider wants it, and joined with its statuses.

use serde_json::{Value, json};

use crate::world::baileys::{self, TOKEN};
use crate::world::{Host, SOON, Session, eventually, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_answer_is_sent_and_its_statuses_are_joined() {
    let host = Host::fresh().await;
    let ana = host.claimed(1).await;
    let said = messages(&ana).await[0]["id"].clone();
    let button = |id: &str, title: &str| json!({ "type": "reply", "reply": { "id": id, "title": title } });
    let action = json!({ "buttons": [button("y", "Sim"), button("n", "Não")] });
    let rows = json!([{ "id": "1", "title": "Um", "description": "primeiro" }]);
    let list = json!({ "button": "Ver", "sections": [{ "title": "Todos", "rows": rows }] });
    let link = "https://example.org/a";
    let answers = [
        json!({ "body": people::words(2), "reply_to": said, "preview_url": true }),
        json!({ "type": "image", "image": { "link": link, "caption": people::words(3) } }),
        json!({ "type": "audio", "audio": { "id": "123456" } }),
        json!({ "type": "video", "video": { "link": link } }),
        json!({ "type": "document", "document": { "link": link, "filename": "nota.pdf", "caption": people::words(4) } }),
        json!({ "type": "sticker", "sticker": { "link": link } }),
        json!({ "type": "interactive", "interactive": { "type": "button", "body": { "text": "Confirma?" }, "action": action } }),
        json!({ "type": "interactive", "interactive": { "type": "list", "header": { "type": "text", "text": "Lista" },
                "body": { "text": "Escolha" }, "footer": { "text": "Loja" }, "action": list } }),
        json!({ "type": "reaction", "reaction": { "message_id": said, "emoji": "👍" } }),
    ];
    for answer in &answers {
        ana.post("/api/tickets/1/messages", answer.clone()).await.expect(201);
    }
    eventually("all are read", SOON, async || {
        messages(&ana).await[1..].iter().all(|message| message["status"] == "read").then_some(())
    })
    .await;
    let sent = host.sent().await;
    let kinds: Vec<&str> = sent.iter().map(|sent| sent["body"]["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["text", "image", "audio", "video", "document", "sticker", "interactive", "interactive", "reaction"]
    );
    let wamid = &messages(&ana).await[0]["provider_message_id"];
    assert_eq!(&sent[0]["body"]["context"]["message_id"], wamid);
    assert_eq!(&sent[8]["body"]["reaction"]["message_id"], wamid);
    // What nobody could send is refused by its field, and nothing of it is stored.
    for (answer, field) in [
        (json!({ "body": "Olá", "reply_to": "cnv_other.5.wamid.1" }), "reply_to"),
        (json!({ "type": "image", "image": { "link": "http://example.org" } }), "link"),
        (json!({ "type": "reaction", "reaction": { "message_id": said, "emoji": "ok" } }), "reaction.emoji"),
    ] {
        assert_eq!(ana.post("/api/tickets/1/messages", answer).await.expect(400)["field"], field);
    }
    assert_eq!(messages(&ana).await.len(), 1 + answers.len());
    // The contact is shown that it is read, and that somebody types.
    ana.post("/api/tickets/1/read", json!({})).await.expect(204);
    ana.post("/api/tickets/1/typing", json!({})).await.expect(204);
    eventually("both are shown", SOON, async || {
        let shown = host.output.logged("send", "contact shown that it is read");
        (shown.len() == 2 && shown.iter().all(|line| line["shown"] == true)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_goes_back_over_the_gateway_that_the_question_came_by() {
    let host = Host::fresh().await;
    let from = people::phone(1);
    let said = baileys::message(&from, "3EB0A", &json!({ "conversation": people::words(1) }));
    host.post_baileys(TOKEN, &baileys::upsert("notify", &[said])).await.expect(200);
    host.settled().await;
    let ana = host.agent("ana");
    ana.post("/api/tickets/1/claim", json!({})).await.expect(200);
    ana.post("/api/tickets/1/messages", json!({ "body": people::words(2) })).await.expect(201);
    let question = messages(&ana).await[0]["id"].clone();
    let reaction = json!({ "type": "reaction", "reaction": { "message_id": question, "emoji": "👍" } });
    ana.post("/api/tickets/1/messages", reaction).await.expect(201);
    eventually("both are accepted", SOON, async || {
        messages(&ana).await[1..].iter().all(|message| message["status"] == "accepted").then_some(())
    })
    .await;
    let sent = host.sent().await;
    assert_eq!((sent.len(), sent[0]["to"].as_str(), sent[0]["by"].as_str()), (2, Some(&*from), Some("+15550100003")));
    assert_eq!(sent[0]["body"]["messageContent"]["text"], people::words(2));
    assert_eq!(sent[1]["body"]["messageContent"]["react"]["key"]["id"], "3EB0A");
    assert_eq!(messages(&ana).await[1]["provider_message_id"], sent[0]["id"]);
    // A gateway knows no templates and shows no buttons, and says so before anything is stored.
    let template = json!({ "type": "template", "template": { "name": "continue_conversation" } });
    assert_eq!(ana.post("/api/tickets/1/messages", template).await.expect(409)["code"], "cannot_send");
}

async fn messages(agent: &Session) -> Vec<Value> {
    serde_json::from_value(agent.get("/api/tickets/1/messages").await.expect(200)).unwrap()
}
