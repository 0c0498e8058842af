//! What agents do to tickets: `functions/claim`, `functions/tickets/src/{status,answers}.rs` and `storage/src/replies.rs`.

use domain::ticket::TicketState;

use super::call::Call;
use super::changes::{Change, Refused};
use super::table::{Table, Ticket, TicketId};
use super::variant::Variant;

/// A request of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Claim,
    Reply,
    /// `PUT …/status`.
    Move(TicketState),
}

/// An agent with a list of requests, made one after the other until one is refused.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) agent: u8,
    /// The ticket, by its number.
    pub(super) number: u8,
    pub(super) commands: Vec<Command>,
}

/// What an agent was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Told {
    /// Done; for a claim, that it won this version of the ticket.
    Done {
        version: u8,
    },
    /// Refused: the ticket is not, or no longer, such that this can be done.
    No,
    AtCapacity,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum At {
    Read,
    /// The conversation, where a closed ticket is reopened.
    ReadSlot(Change),
    Commit(Change),
    /// An answer that changes nothing of the ticket: its version is checked all the same.
    Store(TicketId, Ticket),
}

/// An agent at work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Desk {
    at: At,
    /// One answer for each request so far.
    pub(super) told: Vec<Told>,
    /// The transaction at hand was committed and its answer lost.
    pub(super) repeated: bool,
    /// An answer never came, and the agent asked again.
    pub(super) asked_again: bool,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self { at: At::Read, told: Vec::new(), repeated: false, asked_again: false }
    }

    /// The request at hand; none when all are answered or one was refused.
    pub(super) fn command(&self, script: &Script) -> Option<Command> {
        let goes_on = self.told.iter().all(|told| matches!(told, Told::Done { .. }));
        script.commands.get(self.told.len()).copied().filter(|_| goes_on)
    }

    /// Whether a request is under way.
    pub(super) fn is_at_work(&self) -> bool {
        self.at != At::Read
    }

    /// The process died, or its answer did: the agent asks again.
    pub(super) fn ask_again(&mut self) {
        (self.at, self.repeated, self.asked_again) = (At::Read, false, true);
    }

    /// The call that it makes next.
    pub(super) fn call(&self, script: &Script, table: &Table) -> Option<Call> {
        let command = self.command(script)?;
        match self.at {
            At::Read => table.numbered(script.number).map(|_| Call::ReadTicket),
            At::ReadSlot(_) => Some(Call::ReadConversation),
            At::Commit(_) | At::Store(..) if command == Command::Reply => Some(Call::StoreReply),
            At::Commit(_) | At::Store(..) => Some(Call::ChangeTicket),
        }
    }

    /// Makes the call.
    pub(super) fn step(&mut self, script: &Script, variant: Variant, table: &mut Table) {
        let Some(command) = self.command(script) else { return };
        let repeated = std::mem::take(&mut self.repeated) && variant.has_token();
        match self.at {
            At::Read => {
                let Some((id, ticket)) = table.numbered(script.number) else { return };
                self.decide(command, script.agent, variant, id, ticket);
            }
            At::ReadSlot(mut change) => match table.conversations.get(&change.id.conversation) {
                Some(now) if now.named && now.slot.is_none() => {
                    change.after.generation = now.generation.unwrap_or_default();
                    self.at = At::Commit(change);
                }
                Some(_) => self.tell(Told::No),
                None => self.at = At::Read,
            },
            At::Commit(change) => {
                let outcome = if repeated { Ok(()) } else { change.commit(variant, table) };
                if outcome.is_ok() && command == Command::Reply && !repeated {
                    mark_read(change.id, variant, table);
                }
                match outcome {
                    Ok(()) => self.tell(Told::Done { version: change.after.version }),
                    Err(Refused::Stale) => self.at = At::Read,
                    Err(Refused::AtCapacity) => self.tell(Told::AtCapacity),
                    Err(Refused::OtherTicketActive) => self.tell(Told::No),
                }
            }
            At::Store(id, before) => {
                let same = table.ticket(id).is_some_and(|(_, now)| now.version == before.version);
                if repeated || same || variant == Variant::ReplyUnchecked {
                    mark_read(id, variant, table);
                    self.tell(Told::Done { version: before.version });
                } else {
                    self.at = At::Read;
                }
            }
        }
    }

    fn tell(&mut self, told: Told) {
        self.told.push(told);
        self.at = At::Read;
    }

    /// The commands of `domain/src/ticket/commands.rs`, and who may give them.
    fn decide(&mut self, command: Command, agent: u8, variant: Variant, id: TicketId, before: Ticket) {
        let changed = |rows: u8, after: Ticket| Ticket { version: before.version + rows, ..after };
        let after = match command {
            Command::Claim if before.state.is_active() && before.agent.is_none() => {
                changed(1, Ticket { state: TicketState::Assigned, agent: Some(agent), ..before })
            }
            Command::Move(to) if before.state.next().contains(&to) => {
                let starts = to == TicketState::InProgress && before.agent.is_none();
                let holder = if starts { Some(agent) } else { before.agent };
                let answered = before.answered && to != TicketState::Reopened;
                changed(1, Ticket { state: to, agent: holder, answered, kept: false, ..before })
            }
            Command::Reply if !before.state.is_final() && before.agent.is_some() => {
                let starts = before.state == TicketState::Assigned;
                if !before.state.is_active() || before.answered && !starts {
                    self.at = At::Store(id, before);
                    return;
                }
                let state = if starts { TicketState::InProgress } else { before.state };
                changed(u8::from(!before.answered) + u8::from(starts), Ticket { state, answered: true, ..before })
            }
            _ => return self.tell(Told::No),
        };
        let weak = match command {
            Command::Claim => Variant::ClaimUnconditional,
            _ => Variant::ReplyUnchecked,
        };
        let guarded = matches!(command, Command::Move(_)) || variant != weak;
        let change = Change { id, before, after, guarded };
        self.at = if change.takes_slot_again() { At::ReadSlot(change) } else { At::Commit(change) };
    }
}

/// The conversation's part of an answer: what was written so far is read. It may come before the conversation is written.
fn mark_read(id: TicketId, variant: Variant, table: &mut Table) {
    let conversation = table.conversations.entry(id.conversation).or_default();
    conversation.named |= variant != Variant::ReplyUnnamed;
}
