//! How connections are doing.

use domain::ids::{ConnectionId, OrganizationId};
use domain::line::Line;
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
