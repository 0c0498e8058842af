//! Service keys: one item each.

use domain::ids::{AgentId, OrganizationId};
use domain::service_key::ServiceKey;
use jiff::Timestamp;

use crate::item::{number, read, write};
use crate::{Error, Storage, keys};

impl Storage {
    /// A key, as it is now.
    pub async fn service_key(&self, org: &OrganizationId, id: &AgentId) -> Result<Option<ServiceKey>, Error> {
        self.get(keys::service_key(org, id), true).await?.map(read).transpose()
    }

    /// Adds a key unless there is one of its id.
    pub async fn add_service_key(&self, key: &ServiceKey) -> Result<(), Error> {
        self.put_new(write(keys::service_key(&key.org, &key.id), key)?).await.map(drop)
    }

    /// The keys of an organization, those that were revoked among them.
    pub async fn service_keys(&self, org: &OrganizationId) -> Result<Vec<ServiceKey>, Error> {
        self.all_under(keys::organization(org).pk, keys::SERVICE_KEY_PREFIX, true).await
    }

    /// Makes a key worth nothing, from the next request on. `false` when there is none that is worth something.
    pub async fn revoke_service_key(&self, org: &OrganizationId, id: &AgentId, now: Timestamp) -> Result<bool, Error> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::service_key(org, id).into()))
            .update_expression("SET revoked = :now")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(revoked)")
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .return_consumed_capacity(aws_sdk_dynamodb::types::ReturnConsumedCapacity::Total);
        self.unless_refused(update.send().await)
    }
}
