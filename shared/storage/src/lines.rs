//! How connections are doing.

use domain::ids::{ConnectionId, OrganizationId};
use domain::line::{Line, Stop};
use jiff::Timestamp;

use crate::item::{number, read, text};
use crate::{Error, Storage, keys};

impl Storage {
    /// How a connection is doing.
    pub async fn line(&self, org: &OrganizationId, id: &ConnectionId) -> Result<Line, Error> {
        let found = self.get(keys::line(org, id), true).await?.map(read).transpose()?;
        Ok(found.unwrap_or_else(|| Line::new(id.clone())))
    }

    /// Asks `send` to read the connection's templates from the provider.
    pub async fn ask_for_templates(
        &self,
        org: &OrganizationId,
        id: &ConnectionId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let update = self.line_update(org, id).update_expression("SET con = :con, asked = :at");
        self.unless_refused(update.expression_attribute_values(":at", number(now.as_millisecond())).send().await)?;
        Ok(())
    }

    /// Notes that the connection's templates were read, or the provider's code where that failed.
    pub async fn note_sync(
        &self,
        org: &OrganizationId,
        id: &ConnectionId,
        outcome: Result<(), i64>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let update = match outcome {
            Ok(()) => self
                .line_update(org, id)
                .update_expression("SET con = :con, synced = :at REMOVE sync_err")
                .expression_attribute_values(":at", number(now.as_millisecond())),
            Err(code) => self
                .line_update(org, id)
                .update_expression("SET con = :con, sync_err = :code")
                .expression_attribute_values(":code", number(code)),
        };
        self.unless_refused(update.send().await).map(drop)
    }

    /// Stops a connection, or goes on with that. Only over the state that was read: of several that find out at once, one does it.
    /// `false` when another was first.
    pub async fn stop_line(
        &self,
        org: &OrganizationId,
        id: &ConnectionId,
        before: Option<&Stop>,
        stop: &Stop,
    ) -> Result<bool, Error> {
        let value = serde_dynamo::to_attribute_value(stop);
        let value = value.map_err(|source| Error::Corrupt { item: "LINE/stop".to_owned(), source })?;
        let update = self.line_update(org, id).update_expression("SET con = :con, #stop = :stop");
        let update = update.expression_attribute_names("#stop", "stop").expression_attribute_values(":stop", value);
        let update = match before {
            None => update.condition_expression("attribute_not_exists(#stop)"),
            Some(before) => update
                .condition_expression("#stop.retry = :before")
                .expression_attribute_values(":before", number(before.retry_at.as_millisecond())),
        };
        self.unless_refused(update.send().await)
    }

    /// A connection that was stopped sends again. `false` when it was not stopped.
    pub async fn resume_line(&self, org: &OrganizationId, id: &ConnectionId) -> Result<bool, Error> {
        let update = self.line_update(org, id).update_expression("SET con = :con REMOVE #stop");
        let update = update.condition_expression("attribute_exists(#stop)").expression_attribute_names("#stop", "stop");
        self.unless_refused(update.send().await)
    }

    /// Nothing more is sent on a connection until then.
    pub async fn pause_line(&self, org: &OrganizationId, id: &ConnectionId, until: Timestamp) -> Result<(), Error> {
        let update = self.line_update(org, id).update_expression("SET con = :con, paused = :until");
        let update = update.condition_expression("attribute_not_exists(paused) OR paused < :until");
        self.unless_refused(update.expression_attribute_values(":until", number(until.as_millisecond())).send().await)
            .map(drop)
    }

    fn line_update(
        &self,
        org: &OrganizationId,
        id: &ConnectionId,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::line(org, id).into()))
            .expression_attribute_values(":con", text(id.as_str()))
            .return_consumed_capacity(aws_sdk_dynamodb::types::ReturnConsumedCapacity::Total)
    }
}
