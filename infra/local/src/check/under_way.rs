//! What was not finished at the moment of the snapshot, and so explains what would else be findings.
//!
//! Ingest, relay and send write in several steps, and what they work on stays on its queue, or in the stream, until the last
//! of them: whatever is half done has its cause here.

use std::collections::{BTreeMap, HashSet};

use channels::{Carried, Observation, Source, Unit};
use domain::connection::Connection;
use domain::delivery::Delivery;
use domain::ids::{ConnectionId, ConversationId, OrganizationId};
use domain::invariants::messages::Side;
use domain::invariants::{Finding, Invariant, Work};
use domain::media::Media;
use domain::message::{InboundMessage, MessageRef};
use messaging::media::Fetch;
use messaging::outbound::Outbound;
use storage::survey::{Entry, Place};

use super::snapshot::{Snapshot, Unreadable};

/// The work that was under way.
#[derive(Default)]
pub(super) struct UnderWay {
    works: HashSet<(OrganizationId, Work)>,
    /// What waits on the queues that have a consumer, and is being worked on.
    pub(super) waiting: u64,
    /// Messages and reports that were given up, by connection.
    dead: BTreeMap<(OrganizationId, ConnectionId), (u64, u64)>,
    /// Batches of changes whose events were given up.
    untold: u64,
    /// What the inbound queues name, and is not in the bucket.
    lost: u64,
}

impl UnderWay {
    pub(super) fn of(snapshot: &Snapshot) -> Result<Self, Unreadable> {
        let mut all = Self::default();
        for (queue, is_dead) in [("inbound.fifo", false), ("inbound-dead.fifo", true)] {
            snapshot.bodies(queue, &mut |body| all.inbound(snapshot, body, is_dead))?;
        }
        for (queue, is_dead) in [("outbound.fifo", false), ("outbound-dead.fifo", true)] {
            snapshot.bodies(queue, &mut |body| {
                all.outbound(body, is_dead);
                Ok(())
            })?;
        }
        for (queue, is_dead) in [("media", false), ("media-dead", true)] {
            snapshot.bodies(queue, &mut |body| {
                all.media(body, is_dead);
                Ok(())
            })?;
        }
        snapshot.bodies("relay-dead", &mut |_| {
            all.untold += 1;
            Ok(())
        })?;
        snapshot.untold(true, &mut |item| {
            if let (Some(org), Entry::Said(conversation, said)) = (item.org, item.entry) {
                let message = MessageRef { conversation, sent_at: said.sent_at, id: said.id };
                if let Side::Own { is_answer: true, delivery: Delivery::Queued | Delivery::Sending, .. } = said.side {
                    all.works.insert((org, Work::Answer(message)));
                }
            }
        })?;
        // A file is to be tried again by a change of its message.
        snapshot.untold(false, &mut |item| {
            if let (Some(org), Entry::Said(conversation, said)) = (item.org, item.entry)
                && said.media.as_ref().is_some_and(Media::is_pending)
            {
                all.works.insert((org, Work::Media(MessageRef { conversation, sent_at: said.sent_at, id: said.id })));
            }
        })?;
        Ok(all)
    }

    /// Whether work under way explains a finding.
    pub(super) fn explains(&self, org: &OrganizationId, finding: &Finding) -> bool {
        finding.unless.iter().any(|work| self.works.contains(&(org.clone(), work.clone())))
    }

    /// What was given up, acknowledged and not stored or told until somebody moves it back, and what is lost.
    pub(super) fn given_up(&self) -> Vec<(Option<OrganizationId>, Finding)> {
        let mut findings = Vec::new();
        for ((org, connection), (messages, reports)) in &self.dead {
            let mut found = |invariant, count: u64, of: &str| {
                let words = format!(
                    "{count} {of} of connection {connection} lie on inbound-dead.fifo and were given up: redrive the queue"
                );
                if count > 0 {
                    findings.push((Some(org.clone()), Finding::new(invariant, words)));
                }
            };
            found(Invariant::I1, *messages, "acknowledged messages");
            found(Invariant::I5, *reports, "reports on messages");
        }
        if self.lost > 0 {
            let words =
                format!("{} parcels that inbound.fifo or its dead-letter queue name are gone or damaged", self.lost);
            findings.push((None, Finding::new(Invariant::I1, words)));
        }
        if self.untold > 0 {
            let words = format!("{} batches of changes lie on relay-dead: their events were not told", self.untold);
            findings.push((None, Finding::new(Invariant::I6, words)));
        }
        findings
    }

