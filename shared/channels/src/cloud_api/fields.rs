//! The fields of a Cloud API webhook that carry no messages: about the account, its templates, its quality, its calls.

use crate::content;

/// Those that Meta documents, or that its changelog and other projects' recorded bodies name. Source: docs/providers.md §1.6.
const KNOWN: [&str; 35] = [
    "account_alerts",
    "account_review_update",
    "account_settings_update",
    "account_update",
    "automatic_events",
    "business_capability_update",
    "business_status_update",
    "business_username_update",
    "business_username_updates",
    "calls",
    "consumer_profile",
    "flows",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "history",
    "message_echoes",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "messages",
    "messaging_handovers",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_app_state_sync",
    "smb_message_echoes",
    "standby",
    "template_category_update",
    "tracking_events",
    "user_id_update",
    "user_preferences",
];

/// A field by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name, a plain word: it stands in logs. `unknown` where it is none, or where the change had no field.
    pub name: String,
    /// Whether this version knows what it is about.
    pub is_known: bool,
}

impl Field {
    /// The field of this name.
    pub(crate) fn named(name: &str) -> Self {
        let is_known = KNOWN.binary_search(&name).is_ok();
        Self { name: content::kind(name), is_known }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_known_by_its_exact_name() {
        assert!(KNOWN.is_sorted());
        for (name, expected, is_known) in [
            ("account_update", "account_update", true),
            ("user_preferences", "user_preferences", true),
            ("something_new", "something_new", false),
            ("unknown", "unknown", false),
            ("Meu pedido não chegou", "unknown", false),
        ] {
            assert_eq!(Field::named(name), Field { name: expected.to_owned(), is_known });
        }
    }
}
