//! Under which of Meta's user ids a contact wrote, by connection.
//!
//! A user id is scoped to a business portfolio, so on one connection a person has one at a time, and a notice says when it changes. Another
//! one without a notice is another person, whose phone number may be the same. Source: docs/adr/0041-who-is-who.md.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::ConnectionId;

/// Of each connection the ids that are one person's: one, or those that notices have tied together. An empty set says that the number changed
/// and the new id was not told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserIds(BTreeMap<ConnectionId, BTreeSet<String>>);

impl UserIds {
    /// One person's ids on one connection.
    pub fn on(connection: &ConnectionId, ids: impl IntoIterator<Item = String>) -> Self {
        Self(BTreeMap::from([(connection.clone(), ids.into_iter().collect())]))
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is known of a connection.
    pub fn get(&self, connection: &ConnectionId) -> Option<&BTreeSet<String>> {
        self.0.get(connection)
    }

    /// These, and those that a message showed on a connection.
    #[must_use]
    pub fn seen(&self, connection: &ConnectionId, ids: &BTreeSet<String>) -> Self {
        let mut all = self.clone();
        if !ids.is_empty() {
            all.0.entry(connection.clone()).or_default().extend(ids.iter().cloned());
        }
        all
    }

    /// These once a notice told of a change: the ids that it names are one person's on every connection that knows one of them. One that
    /// names none leaves open under which the person writes next.
    #[must_use]
    pub fn changed(&self, connection: &ConnectionId, ids: &BTreeSet<String>) -> Self {
        let mut all = self.clone();
        for (known_on, known) in &mut all.0 {
            if ids.is_empty() {
                known.clear();
            } else if known_on == connection || !known.is_disjoint(ids) {
                known.extend(ids.iter().cloned());
            }
        }
        all.seen(connection, ids)
    }

    /// These and another contact's that is the same person.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for (connection, ids) in &other.0 {
            all.0.entry(connection.clone()).or_default().extend(ids.iter().cloned());
        }
        all
    }

    /// These without another contact's.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        for (connection, ids) in &other.0 {
            if let Some(known) = rest.0.get_mut(connection) {
                known.retain(|id| !ids.contains(id));
                if known.is_empty() {
                    rest.0.remove(connection);
                }
            }
        }
        rest
    }

    /// Some of these ids, wherever they are known.
    #[must_use]
    pub fn only(&self, some: &BTreeSet<String>) -> Self {
        let gone = self.0.values().flatten().filter(|id| !some.contains(*id)).cloned().collect();
        self.without_ids(&gone)
    }

    /// These without some ids, wherever they are known.
    #[must_use]
    pub fn without_ids(&self, gone: &BTreeSet<String>) -> Self {
        let mut rest = self.clone();
        for known in rest.0.values_mut() {
            known.retain(|id| !gone.contains(id));
        }
        rest.0.retain(|_, known| !known.is_empty());
        rest
    }

    /// Whether two contacts wrote under different ids on one connection, so that they are two people.
    pub fn contradict(&self, other: &Self) -> bool {
        let differ = |(connection, ids): (&ConnectionId, &BTreeSet<String>)| {
            other
                .0
                .get(connection)
                .is_some_and(|theirs| !ids.is_empty() && !theirs.is_empty() && ids.is_disjoint(theirs))
        };
        self.0.iter().any(differ)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn con(id: &str) -> ConnectionId {
        ConnectionId::new(id).unwrap()
    }

    fn ids(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn two_ids_on_one_connection_are_two_people_until_a_notice_ties_them() {
        let first = UserIds::on(&con("a"), ids(&["US.1"]));
        let second = UserIds::on(&con("a"), ids(&["US.2"]));
        assert!(first.contradict(&second));
        assert!(!first.contradict(&UserIds::on(&con("b"), ids(&["US.2"]))));
        assert!(!first.changed(&con("a"), &ids(&["US.1", "US.2"])).contradict(&second));
    }

    #[test]
    fn a_notice_is_for_every_connection_that_knows_the_old_id() {
        let both =
            UserIds::on(&con("a"), ids(&["US.1"])).seen(&con("b"), &ids(&["US.1"])).seen(&con("c"), &ids(&["X.9"]));
        let after = both.changed(&con("a"), &ids(&["US.1", "US.2"]));
        assert_eq!(after.get(&con("b")), Some(&ids(&["US.1", "US.2"])));
        assert_eq!(after.get(&con("c")), Some(&ids(&["X.9"])));
        assert_eq!(both.changed(&con("a"), &ids(&[])).get(&con("b")), Some(&ids(&[])));
    }

    #[test]
    fn what_was_joined_can_be_parted() {
        let (first, second) = (UserIds::on(&con("a"), ids(&["US.1"])), UserIds::on(&con("b"), ids(&["US.2"])));
        assert_eq!(first.and(&second).without(&second), first);
        assert_eq!(first.and(&second).without_ids(&ids(&["US.1"])), second);
    }
}
