//! What WhatsApp says of a person: that it changed its number, its user id, or its keys. Nobody wrote it, so it opens nothing,
//! but it says which identities belong together. Source: docs/providers.md §1.5, `system`.

use domain::alias::Alias;
use serde_json::Value;

use crate::cloud_api::identity;
use crate::lenient;
use crate::unit::CloudContact;

/// Every identity of the person that a system message is about: those it had, then those it has now.
///
/// The number in `wa_id` is the person's new one only where the number changed.
pub(crate) fn identities(message: &Value, contact: Option<&CloudContact>) -> Vec<Alias> {
    let system = &message["system"];
    let is_change = lenient::text(&system["type"]).is_some_and(|kind| kind.starts_with("user_changed"));
    let fields = [
        "customer",
        "previous_wa_id",
        "previous_user_id",
        "previous_parent_user_id",
        "wa_id",
        "new_wa_id",
        "user_id",
        "parent_user_id",
    ];
    let changed = fields.iter().filter(|_| is_change).filter_map(|field| lenient::short(&system[field]));
    let changed = changed.filter_map(|id| identity::alias(&id));
    identity::distinct(identity::writer(message, contact).into_iter().chain(changed))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(system: &Value, from: &Value) -> Vec<String> {
        let message = json!({ "from": from, "type": "system", "system": system });
        let names = |alias: &Alias| format!("{} {}", alias.kind.as_str(), alias.value);
        identities(&message, None).iter().map(names).collect()
    }

    #[test]
    fn a_changed_number_joins_the_old_and_the_new() {
        let changed = |number: &str| json!({ "type": "user_changed_number", number: "972912345678" });
        for name in ["wa_id", "new_wa_id"] {
            assert_eq!(of(&changed(name), &json!("972987654321")), ["phone 972987654321", "phone 972912345678"]);
        }
        let ids = json!({ "type": "user_changed_user_id", "previous_user_id": "IN.1", "user_id": "IN.2",
            "wa_id": "16505550002" });
        assert_eq!(of(&ids, &json!(null)), ["phone 16505550002", "bsuid IN.1", "bsuid IN.2"]);
    }

    #[test]
    fn changed_keys_name_nobody_else() {
        let system = json!({ "type": "customer_identity_changed", "wa_id": "972912345678" });
        assert_eq!(of(&system, &json!("972987654321")), ["phone 972987654321"]);
    }
}
