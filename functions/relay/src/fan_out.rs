//! Who hears of which change.

use domain::delivery::Delivery;
use domain::ids::OrganizationId;
use domain::media::Media;
use domain::message::{Direction, Message};
use jiff::Timestamp;
use messaging::Entry;
use messaging::event::Event;
use messaging::media::Fetch;
use messaging::outbound::Outbound;
use runtime::Problem;
use storage::stream::Change;

/// What goes to each queue, in the order of the stream.
#[derive(Debug, Default)]
pub(crate) struct FanOut {
    pub(crate) push: Vec<Entry>,
    pub(crate) automation: Vec<Entry>,
    pub(crate) outbound: Vec<Entry>,
    pub(crate) media: Vec<Entry>,
}

impl FanOut {
    /// Adds what a change means for each queue. `seen_at_ms` is when the table recorded it.
    pub(crate) fn add(&mut self, change: &Change, seen_at_ms: i64) -> Result<(), Problem> {
        let seen_at = Timestamp::from_millisecond(seen_at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let event = match change {
            Change::TicketOpened(ticket) => Event::ticket_created(ticket),
            Change::TicketChanged { org, subject, version, row } => Event::ticket_changed(org, subject, *version, row),
            Change::MessageStored { org, message } => {
                if let Direction::Out { delivery: Delivery::Queued, .. } = message.direction {
                    self.outbound.push(Outbound::send(org, &message.reference).map_err(internal)?);
                }
                self.fetch(org, message)?;
                Event::message_stored(org, message)
            }
            Change::MessageDelivered { org, message, delivery } => {
                // It was parked until now.
                if *delivery == Delivery::Queued {
                    self.outbound.push(Outbound::send(org, &message.reference).map_err(internal)?);
                }
                Event::message_delivered(org, message, seen_at)
            }
            Change::MediaChanged { org, message } => {
                self.fetch(org, message)?;
                Event::media_changed(org, message, seen_at)
            }
            Change::LineChanged { org, connection, stop, since } => {
                Event::line_changed(org, connection, stop.as_ref(), *since, seen_at)
            }
            Change::TemplatesWanted { org, connection, mark } => {
                self.outbound.push(Outbound::sync(org, connection, mark).map_err(internal)?);
                return Ok(());
            }
            Change::Read { org, conversation, is_typing, at } => {
                self.outbound.push(Outbound::mark(org, conversation, *is_typing, *at).map_err(internal)?);
                return Ok(());
            }
            Change::ContactWrote { org, conversation, mark } => {
                self.outbound.push(Outbound::release(org, conversation, mark).map_err(internal)?);
                return Ok(());
            }
        };
        let body = serde_json::to_string(&event).map_err(internal)?;
        self.push.push(Entry { body: body.clone(), fifo: None });
        // How far an answer has come is for the agents' screens alone.
        if !matches!(change, Change::MessageDelivered { .. }) {
            self.automation.push(Entry { body, fifo: None });
        }
        Ok(())
    }

    /// Has the file of a message fetched that waits for it.
    fn fetch(&mut self, org: &OrganizationId, message: &Message) -> Result<(), Problem> {
        if message.content.media.as_ref().is_some_and(Media::is_pending) {
            self.media.push(Fetch::entry(org, &message.reference).map_err(internal)?);
        }
        Ok(())
    }
}

fn internal(error: serde_json::Error) -> Problem {
    Problem::Internal { source: Box::new(error) }
}
