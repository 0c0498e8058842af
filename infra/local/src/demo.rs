//! The demo organization: added where it is missing, never changed, so that what an operator has edited stays.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use domain::agent::{Agent, Role};
use domain::connection::{Connection, DEFAULT_ACCOUNT, DEFAULT_APP, GroupPolicy, Provider, ReopenPolicy};
use domain::ids::{AgentId, ConnectionId, InvalidId, OrganizationId, QueueId};
use domain::organization::{Organization, Queue, Settings};
use domain::ticket::ClosingPolicy;
use sha2::{Digest as _, Sha256};
use storage::Storage;

use crate::secrets::{DEMO_GATEWAY_TOKEN, OperatorKey};
use crate::template::REGION;

/// The demo's connections.
pub(crate) const CONNECTIONS: [&str; 6] = ["comercial", "suporte", "baileys", "evolution", "waha", "gowa"];
/// Those of them that are gateways, each under the name of its kind.
pub(crate) const GATEWAYS: [&str; 4] = ["baileys", "evolution", "waha", "gowa"];
const ORGANIZATION: &str = "demo";
/// Room for an afternoon of trying things out.
const CAPACITY: u32 = 50;

/// Why the demo organization is not there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error("the table did not take it")]
    Storage(#[from] storage::Error),
    #[error("an id of the demo is not valid")]
    Id(#[from] InvalidId),
}

/// By which a Cloud API webhook names a demo connection.
pub(crate) fn phone_number_id(connection: &str) -> Option<&'static str> {
    match connection {
        "comercial" => Some("100000000000001"),
        "suporte" => Some("100000000000002"),
        _ => None,
    }
}

/// The table as the operator sees it, through the AWS endpoint.
pub(crate) fn storage(aws_url: &str, operator: &OperatorKey, table: &str) -> Storage {
    let key = Credentials::new(&operator.access_key_id, &operator.secret_access_key, None, None, "operator");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(key)
        .endpoint_url(aws_url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Storage::new(Client::from_conf(config), table)
}

/// Whether the table has a connection that answers to the documentation's gateway token.
pub(crate) async fn answers_to_known_token(storage: &Storage) -> Result<bool, DemoError> {
    for kind in ["baileys", "evolution"] {
        if storage.provider_account(kind, &token_sha256(DEMO_GATEWAY_TOKEN)).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Adds what is missing of the demo organization.
pub(crate) async fn seed(storage: &Storage, gateways: &BTreeMap<String, String>) -> Result<(), DemoError> {
    let org = OrganizationId::new(ORGANIZATION)?;
    let (sales, support) = (QueueId::new("sales")?, QueueId::new("support")?);
    let name = "Loja Demonstração".to_owned();
    storage
        .add_organization(&Organization {
            id: org.clone(),
            name,
            time_zone: "America/Sao_Paulo".to_owned(),
            settings: Settings::default(),
        })
        .await?;
    for (id, name) in [(&sales, "Comercial"), (&support, "Suporte")] {
        storage
            .add_queue(&org, &Queue { id: id.clone(), name: name.to_owned(), closing: ClosingPolicy::default() })
            .await?;
    }
    for (id, name, role) in [
        ("ana", "Ana Lima", Role::Agent),
        ("bruno", "Bruno Reis", Role::Agent),
        ("carla", "Carla Dias", Role::Supervisor),
        ("dora", "Dora Melo", Role::Admin),
    ] {
        let agent = Agent {
            id: AgentId::new(id)?,
            name: name.to_owned(),
            role,
            queues: vec![sales.clone(), support.clone()],
            capacity: CAPACITY,
            load: 0,
            is_active: true,
        };
        storage.add_agent(&org, &agent).await?;
    }
    for id in CONNECTIONS {
        let provider = match (phone_number_id(id), gateways.get(id)) {
            (Some(phone_number_id), _) => Provider::CloudApi {
                phone_number_id: phone_number_id.to_owned(),
                app: DEFAULT_APP.to_owned(),
                waba_id: Some(crate::meta::ACCOUNT.to_owned()),
            },
            (None, Some(token)) => match id {
                "evolution" => Provider::Evolution { token_sha256: token_sha256(token) },
                "waha" => Provider::Waha { account: DEFAULT_ACCOUNT.to_owned() },
                "gowa" => Provider::Gowa { account: DEFAULT_ACCOUNT.to_owned() },
                _ => Provider::Baileys { token_sha256: token_sha256(token) },
            },
            (None, None) => continue,
        };
        let connection = Connection {
            id: ConnectionId::new(id)?,
            org: org.clone(),
            provider,
            // Whose number a gateway really speaks for is not known here, so any mention in a group counts.
            own: Vec::new(),
            queue: if id == "comercial" { sales.clone() } else { support.clone() },
            reopen: ReopenPolicy::default(),
            groups: GroupPolicy::default(),
            calls: domain::connection::CallPolicy::default(),
            locale: None,
        };
        storage.add_connection(&connection).await?;
    }
    Ok(())
}

fn token_sha256(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
