//! Calls, as far as webhooks tell of them: each leaves a line in its conversation, and opens nothing unless its connection says so.
//!
//! The Cloud API tells of a call when it is over. Gateways tell of its beginning, perhaps of what became of it, and often no more; what
//! comes later is joined to the line by the call's id, in `ingest`. Source: docs/providers.md §1.6; `WACallEvent` of Baileys;
//! waha.devlike.pro/docs/how-to/calls; docs/webhook-payload.md of GOWA; docs/adr/0036-what-a-message-is-about.md.

use domain::alias::Alias;
use domain::call::{Call, CallMedium, CallOutcome};
use domain::connection::{CallPolicy, Connection, GroupPolicy};
use domain::context::Context;
use domain::ids::ProviderMessageId;
use domain::message::{Content, Effect, InboundMessage, Sender};
use jiff::Timestamp;
use serde_json::Value;

use crate::about::first;
use crate::baileys::identity::Chat;
use crate::baileys::jid;
use crate::cloud_api::identity;
use crate::moment::{self, moment};
use crate::observation::Observation;
use crate::unit::CloudContact;
use crate::{content, lenient};

/// What stands before a gateway's id of a call: it is none of a message.
const PREFIX: &str = "call.";

/// Whether an event of a gateway tells of a call that can be told from others.
pub(crate) fn is_call(event: &str, payload: &Value) -> bool {
    (event == "call" || event.starts_with("call.")) && id(payload).is_some()
}

fn id(call: &Value) -> Option<&str> {
    first(call, &["id", "call_id", "callId"])
}

/// Who is on the other side of a gateway's call: the group where there is one, else whoever calls.
pub(crate) fn chat(call: &Value) -> Chat {
    let group = first(call, &["groupJid", "group_jid"]).or(first(call, &["chatId"])).and_then(jid::alias);
    if let Some(group) = group.filter(|group| group.kind == domain::alias::AliasKind::Group) {
        return Chat::Group(group);
    }
    let data = &call["_data"];
    let named = ["callerPn", "caller_pn", "from", "from_lid", "chatId", "peerJid"];
    let beside = [&data["callerPn"], &data["from"], &data["peerJid"]];
    let given = named.iter().map(|name| &call[*name]).chain(beside);
    Chat::person(given.filter_map(lenient::text))
}

/// A gateway's call. `event` is its name, or `call` where the call has its state in itself.
pub(crate) fn of_gateway(event: &str, call: &Value, connection: &Connection) -> Observation {
    let Some(id) = id(call) else { return Observation::inspect("call_without_id") };
    let at = [&call["date"], &call["timestamp"]].into_iter().find_map(moment);
    let state = event.strip_prefix(PREFIX).or(first(call, &["status"])).unwrap_or("offer").to_ascii_lowercase();
    let outcome = match state.as_str() {
        "offer" if lenient::flag(&call["auto_rejected"]) => CallOutcome::Declined,
        "offer" | "offer_notice" | "ringing" | "received" | "incoming" => CallOutcome::Rang,
        "timeout" | "missed" => CallOutcome::Missed,
        "reject" | "rejected" | "declined" => CallOutcome::Declined,
        "accept" | "accepted" => CallOutcome::Answered,
        "terminate" | "terminated" | "ended" | "hangup" => CallOutcome::Ended,
        _ => return Observation::nothing("call_goes_on"),
    };
    let sender = match chat(call) {
        Chat::Person(aliases) => {
            Sender { aliases, name: first(call, &["fromName", "from_name"]).map(str::to_owned), is_group: false }
        }
        Chat::Group(_) if connection.groups != GroupPolicy::All => return Observation::nothing("group_not_mentioned"),
        Chat::Group(group) => Sender { aliases: vec![group], name: None, is_group: true },
        Chat::Nobody => return Observation::nothing("broadcast"),
        Chat::Unknown => return Observation::inspect("no_sender"),
    };
    let medium = call["isVideo"].as_bool().map(|is_video| if is_video { CallMedium::Video } else { CallMedium::Voice });
    let answered_at = at.filter(|_| outcome == CallOutcome::Answered);
    let told = Call { medium, answered_at, ..Call::new(outcome) };
    let line = Line { id: ProviderMessageId::new(&format!("{PREFIX}{id}")), at, sender, from_contact: true };
    line.of(told, call, connection)
}

