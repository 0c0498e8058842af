//! The protocol as it is coded, and as it would be without one of its safeguards.

/// What is taken away. Each is one switch; nothing else of the model differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    /// Nothing: the protocol as it is coded.
    AsCoded,
    /// The counter rises in a call of its own, before the tickets are written.
    CounterOutside,
    /// A message's mark is looked for first and written last.
    DedupAfterWrite,
    /// A claim is written over whatever the ticket has become: no version, no history row of that version.
    ClaimUnconditional,
    /// A new ticket's id is random instead of made of its conversation and generation.
    RandomTicketId,
    /// A new ticket is written over one of the same id.
    TicketPutUnconditional,
    /// A transaction whose answer was lost is sent again as a new one.
    TokenMissing,
    /// Both of the two before: a transaction is repeated without anything that would notice.
    BlindRetry,
    /// A ticket of a block that turns out to exist is left out, and the others keep the numbers they had.
    BlockKeepsNumbers,
    /// `in_seq` is added to, whatever it was when the message was planned.
    CountUnguarded,
    /// A conversation is counted into, whatever its generation was when the message was planned.
    GenerationUnchecked,
    /// A conversation is read while messages of the same worker wait for their count.
    ReadWhileUncounted,
    /// Messages whose common count was refused are done.
    RefusedIsDone,
    /// A worker whose count was refused does not look whether its message is counted by now.
    CountedIgnored,
    /// A conversation remembers only the last message that it counted, as it did before the model was made.
    RemembersOne,
    /// A message that was stored with another place is corrected before its ticket is made, as it was before the model was made.
    PlaceFirst,
    /// A message that is stored counts as done, counted or not.
    AnyStoredIsDone,
    /// `known` does not look for a ticket that its maker could not link.
    UnlinkedUnseen,
    /// An alias is written over another worker's.
    AliasUnconditional,
    /// A missing profile is left missing.
    ProfileNotRepaired,
    /// A closed ticket is reopened without a mark at the key of the present generation.
    ReopenWithoutMark,
    /// An answer is written over whatever the ticket has become.
    ReplyUnchecked,
    /// An answer's write to a conversation that does not exist yet leaves it without id, connection and contact, as it did before
    /// the model was made.
    ReplyUnnamed,
    /// An agent's place is taken whether one is free or not.
    CapacityUnchecked,
    /// A unit is deleted from the queue when it is received.
    AckFirst,
    /// The queue hands out a person's second message while the first is worked on.
    GroupLockMissing,
}

impl Variant {
    pub(super) fn has_token(self) -> bool {
        !matches!(self, Self::TokenMissing | Self::BlindRetry)
    }

    pub(super) fn keeps_tickets(self) -> bool {
        !matches!(self, Self::TicketPutUnconditional | Self::BlindRetry)
    }
}
