//! Numbers as an organization writes them: a pattern of its own, and every form that a ticket ever showed (docs/requirements.md C4).

use serde_json::{Value, json};

use crate::world::cloud_api::COMERCIAL;
use crate::world::{Answer, Host, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_keeps_the_form_it_was_given_and_every_form_is_read() {
    let data = tempfile::tempdir().unwrap();
    let mut host = Host::on(data.path()).await;
    ticket(&host, 1).await;
    host = restarted(host, data.path(), "TKT-{seq:03}").await;
    ticket(&host, 2).await;
    host = restarted(host, data.path(), "{year}.CHAMADO-{seq:04}").await;
    ticket(&host, 3).await;
    let dora = host.agent("dora");
    let year = dora.get("/v3/tickets/3").await.expect(200)["year_number"].as_str().unwrap()[7..11].to_owned();
    let shown = async |n: u64| dora.get(&format!("/v3/tickets/{n}")).await.expect(200)["display_number"].take();
    let own = [json!("#1"), json!("TKT-002"), json!(format!("{year}.CHAMADO-0003"))];
    for (n, expected) in (1..).zip(&own) {
        assert_eq!(shown(n).await, *expected);
    }
    let forms = |n: u64| {
        let year_form = format!("TICKET-{year}-{n:06}");
        [
            n.to_string(),
            format!("%23{n}"),
            year_form,
            format!("TKT-{n:03}"),
            format!("tkt-{n}"),
            format!("{year}.chamado-{n}"),
        ]
    };
    for n in 1..=3 {
        for form in forms(n) {
            for path in ["/v3/tickets", "/api/tickets", "/tickets"] {
                let found: Value = dora.get(&format!("{path}/{form}")).await.expect(200);
                assert!(found["number"] == n || found["ticketNumber"] == n, "{path}/{form}: {found}");
            }
        }
    }
    for nothing in ["TKT-004", "TKT-", "OTHER-1", "TKT-002x"] {
        dora.get(&format!("/v3/tickets/{nothing}")).await.expect(404);
    }
    assert_eq!(dora.get("/api/tickets/TKT-002").await.expect(200)["displayNumber"], "TKT-002");
    assert_eq!(dora.get("/api/v2/tickets/TKT-002").await.expect(200)["data"]["displayId"], "TKT-002");
    let settings = dora.get("/v3/settings").await.expect(200);
    assert_eq!(settings["former_patterns"], json!(["TKT-{seq:03}"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pattern_is_an_admins_to_set_and_is_checked() {
    let host = Host::fresh().await;
    let patch = async |agent: &str, body: Value| {
        let request = host.http.patch(format!("{}/v3/settings", host.api_url)).bearer_auth(host.token("demo", agent));
        Answer::to(request.json(&body)).await
    };
    for agent in ["ana", "carla"] {
        patch(agent, json!({ "number_pattern": "A-{seq}" })).await.expect(403);
        assert_eq!(host.agent(agent).get("/v3/settings").await.expect(200)["number_pattern"], Value::Null);
    }
    for bad in ["", "TKT", "{year}{seq}", "TKT {seq}", "{seq}{seq}"] {
        let refused = patch("dora", json!({ "number_pattern": bad })).await.expect(422);
        assert_eq!(refused["field"], "number_pattern", "{refused}");
        assert!(refused["detail"].as_str().unwrap().starts_with("number_pattern "), "{refused}");
    }
    patch("dora", json!({ "unknown": 1 })).await.expect(422);
    let at_once = (0..8).map(|n| {
        let (http, url, token) = (host.http.clone(), host.api_url.clone(), host.token("demo", "dora"));
        tokio::spawn(async move {
            let body = json!({ "number_pattern": format!("P{}-{{seq}}", ["A", "B", "C", "D", "E", "F", "G", "H"][n]) });
            Answer::to(http.patch(format!("{url}/v3/settings")).bearer_auth(token).json(&body)).await.status
        })
    });
    let mut done = 0;
    for patched in at_once.collect::<Vec<_>>() {
        let status = patched.await.unwrap();
        assert!([200, 409].contains(&status), "{status}");
        done += usize::from(status == 200);
    }
    let settings = host.agent("ana").get("/v3/settings").await.expect(200);
    assert_eq!(settings["former_patterns"].as_array().unwrap().len() + 1, done, "{settings}");
    let may = patch("dora", json!({ "agents_may_assign_others": true, "number_pattern": null })).await.expect(200);
    assert_eq!((&may["agents_may_assign_others"], &may["number_pattern"]), (&json!(true), &Value::Null));
}

/// The nth ticket, of the nth person.
async fn ticket(host: &Host, n: usize) {
    host.say(COMERCIAL, &people::phone(n)).await;
    host.settled().await;
}

/// Sets a pattern; then a new host, since `ingest` keeps settings for a minute.
async fn restarted(host: Host, data: &std::path::Path, pattern: &str) -> Host {
    let request = host.http.patch(format!("{}/v3/settings", host.api_url)).bearer_auth(host.token("demo", "dora"));
    let set = Answer::to(request.json(&json!({ "number_pattern": pattern }))).await.expect(200);
    assert_eq!(set["number_pattern"], pattern);
    host.stop();
    Host::on(data).await
}
