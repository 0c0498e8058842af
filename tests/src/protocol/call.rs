//! The atomic calls of the table that workers make: one step of the model each.

/// A call, by what it reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Call {
    /// Get, eventually consistent: it may miss what was just written.
    ReadAlias,
    /// Put, if there is none.
    PutAlias,
    ReadProfile,
    /// Put, if there is none.
    PutProfile,
    ReadConversation,
    ReadTicket,
    /// Put, if there is none; shows the one that is there.
    PutMessage,
    /// Update of `seq` and `tkt`.
    PlaceMessage,
    ReadCounter,
    /// Transaction: the counter as it was read, tickets that must not exist.
    OpenTickets,
    /// Transaction: a ticket over its version, its agent's load, its conversation's slot.
    ChangeTicket,
    /// The same with a queued message and the conversation's read mark.
    StoreReply,
    /// Update, if generation and `in_seq` are as they were read.
    CountMessage,
}
