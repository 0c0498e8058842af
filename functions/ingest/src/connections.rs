//! Connections and organizations, kept for a minute: every message needs them, and they hardly change.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use domain::connection::Connection;
use domain::ids::{ConnectionId, OrganizationId};
use domain::number::NumberPattern;
use domain::organization::Organization;
use jiff::{SignedDuration, Timestamp};
use runtime::{Problem, clock};
use storage::Storage;

/// How long an answer is used before it is read again. A setting takes effect within it.
const KEPT: SignedDuration = SignedDuration::from_mins(1);

pub(crate) struct Connections {
    storage: Storage,
    accounts: Kept<String, (OrganizationId, ConnectionId)>,
    by_id: Kept<(OrganizationId, ConnectionId), Connection>,
    organizations: Kept<OrganizationId, Organization>,
}

impl Connections {
    pub(crate) fn new(storage: Storage) -> Self {
        Self { storage, accounts: Kept::new(), by_id: Kept::new(), organizations: Kept::new() }
    }

    /// The connection of a Cloud API number.
    pub(crate) async fn by_account(&self, phone_number_id: &str) -> Result<Option<Connection>, Problem> {
        if let Some((org, id)) = self.accounts.get(phone_number_id, clock::now()) {
            return self.get(&org, &id).await;
        }
        let Some((org, id)) = self.storage.provider_account("cloud_api", phone_number_id).await? else {
            return Ok(None);
        };
        self.accounts.keep(phone_number_id.to_owned(), (org.clone(), id.clone()), clock::now());
        self.get(&org, &id).await
    }

    pub(crate) async fn get(&self, org: &OrganizationId, id: &ConnectionId) -> Result<Option<Connection>, Problem> {
        let key = (org.clone(), id.clone());
        if let Some(kept) = self.by_id.get(&key, clock::now()) {
            return Ok(Some(kept));
        }
        let found = self.storage.connection(org, id).await?;
        if let Some(found) = &found {
            self.by_id.keep(key, found.clone(), clock::now());
        }
        Ok(found)
    }

    /// The year in which an organization's tickets are numbered now, and the pattern in which.
    pub(crate) async fn numbering(
        &self,
        org: &OrganizationId,
        now: Timestamp,
    ) -> Result<(i16, Option<NumberPattern>), Problem> {
        if let Some(kept) = self.organizations.get(org, now) {
            return Ok(Organization::numbering(Some(&kept), now));
        }
        let found = self.storage.organization(org).await?;
        if let Some(found) = &found {
            self.organizations.keep(org.clone(), found.clone(), now);
        }
        Ok(Organization::numbering(found.as_ref(), now))
    }
}

/// Values with the time at which they were read. Only what was found is kept, so something new is seen at once.
struct Kept<K, V>(Mutex<HashMap<K, (Timestamp, V)>>);

impl<K: Hash + Eq, V: Clone> Kept<K, V> {
    fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q, now: Timestamp) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|(read_at, _)| now.duration_since(*read_at) < KEPT).map(|(_, value)| value.clone())
    }

    fn keep(&self, key: K, value: V, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (now, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_read_again_after_a_minute() {
        let at = |seconds: i64| Timestamp::from_second(1_790_000_000 + seconds).unwrap();
        let kept: Kept<String, u8> = Kept::new();
        kept.keep("a".to_owned(), 1, at(0));
        assert_eq!(kept.get("a", at(59)), Some(1));
        assert_eq!(kept.get("a", at(60)), None);
        assert_eq!(kept.get("b", at(0)), None);
    }
}
