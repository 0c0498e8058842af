//! Organizations and agents beside those of the demo, added as an administrator's function would.

use domain::agent::{Agent, Role};
use domain::connection::{Connection, DEFAULT_APP, GroupPolicy, Provider, ReopenPolicy};
use domain::ids::{AgentId, ConnectionId, OrganizationId, QueueId};
use domain::organization::{Organization, Queue, Settings};
use serde_json::json;
use storage::Storage;

use super::Host;

/// The demo organization.
pub(crate) fn demo() -> OrganizationId {
    OrganizationId::new("demo").unwrap()
}

/// Adds an agent.
pub(crate) async fn agent(
    storage: &Storage,
    org: &OrganizationId,
    id: &str,
    role: Role,
    queues: &[&str],
    capacity: u32,
) {
    let agent = Agent {
        id: AgentId::new(id).unwrap(),
        name: id.to_owned(),
        role,
        queues: queues.iter().map(|queue| QueueId::new(*queue).unwrap()).collect(),
        capacity,
        load: 0,
        is_active: true,
    };
    storage.add_agent(org, &agent).await.unwrap();
}

/// How many tickets an agent holds, by its own item.
pub(crate) async fn load(storage: &Storage, id: &str) -> u32 {
    storage.agent(&demo(), &AgentId::new(id).unwrap()).await.unwrap().unwrap().load
}

/// A connection of the Cloud API whose tickets wait in `sales`.
pub(crate) fn cloud_api_connection(org: &OrganizationId, id: &str, phone_number_id: &str) -> Connection {
    let provider =
        Provider::CloudApi { phone_number_id: phone_number_id.to_owned(), app: DEFAULT_APP.to_owned(), waba_id: None };
    Connection {
        id: ConnectionId::new(id).unwrap(),
        org: org.clone(),
        provider,
        own: Vec::new(),
        queue: QueueId::new("sales").unwrap(),
        reopen: ReopenPolicy::default(),
        groups: GroupPolicy::default(),
        calls: domain::connection::CallPolicy::default(),
        locale: None,
    }
}

/// Adds such a connection.
pub(crate) async fn connection(storage: &Storage, org: &OrganizationId, id: &str, phone_number_id: &str) {
    storage.add_connection(&cloud_api_connection(org, id, phone_number_id)).await.unwrap();
}

/// Adds an organization with a queue `sales` and an admin `eva`.
pub(crate) async fn org(storage: &Storage, id: &str) -> OrganizationId {
    let org = OrganizationId::new(id).unwrap();
    let organization = Organization {
        id: org.clone(),
        name: id.to_owned(),
        time_zone: "UTC".to_owned(),
        settings: Settings::default(),
    };
    storage.add_organization(&organization).await.unwrap();
    let queue = Queue {
        id: QueueId::new("sales").unwrap(),
        name: "Sales".to_owned(),
        closing: domain::ticket::ClosingPolicy::default(),
    };
    storage.add_queue(&org, &queue).await.unwrap();
    agent(storage, &org, "eva", Role::Admin, &["sales"], 5).await;
    org
}

impl Host {
    /// Suspends an agent, as an administrator's function would.
    pub(crate) async fn suspend(&self, agent: &str) {
        let key = json!({ "pk": { "S": "ORG#demo" }, "sk": { "S": format!("AGT#{agent}") } });
        let request = json!({
            "TableName": self.table_name().await, "Key": key, "UpdateExpression": "SET is_active = :no",
            "ExpressionAttributeValues": { ":no": { "BOOL": false } },
        });
        self.aws("DynamoDB_20120810.UpdateItem", &request).await;
    }
}
