//! What a Cloud API message refers to: `context`, `referral`, and the ids within reactions, edits and deletions. Source: docs/providers.md §1.5.

use domain::context::{Choice, ChoiceKind, Context, Forwarded, Product, Referral, Referred};
use serde_json::Value;

use super::identity;
use crate::about::{Parties, first, piece};
use crate::lenient;

/// What stands in a `context` and is kept of it.
const TOLD: [&str; 5] = ["from", "id", "forwarded", "frequently_forwarded", "referred_product"];

/// What a message refers to. A `context` without an id is that of a message that was passed on.
pub(crate) fn of(message: &Value, parties: &Parties<'_>) -> Context {
    let context = &message["context"];
    let forwarded = match (lenient::flag(&context["frequently_forwarded"]), lenient::flag(&context["forwarded"])) {
        (true, _) => Some(Forwarded::Often),
        (false, true) => Some(Forwarded::Yes),
        (false, false) => None,
    };
    Context {
        reply_to: reply_to(context, parties),
        about: about(message, parties),
        referral: referral(&message["referral"]),
        choice: choice(message),
        forwarded,
        product: product(&context["referred_product"]),
        call: None,
    }
}

/// Whether all that a `context` says is kept by itself.
pub(super) fn tells_all(context: &Value) -> bool {
    match context {
        Value::Null => true,
        Value::Object(fields) => fields.keys().all(|name| TOLD.contains(&name.as_str())),
        _ => false,
    }
}

fn reply_to(context: &Value, parties: &Parties<'_>) -> Option<Referred> {
    let id = first(context, &["id", "message_id"])?;
    let writer = lenient::short(&context["from"]).and_then(|writer| identity::alias(&writer));
    // Meta's ids are its own and the same whoever writes, so that a group needs no writer.
    Some(Referred { side: writer.and_then(|writer| parties.side(&writer)), ..Referred::new(id) })
}

fn about(message: &Value, parties: &Parties<'_>) -> Option<Referred> {
    if let Some(id) = first(&message["reaction"], &["message_id"]) {
        return Some(Referred::new(id));
    }
    let changed = ["edit", "revoke"].iter().find_map(|kind| first(&message[*kind], &["original_message_id"]))?;
    Some(Referred { side: Some(parties.writer()), ..Referred::new(changed) })
}

fn referral(referral: &Value) -> Option<Referral> {
    if !referral.is_object() {
        return None;
    }
    let told = |name: &str| piece(referral, &[name]);
    let referral = Referral {
        source_url: told("source_url"),
        source_id: told("source_id"),
        source_type: told("source_type"),
        headline: told("headline"),
        body: told("body"),
        media_type: told("media_type"),
        image_url: told("image_url"),
        video_url: told("video_url"),
        thumbnail_url: told("thumbnail_url"),
        ctwa_clid: told("ctwa_clid"),
        welcome_message: piece(&referral["welcome_message"], &["text"]),
    };
    (referral != Referral::default()).then_some(referral)
}

fn choice(message: &Value) -> Option<Choice> {
    let (interactive, button) = (&message["interactive"], &message["button"]);
    let made = |kind, of: &Value, id: &[&str], title: &[&str]| {
        let choice =
            Choice { kind, id: piece(of, id), title: piece(of, title), description: piece(of, &["description"]) };
        (choice.id.is_some() || choice.title.is_some()).then_some(choice)
    };
    made(ChoiceKind::Button, &interactive["button_reply"], &["id"], &["title"])
        .or_else(|| made(ChoiceKind::Row, &interactive["list_reply"], &["id"], &["title"]))
        .or_else(|| made(ChoiceKind::Form, &interactive["nfm_reply"], &["name"], &["body"]))
        .or_else(|| made(ChoiceKind::Button, &interactive["call_permission_reply"], &["response"], &[]))
        .or_else(|| made(ChoiceKind::Button, button, &["payload"], &["text"]))
}

fn product(product: &Value) -> Option<Product> {
    Some(Product { catalog_id: piece(product, &["catalog_id"]), id: piece(product, &["product_retailer_id"])? })
}
