//! Organizations and their settings: connections, queues, agents.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::agent::Agent;
use domain::connection::Connection;
use domain::ids::{AgentId, ConnectionId, OrganizationId, QueueId};
use domain::organization::{Organization, Queue, Settings};
use serde::{Deserialize, Serialize};

use crate::item::{read, write};
use crate::{Error, Storage, keys};

/// Where a provider account leads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProviderPointer {
    pub(crate) org: OrganizationId,
    pub(crate) con: ConnectionId,
}

impl Storage {
    /// An organization.
    pub async fn organization(&self, org: &OrganizationId) -> Result<Option<Organization>, Error> {
        self.get(keys::organization(org), false).await?.map(read).transpose()
    }

    /// The same as it is now, for who changes it.
    pub async fn organization_now(&self, org: &OrganizationId) -> Result<Option<Organization>, Error> {
        self.get(keys::organization(org), true).await?.map(read).transpose()
    }

    /// Adds an organization unless it is there.
    pub async fn add_organization(&self, organization: &Organization) -> Result<(), Error> {
        self.put_new(write(keys::organization(&organization.id), organization)?).await.map(drop)
    }

    /// Writes what differs between an organization's settings as they were read and as they shall be. `false` when somebody else has
    /// changed one of those meanwhile; what does not differ is left alone, since somebody else may be changing it.
    pub async fn change_settings(
        &self,
        org: &OrganizationId,
        before: &Settings,
        after: &Settings,
    ) -> Result<bool, Error> {
        let (before, after) = (write(keys::organization(org), before)?, write(keys::organization(org), after)?);
        let mut changed: Vec<&String> = before.keys().chain(after.keys()).collect();
        changed.sort();
        changed.dedup();
        changed.retain(|name| before.get(*name) != after.get(*name));
        if changed.is_empty() {
            return Ok(true);
        }
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        let mut unmoved = vec!["attribute_exists(pk)".to_owned()];
        let mut update =
            self.client.update_item().table_name(&self.table).set_key(Some(keys::organization(org).into()));
        for (at, name) in changed.into_iter().enumerate() {
            update = update.expression_attribute_names(format!("#s{at}"), name);
            if let Some(was) = before.get(name) {
                unmoved.push(format!("#s{at} = :was{at}"));
                update = update.expression_attribute_values(format!(":was{at}"), was.clone());
            } else {
                unmoved.push(format!("attribute_not_exists(#s{at})"));
            }
            if let Some(is) = after.get(name) {
                set.push(format!("#s{at} = :is{at}"));
                update = update.expression_attribute_values(format!(":is{at}"), is.clone());
            } else {
                remove.push(format!("#s{at}"));
            }
        }
        let clauses = [("SET", set), ("REMOVE", remove)].into_iter().filter(|(_, parts)| !parts.is_empty());
        let expression: Vec<String> = clauses.map(|(verb, parts)| format!("{verb} {}", parts.join(", "))).collect();
        let update = update
            .update_expression(expression.join(" "))
            .condition_expression(unmoved.join(" AND "))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.unless_refused(update.send().await)
    }

    /// Where a provider account leads: its organization and connection. `kind` and `account` as in
    /// `domain::connection::Provider`. Reads nothing of the organization, which is all that `webhook` may.
    pub async fn provider_account(
        &self,
        kind: &str,
        account: &str,
    ) -> Result<Option<(OrganizationId, ConnectionId)>, Error> {
        let Some(item) = self.get(keys::provider(kind, account), false).await? else { return Ok(None) };
        let pointer: ProviderPointer = read(item)?;
        Ok(Some((pointer.org, pointer.con)))
    }

    /// Where the account leads that holds templates.
    pub async fn template_account(&self, account: &str) -> Result<Option<(OrganizationId, ConnectionId)>, Error> {
        self.provider_account(keys::TEMPLATE_ACCOUNT, account).await
    }

    /// A connection.
    pub async fn connection(&self, org: &OrganizationId, id: &ConnectionId) -> Result<Option<Connection>, Error> {
        self.get(keys::connection(org, id), false).await?.map(read).transpose()
    }

    /// The connections of an organization.
    pub async fn connections(&self, org: &OrganizationId) -> Result<Vec<Connection>, Error> {
        self.all_under(keys::organization(org).pk, keys::CONNECTION_PREFIX, true).await
    }

    /// Adds a connection unless it is there, and the way to it from its provider account.
    pub async fn add_connection(&self, connection: &Connection) -> Result<(), Error> {
        self.put_new(write(keys::connection(&connection.org, &connection.id), connection)?).await?;
        let pointer = ProviderPointer { org: connection.org.clone(), con: connection.id.clone() };
        let key = keys::provider(connection.provider.kind(), connection.provider.account());
        self.put_new(write(key, &pointer)?).await?;
        // What is told of an account's templates names the account alone. Of several connections, the first one leads there.
        if let Some(account) = connection.provider.template_account() {
            self.put_new(write(keys::provider(keys::TEMPLATE_ACCOUNT, account), &pointer)?).await?;
        }
        Ok(())
    }

    /// Adds a queue unless it is there.
    pub async fn add_queue(&self, org: &OrganizationId, queue: &Queue) -> Result<(), Error> {
        self.put_new(write(keys::queue(org, &queue.id), queue)?).await.map(drop)
    }

    /// A queue.
    pub async fn queue(&self, org: &OrganizationId, id: &QueueId) -> Result<Option<Queue>, Error> {
        self.get(keys::queue(org, id), false).await?.map(read).transpose()
    }

    /// Adds an agent unless it is there.
    pub async fn add_agent(&self, org: &OrganizationId, agent: &Agent) -> Result<(), Error> {
        self.put_new(write(keys::agent(org, &agent.id), agent)?).await.map(drop)
    }

    /// An agent, as it is now.
    pub async fn agent(&self, org: &OrganizationId, id: &AgentId) -> Result<Option<Agent>, Error> {
        self.get(keys::agent(org, id), true).await?.map(read).transpose()
    }

    /// The queues of an organization.
    pub async fn queues(&self, org: &OrganizationId) -> Result<Vec<Queue>, Error> {
        self.all_under(keys::organization(org).pk, keys::QUEUE_PREFIX, false).await
    }
}
