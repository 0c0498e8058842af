//! Keys by which programs call the API: bots and models, which no agent signs in for.
//!
//! A key is shown once, when it is made. What is kept is the digest of its secret, so nobody who reads the table can call with it.
//! Source: docs/adr/0026-service-keys.md.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::ids::{AgentId, OrganizationId};

/// What every key begins with, by which scanners of repositories know one.
const MARK: &str = "turno_sk";
/// The characters of a secret: 32 random bytes in hexadecimal.
const SECRET: usize = 64;

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// To look up a customer's own tickets.
    #[serde(rename = "tickets:read")]
    TicketsRead,
    /// To make tickets for a customer.
    #[serde(rename = "tickets:write")]
    TicketsWrite,
    /// To read what was said in a conversation.
    #[serde(rename = "conversations:read")]
    ConversationsRead,
}

impl Scope {
    /// All.
    pub const ALL: [Self; 3] = [Self::TicketsRead, Self::TicketsWrite, Self::ConversationsRead];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TicketsRead => "tickets:read",
            Self::TicketsWrite => "tickets:write",
            Self::ConversationsRead => "conversations:read",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceKey {
    /// Its id, which stands where an agent's would: in the history, and before the answers of its requests.
    pub id: AgentId,
    /// Whose it is.
    pub org: OrganizationId,
    /// What somebody called it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// SHA-256 of the secret in lower-case hex.
    pub secret_sha256: String,
    /// When it was made.
    #[serde(rename = "created", with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created_at: Timestamp,
    /// Since when it is worth nothing.
    #[serde(
        rename = "revoked",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub revoked_at: Option<Timestamp>,
}

/// A key as a program presents it: `turno_sk.<organization>.<id>.<secret>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    /// The organization that it says it is of.
    pub org: OrganizationId,
    /// Which key it says it is.
    pub id: AgentId,
    secret: String,
}

impl Presented {
    /// Makes a key anew. `secret` is 32 bytes that nobody can guess.
    pub fn new(org: OrganizationId, id: AgentId, secret: [u8; 32]) -> Self {
        Self { org, id, secret: hex::encode(secret) }
    }

    /// Reads a key. `None` for what cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (mark, org, id, secret) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_key = mark == MARK && parts.next().is_none() && secret.len() == SECRET;
        let (org, id) = (OrganizationId::new(org).ok()?, AgentId::new(id).ok()?);
        is_key.then(|| Self { org, id, secret: secret.to_owned() })
    }

    /// The digest of its secret.
    pub fn secret_sha256(&self) -> String {
        hex::encode(Sha256::digest(self.secret.as_bytes()))
    }

    /// The key, to be shown once.
    pub fn reveal(&self) -> String {
        format!("{MARK}.{}.{}.{}", self.org, self.id, self.secret)
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented({}, {})", self.org, self.id)
    }
}

impl ServiceKey {
    /// Whether what was presented is this key, and it is worth something still. Takes as long for a wrong secret as for the right
    /// one.
    pub fn admits(&self, presented: &Presented) -> bool {
        let is_it: bool = self.secret_sha256.as_bytes().ct_eq(presented.secret_sha256().as_bytes()).into();
        is_it && self.revoked_at.is_none() && self.org == presented.org && self.id == presented.id
    }

    /// Whether it may be used for this.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presented(secret: u8) -> Presented {
        Presented::new(OrganizationId::new("demo").unwrap(), AgentId::new("svc_1").unwrap(), [secret; 32])
    }

    fn kept(presented: &Presented) -> ServiceKey {
        ServiceKey {
            id: presented.id.clone(),
            org: presented.org.clone(),
            name: "bot".to_owned(),
            scopes: vec![Scope::TicketsRead],
            secret_sha256: presented.secret_sha256(),
            created_at: Timestamp::UNIX_EPOCH,
            revoked_at: None,
        }
    }

    #[test]
    fn a_key_admits_what_was_shown_and_nothing_else() {
        let key = kept(&presented(1));
        let shown = presented(1).reveal();
        assert!(key.admits(&Presented::parse(&shown).unwrap()));
        assert!(!key.admits(&presented(2)));
        let elsewhere = shown.replace(".demo.", ".other.");
        assert!(!key.admits(&Presented::parse(&elsewhere).unwrap()));
        let revoked = ServiceKey { revoked_at: Some(Timestamp::UNIX_EPOCH), ..key.clone() };
        assert!(!revoked.admits(&presented(1)));
        assert!(key.may(Scope::TicketsRead) && !key.may(Scope::TicketsWrite));
        assert!(!format!("{:?}", presented(1)).contains("0101"));
    }

    #[test]
    fn what_cannot_be_a_key_is_none() {
        let shown = presented(1).reveal();
        for bad in [
            "",
            "turno_sk",
            &shown[1..],
            &shown[..shown.len() - 1],
            &format!("{shown}.x"),
            &shown.replace("demo", "de mo"),
        ] {
            assert_eq!(Presented::parse(bad), None, "{bad}");
        }
    }
}
