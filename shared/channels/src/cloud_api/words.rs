//! The words of a Cloud API message: what an agent reads of it, whatever its type.
//!
//! A text is its body. What has no body is told by what it holds: a place by its address and coordinates, a shared contact by
//! name and number, a basket by its lines, a form by its answers. Source: docs/providers.md §1.5.

use serde_json::Value;

use crate::lenient;
use crate::words::{answers, cards, first, joined, order, place};

/// What an agent reads of a message of this kind; nothing where there are no words in it.
pub(crate) fn of(kind: &str, message: &Value) -> Option<String> {
    let body = &message[kind];
    match kind {
        "text" => first(&[&body["body"]]),
        "image" | "video" => first(&[&body["caption"]]),
        "document" => first(&[&body["caption"], &body["filename"]]),
        "location" => place(body),
        "contacts" => cards(body),
        "interactive" => interactive(body),
        "button" => first(&[&body["text"], &body["payload"]]),
        "reaction" => first(&[&body["emoji"]]),
        "order" => order(body),
        "edit" => of_edited(&body["message"]),
        "unsupported" | "unknown" => error(&message["errors"]),
        _ => first(&[&body["body"], &body["text"], &body["caption"]]).or_else(|| error(&message["errors"])),
    }
}

fn interactive(body: &Value) -> Option<String> {
    let (list, form) = (&body["list_reply"], &body["nfm_reply"]);
    if form.is_object() {
        return joined("\n", [first(&[&form["body"], &form["name"]]), answers(&form["response_json"])]);
    }
    let chosen = first(&[&body["button_reply"]["title"], &body["button_reply"]["id"]]);
    let listed = || joined(" – ", [first(&[&list["title"], &list["id"]]), first(&[&list["description"]])]);
    let permitted = || first(&[&body["call_permission_reply"]["response"]]);
    // A kind that is not known yet: Meta names its object as it names the kind.
    let other = || {
        let inner = &body[lenient::text(&body["type"])?];
        first(&[&inner["title"], &inner["text"], &inner["body"], &inner["response"], &inner["status"]])
    };
    chosen.or_else(listed).or_else(permitted).or_else(other)
}

/// What Meta says of a message that it could not pass on.
fn error(errors: &Value) -> Option<String> {
    let error = if errors.is_array() { &errors[0] } else { errors };
    first(&[&error["error_data"]["details"], &error["details"], &error["message"], &error["title"]])
}

/// The words of an edited message. An edit of an edit is not looked into: nesting is the sender's to choose.
fn of_edited(edited: &Value) -> Option<String> {
    match super::content::kind(edited).as_str() {
        "edit" => None,
        kind => of(kind, edited),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_agent_reads_what_a_message_without_a_body_holds() {
        let check = |message: Value, expected: Option<&str>| {
            let kind = super::super::content::kind(&message);
            assert_eq!(of(&kind, &message).as_deref(), expected, "{message}");
        };
        let place = json!({"latitude":37.5,"longitude":"-122.2","name":"HQ","address":"1 Hacker Way"});
        check(json!({ "location": place }), Some("HQ, 1 Hacker Way, 37.5,-122.2"));
        check(json!({ "location": {"latitude":1.5} }), None);
        let cards = json!([
            {"name":{"formatted_name":"Ana"},"phones":[{"phone":"+1 555"},{"phone":"+1 556","wa_id":"1556"}]},
            {"name":{},"phones":[{"wa_id":"1557"}]},
            {"name":{"first_name":"Rui"},"emails":[{"email":"rui@example.com"}]},
            {"name":{}}, null,
        ]);
        check(json!({ "contacts": cards }), Some("Ana: +1 555, +1 556\n1557\nRui: rui@example.com"));
        let items = json!([
            {"product_retailer_id":"SODA","quantity":"2","item_price":10.5,"currency":"ILS"},
            {"product_retailer_id":"TEA"}, {"quantity":1}, 5,
        ]);
        check(json!({ "order": {"text":"","product_items":items} }), Some("2 × SODA (10.5 ILS)\n1 × TEA"));
        check(json!({ "order": {"text":"Oi","product_items":[]} }), Some("Oi"));
        check(json!({ "interactive": {"list_reply":{"title":"Um","description":"grande"}} }), Some("Um – grande"));
        check(json!({ "interactive": {"call_permission_reply":{"response":"accept"}} }), Some("accept"));
        check(json!({ "interactive": {"type":"pay","pay":{"status":"paid"}} }), Some("paid"));
        let form = |response: Value| json!({ "interactive": {"nfm_reply":{"body":"Sent","response_json":response}} });
        check(form(json!("{\"rating\":4,\"flow_token\":\"t\",\"why\":[1]}")), Some("Sent\nrating: 4\nwhy: [1]"));
        for unusable in [json!("{broken"), json!(null), json!("[1]"), json!(5), json!("{}")] {
            check(form(unusable), Some("Sent"));
        }
        let errors = json!([{"code":131_051,"title":"t","error_data":{"details":"not supported"}}]);
        check(json!({"type":"unsupported","errors":errors}), Some("not supported"));
        check(json!({"type":"unknown","errors":[{"title":"t"}]}), Some("t"));
        check(json!({"type":"image","image":{"id":"1"}}), None);
    }
}