/// A call of the Cloud API: nothing until it is over.
pub(crate) fn of_cloud(
    call: &Value,
    contact: Option<&CloudContact>,
    own_number: Option<&str>,
    connection: &Connection,
) -> Observation {
    let Some(id) = lenient::text(&call["id"]) else { return Observation::inspect("call_without_id") };
    let event = first(call, &["event"]).unwrap_or_default();
    let status = if call["status"].is_array() { &call["status"][0] } else { &call["status"] };
    let status = lenient::text(status).unwrap_or_default().to_ascii_uppercase();
    if event != "terminate" && (event == "connect" || status.is_empty()) {
        return Observation::nothing("call_goes_on");
    }
    let secs = lenient::integer(&call["duration"]).and_then(|secs| u64::try_from(secs).ok()).filter(|secs| *secs > 0);
    let lasted = || {
        let (from, until) = (moment(&call["start_time"])?, moment(&call["end_time"])?);
        u64::try_from(until.duration_since(from).as_secs()).ok().filter(|secs| *secs > 0)
    };
    let duration_secs = secs.or_else(lasted);
    let outcome = match (status.as_str(), duration_secs) {
        ("REJECTED" | "DECLINED", _) => CallOutcome::Declined,
        ("COMPLETED" | "ACCEPTED", _) | ("", Some(_)) => CallOutcome::Answered,
        _ => CallOutcome::Missed,
    };
    let from_contact = is_theirs(call, own_number);
    let aliases = other_side(call, contact, own_number);
    if aliases.is_empty() {
        return Observation::inspect("no_sender");
    }
    let told = Call { duration_secs: duration_secs.filter(|_| outcome == CallOutcome::Answered), ..Call::new(outcome) };
    let line = Line {
        id: ProviderMessageId::new(id),
        at: moment(&call["start_time"]).or_else(|| moment(&call["timestamp"])),
        sender: Sender { aliases, name: contact.and_then(|contact| contact.name.clone()), is_group: false },
        from_contact,
    };
    line.of(told, call, connection)
}

/// Whether the contact called.
fn is_theirs(call: &Value, own_number: Option<&str>) -> bool {
    if let Some(direction) = lenient::text(&call["direction"]) {
        return !direction.eq_ignore_ascii_case("BUSINESS_INITIATED");
    }
    let key = |number: &str| identity::alias(number).map(|alias| alias.match_key());
    own_number.is_none_or(|own| lenient::short(&call["from"]).is_none_or(|from| key(&from) != key(own)))
}

/// Every identity of whoever is on the other side of a Cloud API call.
pub(crate) fn other_side(call: &Value, contact: Option<&CloudContact>, own_number: Option<&str>) -> Vec<Alias> {
    if is_theirs(call, own_number) {
        identity::writer(call, contact)
    } else {
        identity::addressee(call, contact, own_number)
    }
}

/// The line of a call, before what became of it.
struct Line {
    id: ProviderMessageId,
    at: Option<Timestamp>,
    sender: Sender,
    from_contact: bool,
}

impl Line {
    fn of(self, call: Call, told: &Value, connection: &Connection) -> Observation {
        let opens = self.from_contact && connection.calls == CallPolicy::Opens && call.outcome != CallOutcome::Ended;
        let text = Some(call.words());
        let of_call = Context { call: Some(call), ..Context::default() }.unless_empty();
        let content =
            Content { kind: Call::KIND.to_owned(), text, raw: Some(content::raw(told)), media: None, context: of_call };
        Observation::Message(InboundMessage {
            provider_id: self.id,
            sent_at: self.at.unwrap_or(moment::UNKNOWN),
            sender: self.sender,
            content,
            from_contact: self.from_contact,
            effect: if opens { Effect::Opens } else { Effect::Silent },
        })
    }
}

#[cfg(test)]
mod tests;
