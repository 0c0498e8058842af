//! Writes of the same moment go in one call: each on an item of its own, under a condition of its own, made or refused by itself.
//!
//! The messages of a batch are worked on side by side. A call for each of their writes would be a signature, a turn on a connection and,
//! at a cold start, a handshake. `BatchExecuteStatement` is the one call of DynamoDB that holds several writes with conditions and costs
//! what they cost alone; a transaction would cost twice as much and fail as a whole.
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.batching.html>.

use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementErrorCodeEnum, BatchStatementRequest, BatchStatementResponse, ReturnConsumedCapacity,
};
use tokio::sync::oneshot;

use crate::Storage;
use crate::item::Item;
use crate::keys::Key;
use crate::meeting::Meeting;

/// The most statements of a call.
const MOST: usize = 25;

/// A write as a statement of `PartiQL`.
#[derive(Debug)]
pub(crate) struct Statement {
    text: String,
    parameters: Vec<AttributeValue>,
}

/// Somebody who waits for a write.
#[derive(Debug)]
pub(crate) struct Waiting {
    statement: Statement,
    answer: oneshot::Sender<bool>,
}

/// Those who want to write.
pub(crate) type Writes = Meeting<Waiting>;

impl Statement {
    /// Makes an item, if there is none.
    pub(crate) fn insert(table: &str, item: &Item) -> Self {
        let mut members: Vec<_> = item.iter().collect();
        members.sort_by_key(|(name, _)| *name);
        let names: Vec<String> = members.iter().map(|(name, _)| format!("'{name}': ?")).collect();
        let text = format!("INSERT INTO \"{table}\" VALUE {{{}}}", names.join(", "));
        Self { text, parameters: members.into_iter().map(|(_, value)| value.clone()).collect() }
    }

    /// Sets attributes of an item that is there, if others of it are as they were read.
    pub(crate) fn update(
        table: &str,
        key: Key,
        set: &[(&str, AttributeValue)],
        unmoved: &[(&str, AttributeValue)],
    ) -> Self {
        let key = [("pk", AttributeValue::S(key.pk)), ("sk", AttributeValue::S(key.sk))];
        let found = [&key, unmoved].concat();
        let clauses = |pairs: &[(&str, AttributeValue)], between: &str| {
            pairs.iter().map(|(name, _)| format!("\"{name}\" = ?")).collect::<Vec<_>>().join(between)
        };
        let text = format!("UPDATE \"{table}\" SET {} WHERE {}", clauses(set, " SET "), clauses(&found, " AND "));
        Self { text, parameters: [set, &found].concat().into_iter().map(|(_, value)| value).collect() }
    }
}

impl Storage {
    /// Makes a write together with those of the same moment: whether it was made, `false` where its condition did not hold. Nothing
    /// where the caller has to make it alone: this value does not share its calls, nobody else wrote, or it failed otherwise.
    pub(crate) async fn write_together(&self, statement: impl FnOnce(&str) -> Statement) -> Option<bool> {
        let shared = self.shared.as_ref()?;
        let (sender, answer) = oneshot::channel();
        if let Some(all) = shared.writes.join(Waiting { statement: statement(&self.table), answer: sender }).await {
            self.write_all(all).await;
        }
        answer.await.ok()
    }

    /// Answers those that are settled. Who is not answered writes alone, and is told there what is wrong.
    async fn write_all(&self, mut all: Vec<Waiting>) {
        while all.len() > 1 {
            let some: Vec<Waiting> = all.drain(..all.len().min(MOST)).collect();
            let (statements, answers): (Vec<_>, Vec<_>) =
                some.into_iter().map(|Waiting { statement, answer }| (statement, answer)).unzip();
            let statements = statements.into_iter().map(|Statement { text, parameters }| {
                BatchStatementRequest::builder().statement(text).set_parameters(Some(parameters)).build()
            });
            let Ok(statements) = statements.collect::<Result<Vec<_>, _>>() else { return };
            let call = self.client.batch_execute_statement().set_statements(Some(statements));
            let answer = match call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
                Ok(answer) => answer,
                Err(error) => {
                    let error = crate::Error::from(error);
                    return tracing::info!(%error, "several writes in one call failed; each is made alone");
                }
            };
            self.units.add_write(answer.consumed_capacity());
            for (response, waiting) in answer.responses().iter().zip(answers) {
                if let Some(was_made) = settled(response) {
                    // Who no longer waits needs no answer.
                    let _gone = waiting.send(was_made);
                }
            }
        }
    }
}

fn settled(response: &BatchStatementResponse) -> Option<bool> {
    let Some(error) = response.error() else { return Some(true) };
    (error.code() == Some(&BatchStatementErrorCodeEnum::ConditionalCheckFailed)).then_some(false)
}
