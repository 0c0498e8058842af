//! The words of each kind of Baileys message.

use domain::message::Effect::Silent;
use serde_json::Value;

use super::{Said, Unsaid, finished, found, words_within};
use crate::lenient;
use crate::words::{
    amount, answers, appointment, card, cards, counted, first, joined, order, place, poll, product, whole,
};

/// What an agent reads of a field that is content.
pub(super) fn words(key: &str, body: &Value, deepest: usize) -> Option<String> {
    match key {
        "conversation" => first(&[body]),
        "extendedTextMessage" | "statusQuotedMessage" => {
            first(&[&body["text"]]).or_else(|| joined("\n", [first(&[&body["title"]]), first(&[&body["description"]])]))
        }
        "imageMessage" | "videoMessage" | "ptvMessage" | "bcallMessage" => first(&[&body["caption"]]),
        "documentMessage" => first(&[&body["caption"], &body["fileName"], &body["title"]]),
        "audioMessage" | "stickerMessage" | "lottieStickerMessage" => None,
        "locationMessage" | "liveLocationMessage" => place(body),
        "contactMessage" => card(body),
        "contactsArrayMessage" => cards(&body["contacts"]).or_else(|| first(&[&body["displayName"]])),
        "buttonsResponseMessage" => first(&[&body["selectedDisplayText"], &body["selectedButtonId"]]),
        "templateButtonReplyMessage" => first(&[&body["selectedDisplayText"], &body["selectedId"]]),
        "listResponseMessage" => joined(
            " – ",
            [first(&[&body["title"], &body["singleSelectReply"]["selectedRowId"]]), first(&[&body["description"]])],
        ),
        "interactiveResponseMessage" => response(body),
        "templateMessage" => template(body),
        "highlyStructuredMessage" => template(&body["hydratedHsm"]).or_else(|| found::texts(body)),
        "productMessage" => shown(body),
        "orderMessage" => order(body),
        "invoiceMessage" => first(&[&body["note"]]),
        "sendPaymentMessage" | "requestPaymentMessage" | "splitPaymentMessage" => payment(body, deepest),
        "groupInviteMessage" | "newsletterAdminInviteMessage" | "newsletterFollowerInviteMessageV2" => {
            let name = first(&[&body["groupName"], &body["newsletterName"]]);
            joined("\n", [name, first(&[&body["caption"]])])
        }
        "stickerPackMessage" => joined(", ", ["name", "publisher", "caption"].map(|name| first(&[&body[name]]))),
        "eventMessage" | "eventInviteMessage" | "scheduledCallCreationMessage" => appointment(body),
        "callLogMesssage" | "callLogMessage" => Some(call(body)),
        "reactionMessage" | "statusQuestionAnswerMessage" | "questionResponseMessage" => first(&[&body["text"]]),
        "pollResultSnapshotMessage" | "pollResultSnapshotMessageV3" => counted(body),
        _ if key.starts_with("pollCreation") => poll(body),
        _ => found::texts(body),
    }
}

/// Deletions and edits are kept with the conversation; the rest (disappearing-message settings, key exchange, history sync) is
/// between devices. The type comes as a number or by name.
pub(super) fn protocol(body: &Value, deepest: usize) -> Result<Said<'_>, Unsaid> {
    let kind = &body["type"];
    let is = |number: i64, name: &str| lenient::integer(kind) == Some(number) || kind == name;
    // The default value of a protobuf enumeration is left out: no type is type 0.
    if is(0, "REVOKE") || (kind.is_null() && body["key"].is_object() && body["editedMessage"].is_null()) {
        return Ok(finished("revoke", None, Silent, body));
    }
    if is(14, "MESSAGE_EDIT") || (kind.is_null() && body["editedMessage"].is_object()) {
        return Ok(finished("edit", words_within(&body["editedMessage"], deepest), Silent, body));
    }
    Err("protocol")
}

/// An edit that is sealed for the devices of the chat: that something was edited is all that can be told.
pub(super) fn sealed(body: &Value) -> Result<Said<'_>, Unsaid> {
    let kind = &body["secretEncType"];
    let is = |number: i64, name: &str| lenient::integer(kind) == Some(number) || kind == name;
    let is_edit = is(1, "EVENT_EDIT") || is(2, "MESSAGE_EDIT") || is(4, "POLL_EDIT");
    if is_edit { Ok(finished("edit", None, Silent, body)) } else { Err("about_another_message") }
}

/// The answer to an interactive message: what it shows, and what was filled in.
fn response(body: &Value) -> Option<String> {
    let params = &body["nativeFlowResponseMessage"]["paramsJson"];
    let shown = first(&[&body["body"]["text"]]);
    let filled =
        answers(params).filter(|filled| shown.is_none() || filled.contains('\n') || !filled.starts_with("id: "));
    joined("\n", [shown, filled]).or_else(|| first(&[params]))
}

/// A template: WhatsApp gives it in several forms, of which one is enough.
fn template(body: &Value) -> Option<String> {
    ["hydratedTemplate", "hydratedFourRowTemplate", "interactiveMessageTemplate", "fourRowTemplate"]
        .iter()
        .find_map(|form| found::texts(&body[form]))
        .or_else(|| found::texts(body))
}

/// A thing from a catalogue, or the catalogue.
fn shown(body: &Value) -> Option<String> {
    let (thing, catalog) = (&body["product"], &body["catalog"]);
    let name = product(thing).or_else(|| first(&[&catalog["title"]]));
    let about = first(&[&thing["description"], &catalog["description"]]);
    joined("\n", [name, about, first(&[&body["body"]]), first(&[&body["footer"]])])
}

/// A payment: how much, and what stands beside it.
fn payment(body: &Value, deepest: usize) -> Option<String> {
    let told = amount(&body["amount1000"], &body["currencyCodeIso4217"]);
    let money = [&body["amount"], &body["totalAmount"]].into_iter().find_map(money);
    let note = words_within(&body["noteMessage"], deepest).or_else(|| first(&[&body["description"]]));
    joined("\n", [told.or(money), note])
}

/// An amount as a number and how much of it is one: `{value: 12050, offset: 100}`.
fn money(amount_of: &Value) -> Option<String> {
    let (value, offset) = (whole(&amount_of["value"])?, whole(&amount_of["offset"]).unwrap_or(1));
    let thousandths = value.checked_mul(1_000)?.checked_div(offset)?;
    amount(&thousandths.into(), &amount_of["currencyCode"])
}

/// A line of the call log. Source: `WAProto`, `CallLogMessage.CallOutcome`.
fn call(body: &Value) -> String {
    const OUTCOMES: [&str; 8] = [
        "CONNECTED",
        "MISSED",
        "FAILED",
        "REJECTED",
        "ACCEPTED_ELSEWHERE",
        "ONGOING",
        "SILENCED_BY_DND",
        "SILENCED_UNKNOWN_CALLER",
    ];
    let number = lenient::integer(&body["callOutcome"]).and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
    let named = lenient::text(&body["callOutcome"]).filter(|name| OUTCOMES.contains(name));
    let outcome = named.or(OUTCOMES.get(number).copied()).unwrap_or_default().to_ascii_lowercase().replace('_', " ");
    let secs = whole(&body["durationSecs"]).filter(|secs| *secs > 0).map(|secs| format!("{secs} s"));
    let what = if lenient::flag(&body["isVideo"]) { "video call" } else { "call" };
    format!("{what}: {}", joined(", ", [Some(outcome), secs]).unwrap_or_default())
}
