//! `turno key`: the keys by which bots and models call, made and revoked while the host serves.
//!
//! A key is printed once, when it is made, and kept nowhere: the table holds the digest of its secret.

use domain::ids::{AgentId, OrganizationId};
use domain::service_key::{Presented, Scope, ServiceKey};
use rsa::rand_core::{OsRng, RngCore as _};
use storage::Storage;

use crate::cli::{DataOption, KeyCommand};
use crate::data_dir::SECRETS;
use crate::error::HostError;
use crate::operator::Operator;
use crate::{clock, demo, secrets, status};

/// Carries a command out, and what is to be printed.
pub(crate) async fn run(command: &KeyCommand) -> Result<String, HostError> {
    match command {
        KeyCommand::Create { name, scopes, org, data } => create(name, scopes, org, data).await,
        KeyCommand::List { org, data } => list(org, data).await,
        KeyCommand::Revoke { id, org, data } => revoke(id, org, data).await,
    }
}

async fn create(name: &str, scopes: &[String], org: &str, data: &DataOption) -> Result<String, HostError> {
    let parse = |text: &String| {
        let known = Scope::ALL.map(Scope::as_str).join(", ");
        Scope::parse(text).ok_or_else(|| HostError::Refused(format!("--scope {text}: must be one of {known}")))
    };
    let mut given = scopes.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    given.dedup();
    let (storage, org) = open(org, data).await?;
    if storage.organization(&org).await.map_err(|error| refused(&error))?.is_none() {
        return Err(HostError::Refused(format!("--org {org}: there is no such organization")));
    }
    let mut secret = [0; 32];
    OsRng.fill_bytes(&mut secret);
    let now = clock::now();
    let id = format!("svc_{}", ulid::Ulid::generate());
    let id = AgentId::new(id).map_err(|error| HostError::Refused(error.to_string()))?;
    let presented = Presented::new(org.clone(), id.clone(), secret);
    let key = ServiceKey {
        id,
        org,
        name: name.to_owned(),
        scopes: if given.is_empty() { Scope::ALL.to_vec() } else { given },
        secret_sha256: presented.secret_sha256(),
        created_at: now,
        revoked_at: None,
    };
    storage.add_service_key(&key).await.map_err(|error| refused(&error))?;
    Ok(presented.reveal())
}

async fn list(org: &str, data: &DataOption) -> Result<String, HostError> {
    let (storage, org) = open(org, data).await?;
    let keys = storage.service_keys(&org).await.map_err(|error| refused(&error))?;
    let line = |key: &ServiceKey| {
        let scopes = key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",");
        let state = key.revoked_at.map_or_else(|| "active".to_owned(), |at| format!("revoked {at:.0}"));
        format!("{}  {:.0}  {state}  {scopes}  {}", key.id, key.created_at, key.name)
    };
    Ok(if keys.is_empty() { format!("no keys of {org}") } else { keys.iter().map(line).collect::<Vec<_>>().join("\n") })
}

async fn revoke(id: &str, org: &str, data: &DataOption) -> Result<String, HostError> {
    let (storage, org) = open(org, data).await?;
    let unknown = || HostError::Refused(format!("{org} has no active key {id}; see turno key list"));
    let id = AgentId::new(id).map_err(|_| unknown())?;
    if !storage.revoke_service_key(&org, &id, clock::now()).await.map_err(|error| refused(&error))? {
        return Err(unknown());
    }
    Ok(format!("{id} is revoked"))
}

/// The table of the host that runs, as its operator sees it.
async fn open(org: &str, data: &DataOption) -> Result<(Storage, OrganizationId), HostError> {
    let org = OrganizationId::new(org).map_err(|error| HostError::Refused(format!("--org {org}: {error}")))?;
    let operator = Operator::of(&data.dir)?;
    let tables = status::fetch(&operator).await?.tables;
    let table = tables.into_iter().next().ok_or_else(|| HostError::Refused("the host has no table".to_owned()))?.name;
    let key = secrets::read_file(&data.dir.join(SECRETS))?.operator;
    Ok((demo::storage(&operator.host.aws_url, &key, &table), org))
}

fn refused(error: &storage::Error) -> HostError {
    HostError::Refused(format!("the table did not take it: {error}"))
}
