//! How tickets are sorted and told apart: priority, category and source.

use serde::{Deserialize, Serialize};

/// How urgent a ticket is; greater is more urgent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait a day.
    Low,
    /// The default.
    #[default]
    Medium,
    /// Within the hour.
    High,
    /// Now.
    Urgent,
}

impl Priority {
    /// All, from low to urgent.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Urgent];

    /// The name in every dialect.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    /// Reads a name; case does not matter.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.as_str().eq_ignore_ascii_case(text))
    }
}

/// What a ticket is about (seed S1's eight).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Category {
    #[default]
    Support,
    Technical,
    Billing,
    Sales,
    Complaint,
    FeatureRequest,
    Account,
    Other,
}

impl Category {
    /// All eight.
    pub const ALL: [Self; 8] = [
        Self::Support,
        Self::Technical,
        Self::Billing,
        Self::Sales,
        Self::Complaint,
        Self::FeatureRequest,
        Self::Account,
        Self::Other,
    ];

    /// The name in every dialect.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Technical => "technical",
            Self::Billing => "billing",
            Self::Sales => "sales",
            Self::Complaint => "complaint",
            Self::FeatureRequest => "feature_request",
            Self::Account => "account",
            Self::Other => "other",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == text)
    }
}

/// Who made a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A contact, by writing.
    Customer,
    /// An agent.
    Agent,
    /// A model that spoke with the contact.
    Ai,
}

impl Source {
    /// The name in every dialect.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::Ai => "ai",
        }
    }
}
