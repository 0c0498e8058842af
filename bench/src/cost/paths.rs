//! Every path through the product, one after the other on a quiet host, and what each consumed.

use serde_json::json;

use crate::agent::Agent;
use crate::host::Host;
use crate::meter::{Bill, Meter};
use crate::provider::{COMERCIAL, SUPORTE, again, phone, text};

/// A path and what it consumed.
pub(super) struct Path {
    /// Its name in the budget.
    pub(super) name: &'static str,
    pub(super) bill: Bill,
}

/// Runs all paths. The order matters: each begins where the one before has left ticket 1, which is of person 1.
pub(super) async fn all(host: &Host) -> anyhow::Result<Vec<Path>> {
    let agent = Agent::new(host, "ana")?;
    // The first ticket of an organization opens its year in the counter, and the first call of a process opens a connection.
    host.post(text(COMERCIAL, &phone(1))).await?;
    host.settled().await?;
    agent.get("/api/tickets/1").await?;
    // Ticket 2, on the other number, is there to have every function and every cache warm.
    host.post(text(SUPORTE, &phone(1))).await?;
    host.settled().await?;
    agent.post("/api/tickets/2/claim", json!({})).await?;
    agent.post("/api/tickets/2/messages", json!({ "body": "Olá" })).await?;
    fire(host, "2026-01-01T00:00:00Z").await?;
    host.settled().await?;
    let mut paths = Paths { host, all: Vec::new() };
    paths.add("new ticket, new contact", host.post(text(COMERCIAL, &phone(2)))).await?;
    paths.add("new ticket, known contact", host.post(text(SUPORTE, &phone(2)))).await?;
    let further = text(COMERCIAL, &phone(2));
    paths.add("further message", host.post(further.clone())).await?;
    paths.add("repeated message", host.post(again(&further)?)).await?;
    paths.add("list", agent.get("/api/tickets?limit=10")).await?;
    paths.add("list, S1", agent.get("/api/v2/tickets?limit=10")).await?;
    paths.add("one ticket", agent.get("/api/tickets/1")).await?;
    paths.add("first look at a ticket, S1", agent.get("/api/v2/tickets/1")).await?;
    paths.add("one ticket with its history, S1", agent.get("/api/v2/tickets/1")).await?;
    paths.add("messages of a ticket", agent.get("/api/tickets/1/messages")).await?;
    paths.add("statistics", agent.get("/api/tickets/stats")).await?;
    paths.add("waiting tickets", agent.get("/api/tickets/queue")).await?;
    paths.add("an agent's tickets", agent.get("/api/tickets/my-tickets")).await?;
    paths.add("claim", agent.post("/api/tickets/1/claim", json!({}))).await?;
    paths
        .add("first answer, with its reports", agent.post("/api/tickets/1/messages", json!({ "body": "Olá" })))
        .await?;
    paths
        .add("further answer, with its reports", agent.post("/api/tickets/1/messages", json!({ "body": "Já vi" })))
        .await?;
    paths.add("state change", agent.set(1, "pending_customer")).await?;
    paths.add("message on a waiting ticket", host.post(text(COMERCIAL, &phone(1)))).await?;
    paths.add("resolve", agent.set(1, "resolved")).await?;
    paths.add("close", agent.set(1, "closed")).await?;
    paths.add("message that reopens", host.post(text(COMERCIAL, &phone(1)))).await?;
    let new = json!({ "customerId": phone(2), "title": "Pedido", "description": "Não chegou" });
    paths.add("ticket made by an agent", agent.post("/api/v2/tickets", new)).await?;
    paths.add("scan, nothing due", fire(host, "2026-01-01T00:00:00Z")).await?;
    Ok(paths.all)
}

struct Paths<'a> {
    host: &'a Host,
    all: Vec<Path>,
}

impl Paths<'_> {
    async fn add(&mut self, name: &'static str, work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
        let meter = Meter::start(self.host).await?;
        work.await?;
        let mut bill = meter.read(self.host).await?;
        if !name.starts_with("scan") {
            // The schedule's own run of the minute.
            bill.remove("sla-scan");
        }
        self.all.push(Path { name, bill });
        Ok(())
    }
}

async fn fire(host: &Host, at: &str) -> anyhow::Result<()> {
    host.invoke("sla-scan", &json!({ "time": at })).await.map(drop)
}