    /// One unit of the inbound queue. One that no connection takes leaves nothing half done.
    fn inbound(&mut self, snapshot: &Snapshot, body: &str, is_dead: bool) -> Result<(), Unreadable> {
        self.waiting += u64::from(!is_dead);
        let Some(unit) = self.unit(snapshot, body)? else { return Ok(()) };
        let Some(connection) = connection(snapshot, &unit.source)? else { return Ok(()) };
        let (org, id) = (connection.org.clone(), connection.id.clone());
        let mut dead = (0, 0);
        match channels::parse(&unit, &connection) {
            Observation::Message(message) => {
                dead.0 = 1;
                self.message(snapshot, &connection, &message)?;
            }
            Observation::Amendment(amendment) => {
                dead.0 = 1;
                if !amendment.message.sender.aliases.is_empty() {
                    self.message(snapshot, &connection, &amendment.message)?;
                }
            }
            Observation::Delivery(report) => {
                dead.1 = 1;
                self.works.insert((org.clone(), Work::Report(id.clone(), report.provider_id)));
            }
            Observation::Field(_) | Observation::Inspect { .. } | Observation::Nothing { .. } => return Ok(()),
        }
        if is_dead {
            let count = self.dead.entry((org, id)).or_default();
            *count = (count.0 + dead.0, count.1 + dead.1);
        }
        Ok(())
    }

    /// The unit of a record, from its parcel where it has one.
    fn unit(&mut self, snapshot: &Snapshot, body: &str) -> Result<Option<Unit>, Unreadable> {
        match Carried::read(body) {
            Ok(Carried::Whole(unit)) => Ok(Some(unit)),
            Ok(Carried::Slip(slip)) => {
                let unit = snapshot.parcel(&slip.key())?.and_then(|parcel| slip.open(&parcel).ok());
                self.lost += u64::from(unit.is_none());
                Ok(unit)
            }
            Err(_) => Ok(None),
        }
    }

    /// The contacts that a message may be of, and their conversations on its connection.
    fn message(
        &mut self,
        snapshot: &Snapshot,
        connection: &Connection,
        message: &InboundMessage,
    ) -> Result<(), Unreadable> {
        let org = &connection.org;
        for alias in &message.sender.aliases {
            let found = snapshot.item(&Place::alias(org, alias))?;
            if let Some(Entry::Alias { contact, .. }) = found.map(|item| item.entry) {
                let conversation = ConversationId::of(&connection.id, &contact);
                self.works.insert((org.clone(), Work::Conversation(conversation)));
                self.works.insert((org.clone(), Work::Contact(contact)));
            }
        }
        Ok(())
    }

    fn media(&mut self, body: &str, is_dead: bool) {
        self.waiting += u64::from(!is_dead);
        if let Ok(Fetch { org, message }) = serde_json::from_str(body) {
            self.works.insert((org, Work::Media(message)));
        }
    }

    fn outbound(&mut self, body: &str, is_dead: bool) {
        self.waiting += u64::from(!is_dead);
        if let Ok(Outbound::Send { org, message }) = serde_json::from_str(body)
            && let Ok(reference) = message.parse()
        {
            self.works.insert((org, Work::Answer(reference)));
        }
    }
}

/// The connection that a unit came by, found as `ingest` finds it.
fn connection(snapshot: &Snapshot, source: &Source) -> Result<Option<Connection>, Unreadable> {
    let (org, id) = match source {
        Source::Gateway { org, connection } => (org.clone(), connection.clone()),
        Source::CloudApi { phone_number_id, .. } => {
            let Some(account) = phone_number_id else { return Ok(None) };
            let Some(item) = snapshot.item(&Place::cloud_api_account(account))? else { return Ok(None) };
            let (Some(org), Entry::Account { connection, .. }) = (item.org, item.entry) else { return Ok(None) };
            (org, connection)
        }
    };
    let found = snapshot.item(&Place::connection(&org, &id))?;
    Ok(found.and_then(|item| match item.entry {
        Entry::Connection(connection) => Some(*connection),
        _ => None,
    }))
}
