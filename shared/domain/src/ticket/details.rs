//! What is written on a ticket beside its title, and the limits of it.

use serde::{Deserialize, Serialize};

use super::{Apart, AutoClose, Patience};
use crate::ids::TicketId;
use crate::number::NumberPattern;

/// The most tags of a ticket.
pub const MOST_TAGS: usize = 20;
/// The longest tag, in characters.
pub const LONGEST_TAG: usize = 50;
/// The longest subcategory, in characters.
pub const LONGEST_SUBCATEGORY: usize = 100;
/// The longest resolution, in characters. Source: docs/requirements.md §1.2 (seed S1).
pub const LONGEST_RESOLUTION: usize = 2000;

/// What most tickets do not have: all of it is absent at first, and takes no room in the item then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Words to find it by: trimmed, lower case, each once, in alphabetical order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// A finer word than the category.
    #[serde(rename = "sub", default, skip_serializing_if = "Option::is_none")]
    pub subcategory: Option<String>,
    /// How it was resolved, in this cycle.
    #[serde(rename = "solution", default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// When it closes by itself; while it is resolved.
    #[serde(rename = "closes", default, skip_serializing_if = "Option::is_none")]
    pub auto_close: Option<AutoClose>,
    /// How long its contact is waited for; while it waits for it, and where the organization set something.
    #[serde(rename = "waits", default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<Patience>,
    /// How its number is written: the organization's pattern when it was made, if it had one.
    #[serde(rename = "pat", default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<NumberPattern>,
    /// Tickets about the same thing.
    #[serde(rename = "rel", default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<TicketId>,
    /// The ticket that it became a part of.
    #[serde(rename = "merged", default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<TicketId>,
    /// What it was before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<Box<Apart>>,
}

/// Tags as they are kept. Empty ones are dropped.
///
/// Errors: a sentence, for too many or too long ones.
pub fn tags<S: AsRef<str>>(given: &[S]) -> Result<Vec<String>, String> {
    let mut tags: Vec<String> = given.iter().map(|tag| tag.as_ref().trim().to_lowercase()).collect();
    tags.retain(|tag| !tag.is_empty());
    tags.sort();
    tags.dedup();
    if tags.len() > MOST_TAGS {
        return Err(format!("tags must be at most {MOST_TAGS}"));
    }
    if tags.iter().any(|tag| tag.chars().count() > LONGEST_TAG) {
        return Err(format!("tags must have at most {LONGEST_TAG} characters each"));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_kept_trimmed_in_lower_case_and_once() {
        assert_eq!(tags(&[" VIP", "vip ", "", "Ação"]).unwrap(), ["ação", "vip"]);
        assert!(tags(&["x".repeat(51)]).is_err());
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        assert_eq!(tags(&many).unwrap_err(), "tags must be at most 20");
    }
}
