//! What one reading cannot tell without holding every message: whether a provider's id is on two of them, and which message a
//! report is about that was never joined. Where there is anything to suspect, the messages are read once more.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::ids::{ConnectionId, ConversationId, OrganizationId, ProviderMessageId};
use domain::invariants::delivery::{self, Receipt};
use domain::invariants::messages::{Said, Side};
use domain::invariants::{Finding, Invariant};
use storage::survey::{Entry, Surveyed};

use super::report::Report;
use super::snapshot::{Snapshot, Unreadable};

/// A connection of an organization.
type Line = (OrganizationId, ConnectionId);

/// Eight bytes a message, and the receipts that name no message.
#[derive(Default)]
pub(super) struct Suspects {
    hashes: HashMap<Line, Vec<u64>>,
    receipts: HashMap<Line, HashMap<ProviderMessageId, Receipt>>,
}

impl Suspects {
    /// Notes the ids of a contact's messages on a connection whose provider names each of them once.
    pub(super) fn messages(&mut self, org: &OrganizationId, connection: &ConnectionId, said: &[Said]) {
        let hashes = self.hashes.entry((org.clone(), connection.clone())).or_default();
        hashes.extend(said.iter().filter(|said| said.side == Side::Contact).map(|said| hash(&said.id)));
    }

    /// Notes a receipt that names no message.
    pub(super) fn receipt(&mut self, org: &OrganizationId, receipt: Receipt) {
        let line = (org.clone(), receipt.connection.clone());
        self.receipts.entry(line).or_default().insert(receipt.id.clone(), receipt);
    }

    /// Reads the messages again where that can find something.
    pub(super) fn look_again(mut self, snapshot: &Snapshot, report: &mut Report) -> Result<(), Unreadable> {
        let doubled: HashMap<Line, HashSet<u64>> = self.hashes.drain().filter_map(doubled).collect();
        if doubled.is_empty() && self.receipts.is_empty() {
            return Ok(());
        }
        let mut places: BTreeMap<(Line, String), BTreeSet<ConversationId>> = BTreeMap::new();
        snapshot.partitions(&mut |items| {
            let Some((line, said)) = conversation(items) else { return Ok(()) };
            let (doubled, receipts) = (doubled.get(&line), self.receipts.get(&line));
            for (conversation, said) in said {
                if said.side == Side::Contact && doubled.is_some_and(|doubled| doubled.contains(&hash(&said.id))) {
                    places.entry((line.clone(), said.id)).or_default().insert(conversation);
                } else if said.side != Side::Contact
                    && let Some(receipt) = said.provider_id.as_ref().and_then(|id| receipts?.get(id))
                {
                    report.tell(Some(&line.0), delivery::receipt(receipt, Some(&said)));
                }
            }
            Ok(())
        })?;
        // A conversation that has a message twice was told of beside its other messages.
        for (((org, connection), _), places) in places.into_iter().filter(|(_, places)| places.len() > 1) {
            let places: Vec<&str> = places.iter().map(ConversationId::as_str).collect();
            let words = format!("connection {connection} has one message in two conversations: {}", places.join(", "));
            report.tell(Some(&org), [Finding::new(Invariant::I1, words)]);
        }
        Ok(())
    }
}

/// The hashes that come more than once.
fn doubled((line, mut hashes): (Line, Vec<u64>)) -> Option<(Line, HashSet<u64>)> {
    hashes.sort_unstable();
    let doubled: HashSet<u64> = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    (!doubled.is_empty()).then_some((line, doubled))
}

/// A partition's messages and the connection of their conversation, where it is one's.
fn conversation(items: Vec<Surveyed>) -> Option<(Line, Vec<(ConversationId, Said)>)> {
    let (mut line, mut said) = (None, Vec::new());
    for item in items.into_iter().filter(|item| !item.is_unusable()) {
        match (item.org, item.entry) {
            (Some(org), Entry::Conversation(conversation)) => line = Some((org, conversation.connection)),
            (Some(_), Entry::Said(conversation, message)) => said.push((conversation, *message)),
            _ => return None,
        }
    }
    Some((line?, said))
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}
