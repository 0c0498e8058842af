//! What can be wrong with an item by itself, in words that never tell what it holds.

use std::fmt;

use domain::ids::OrganizationId;
use domain::invariants::Invariant;

/// What is wrong with an item by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing here writes such a key.
    Unknown,
    /// Its attributes are not those of what its key says.
    Unreadable,
    /// What it holds belongs under another key.
    Misplaced,
    /// It names another organization than its key.
    Names(OrganizationId),
    /// An index shows the ticket to another organization.
    ShownTo(OrganizationId),
    /// The list by number has it at another place than its number.
    ByNumber,
    /// The board has it at another place than where it waits or lies, or has it not, or still has it.
    Board,
    /// The deadlines have it at another time than its next, or have it not, or still have it.
    Due,
}

impl Fault {
    /// Which promise it breaks.
    pub fn invariant(&self) -> Invariant {
        match self {
            Self::Unknown | Self::Unreadable | Self::Misplaced | Self::Names(_) | Self::ShownTo(_) => Invariant::I7,
            Self::ByNumber => Invariant::I3,
            Self::Board => Invariant::I4,
            Self::Due => Invariant::I8,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("is nothing that this program writes"),
            Self::Unreadable => f.write_str("cannot be read"),
            Self::Misplaced => f.write_str("lies under the key of something else"),
            Self::Names(org) => write!(f, "says that it is organization {org}'s"),
            Self::ShownTo(org) => write!(f, "is shown to organization {org}"),
            Self::ByNumber => f.write_str("stands under another number in the list of tickets"),
            Self::Board => f.write_str("is not where it belongs on the board of queues and agents"),
            Self::Due => f.write_str("is not where it belongs in the list of deadlines"),
        }
    }
}
