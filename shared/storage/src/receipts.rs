//! Which message a provider's id stands for, and what the provider said of it before we knew (invariant I5).
//!
//! One item a provider id, written from both sides: by `send` with the message, by statuses with the report. Each write
//! returns the whole item, so whichever side comes second sees the other's part and joins them.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue};
use domain::delivery::{Delivery, DeliveryError, DeliveryReport};
use domain::ids::{ConnectionId, OrganizationId, ProviderMessageId};
use domain::message::MessageRef;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::item::{number, read, text};
use crate::{Error, Storage, keys};

/// How long a receipt is kept: far longer than any provider reports late.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 45);

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Receipt {
    #[serde(default)]
    pub(crate) msg: Option<String>,
    #[serde(default)]
    pub(crate) reports: Vec<Report>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) delivery: Delivery,
    #[serde(default)]
    err: Option<DeliveryError>,
}

impl Storage {
    /// Remembers that the provider knows `reference` as `id`, and applies what it reported before.
    pub async fn link_receipt(
        &self,
        org: &OrganizationId,
        connection: &ConnectionId,
        id: &ProviderMessageId,
        reference: &MessageRef,
        now: Timestamp,
    ) -> Result<(), Error> {
        let receipt =
            self.join(org, connection, id, "SET msg = :part, expires_at = :expiry", text(reference.to_string()), now);
        for report in receipt.await?.reports {
            self.deliver(org, reference, report.delivery, Some(id), report.err.as_ref()).await?;
        }
        Ok(())
    }

    /// The message that the provider knows under this id, if it is one of ours.
    pub async fn known_as(
        &self,
        org: &OrganizationId,
        connection: &ConnectionId,
        id: &ProviderMessageId,
    ) -> Result<Option<MessageRef>, Error> {
        let Some(item) = self.get(keys::receipt(org, connection, id), true).await? else { return Ok(None) };
        Ok(read::<Receipt>(item)?.msg.and_then(|reference| reference.parse().ok()))
    }

    /// Applies a provider's report to its message, now or as soon as the message is known. Repetitions change nothing.
    pub async fn report_delivery(
        &self,
        org: &OrganizationId,
        connection: &ConnectionId,
        report: &DeliveryReport,
        now: Timestamp,
    ) -> Result<(), Error> {
        let ours = report.callback.as_deref().and_then(|callback| callback.parse::<MessageRef>().ok());
        if let Some(reference) = ours
            && self.message(org, &reference).await?.is_some()
        {
            self.deliver(org, &reference, report.delivery, Some(&report.provider_id), report.error.as_ref()).await?;
            return Ok(());
        }
        let part = vec![Report { delivery: report.delivery, err: report.error.clone() }];
        let part = serde_dynamo::to_attribute_value(part);
        let part = part.map_err(|source| Error::Corrupt { item: "RECEIPT".to_owned(), source })?;
        let expression = "SET reports = list_append(if_not_exists(reports, :none), :part), expires_at = :expiry";
        let receipt = self.join(org, connection, &report.provider_id, expression, part, now).await?;
        if let Some(reference) = receipt.msg.and_then(|reference| reference.parse::<MessageRef>().ok()) {
            self.deliver(org, &reference, report.delivery, Some(&report.provider_id), report.error.as_ref()).await?;
        }
        Ok(())
    }

    async fn join(
        &self,
        org: &OrganizationId,
        connection: &ConnectionId,
        id: &ProviderMessageId,
        expression: &str,
        part: aws_sdk_dynamodb::types::AttributeValue,
        now: Timestamp,
    ) -> Result<Receipt, Error> {
        let expiry = now.saturating_add(KEPT).unwrap_or(Timestamp::MAX).as_second();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::receipt(org, connection, id).into()))
            .update_expression(expression)
            .expression_attribute_values(":part", part)
            .expression_attribute_values(":expiry", number(expiry));
        if expression.contains(":none") {
            update =
                update.expression_attribute_values(":none", aws_sdk_dynamodb::types::AttributeValue::L(Vec::new()));
        }
        let answer = update
            .return_values(ReturnValue::AllNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        self.units.add_write(&answer.consumed_capacity);
        read(answer.attributes.unwrap_or_default())
    }
}
