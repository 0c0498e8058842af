//! Requests that were carried out, with the answers that they were given: written in the transaction that carries them out, so that
//! a repetition gets the same answer and does nothing.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::ids::{AgentId, OrganizationId};
use domain::once::OnceKey;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::item::{number, read, write};
use crate::transaction::{IntoTransact, Outcome};
use crate::{Error, Storage, keys};

/// How long an answer is kept: longer than any client tries again.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// A request with the key that its caller gave it.
#[derive(Debug, Clone)]
pub struct Once {
    /// Whose request it is: keys of different agents never meet.
    pub agent: AgentId,
    /// The caller's key.
    pub key: OnceKey,
    /// What tells it from other requests, as `domain::once::fingerprint` gives it.
    pub request: String,
    /// When it came.
    pub now: Timestamp,
}

/// An answer as it was, or is to be, given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// The version of the ticket that the body shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// The same request was carried out, with this answer.
    Answered(Answer),
    /// The key was used for another request.
    OtherRequest,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OnceItem {
    pub(crate) key: String,
    pub(crate) agt: AgentId,
    request: String,
    #[serde(flatten)]
    answer: Answer,
    expires_at: i64,
}

impl Storage {
    /// Whether a request was carried out, as far as is known now.
    pub async fn answered(&self, org: &OrganizationId, once: &Once) -> Result<Option<Known>, Error> {
        let Some(item) = self.get(keys::once(org, &once.agent, &once.key), true).await? else { return Ok(None) };
        let found: OnceItem = read(item)?;
        // The table removes what is too old in its own time.
        if found.expires_at <= once.now.as_second() {
            return Ok(None);
        }
        let known = if found.request == once.request { Known::Answered(found.answer) } else { Known::OtherRequest };
        Ok(Some(known))
    }

    /// Keeps the answer of a request that changes nothing else in the table. `false` where another request with its key came first.
    pub async fn keep_answer(&self, org: &OrganizationId, once: &Once, answer: Answer) -> Result<bool, Error> {
        let items = vec![self.put_answer(org, once, answer)?];
        Ok(matches!(self.transact(items).await?, Outcome::Committed))
    }

    /// Keeps the answer of a request that no transaction before this one carried out.
    pub(crate) fn put_answer(
        &self,
        org: &OrganizationId,
        once: &Once,
        answer: Answer,
    ) -> Result<TransactWriteItem, Error> {
        let item = OnceItem {
            key: once.key.to_string(),
            agt: once.agent.clone(),
            request: once.request.clone(),
            answer,
            expires_at: once.now.saturating_add(KEPT).unwrap_or(Timestamp::MAX).as_second(),
        };
        self.put(write(keys::once(org, &once.agent, &once.key), &item)?)
            .condition_expression("attribute_not_exists(pk) OR expires_at <= :now")
            .expression_attribute_values(":now", number(once.now.as_second()))
            .into_transact()
    }
}
