//! Cuts a Cloud API body into units: every entry, change, message, echo, status and error on its own.
//!
//! A broken element becomes an `Unreadable` unit and costs no other; what is merely empty becomes nothing. Never decides what
//! a message means: that is `parse`.

mod outline;

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use self::outline::Outline;
use crate::cloud_api::{history, identity};
use crate::unit::{CloudContact, Part, Source, Unit};
use crate::{lenient, unreadable};

/// What a body is about; others are not ours.
const OBJECT: &str = "whatsapp_business_account";

/// The fields whose values carry the lists that are cut. A change that names no field counts as one of them.
const LISTED: [&str; 3] = ["messages", "smb_message_echoes", "message_echoes"];
/// The field of old messages, and the list in its value.
const HISTORY: &str = "history";
/// The field of calls, and the list in its value.
const CALLS: &str = "calls";

/// Bodies below this cannot hold a part that is too large for the queue.
const SMALL_BODY: usize = 100_000;

/// Cuts a body that `app` signed. Never fails; an empty batch gives no units.
pub fn split(app: &str, body: &[u8], received_at: Timestamp) -> Vec<Unit> {
    let mut batch = Batch { app, received_at, could_be_large: body.len() > SMALL_BODY, units: Vec::new() };
    if batch.could_be_large
        && let Ok(outline) = serde_json::from_slice::<Outline>(body)
    {
        batch.outline(&outline, body);
        return batch.units;
    }
    match lenient::read(body) {
        Ok(Value::Object(mut envelope)) if envelope.contains_key("entry") => {
            let object = envelope.get("object").and_then(Value::as_str).unwrap_or(OBJECT);
            if object == OBJECT {
                let entries = envelope.remove("entry").unwrap_or_default();
                for entry in lenient::list(entries) {
                    batch.entry(entry);
                }
            } else {
                batch.other_object(body);
            }
        }
        Ok(_) => batch.push(None, None, unreadable::bytes("no_entry", body)),
        Err(reason) => batch.push(None, None, unreadable::bytes(reason, body)),
    }
    batch.units
}

struct Batch<'a> {
    app: &'a str,
    received_at: Timestamp,
    could_be_large: bool,
    units: Vec<Unit>,
}

impl Batch<'_> {
    fn push(&mut self, phone_number_id: Option<&str>, waba_id: Option<&str>, part: Part) {
        let owned = |id: Option<&str>| id.map(str::to_owned);
        let source = Source::CloudApi {
            app: self.app.to_owned(),
            phone_number_id: owned(phone_number_id),
            waba_id: owned(waba_id),
        };
        self.units.push(Unit::new(source, self.received_at, part, self.could_be_large));
    }

    /// As `entry` for each entry, but what nobody would look at is not read, and what cannot be read costs no other change.
    fn outline(&mut self, outline: &Outline<'_>, body: &[u8]) {
        if outline.object.as_deref().is_some_and(|object| object != OBJECT) {
            return self.other_object(body);
        }
        for entry in &outline.entry {
            let waba_id = entry.id.as_ref().and_then(lenient::short);
            for change in &entry.changes {
                let text = change.get().as_bytes();
                if let Some((number, value)) = outline::too_large(change) {
                    let part = unreadable::bytes("too_large", value.as_bytes());
                    self.push(number.as_deref(), waba_id.as_deref(), part);
                    continue;
                }
                match lenient::read(text) {
                    Ok(change) => self.change(change, waba_id.as_deref()),
                    Err(reason) => self.push(None, waba_id.as_deref(), unreadable::bytes(reason, text)),
                }
            }
        }
    }

    fn entry(&mut self, entry: Value) {
        let Value::Object(mut entry) = entry else {
            return self.broken(None, None, "entry_is_no_object", &entry);
        };
        let waba_id = entry.get("id").and_then(lenient::short);
        for change in lenient::list(entry.remove("changes").unwrap_or_default()) {
            self.change(change, waba_id.as_deref());
        }
    }

    fn change(&mut self, change: Value, waba_id: Option<&str>) {
        let Value::Object(mut change) = change else {
            return self.broken(None, waba_id, "change_is_no_object", &change);
        };
        let field = change.get("field").and_then(lenient::short);
        let value = change.remove("value").unwrap_or_default();
        let number = lenient::short(&value["metadata"]["phone_number_id"]);
        match (field.as_deref(), value) {
            (field, Value::Object(value))
                if field.is_none_or(|field| LISTED.contains(&field))
                    && LISTS.iter().any(|list| value.contains_key(*list)) =>
            {
                self.messages(value, number.as_deref(), waba_id);
            }
            (Some(HISTORY), Value::Object(value)) if value.contains_key(HISTORY) => {
                self.history(value, number.as_deref(), waba_id);
            }
            (Some(CALLS), Value::Object(value)) if value.get(CALLS).is_some_and(|calls| !is_empty(calls)) => {
                self.calls(value, number.as_deref(), waba_id);
            }
            // An empty change of a field that carries lists says that there is nothing.
            (None | Some("messages"), value) if is_empty(&value) => {}
            (field, value) => {
                let field = field.unwrap_or("unknown").to_owned();
                self.push(number.as_deref(), waba_id, Part::CloudOther { field, value });
            }
        }
    }

    fn messages(&mut self, mut value: Map<String, Value>, number: Option<&str>, waba_id: Option<&str>) {
        let own_number = own_number(&value);
        let contacts = Contacts::read(value.get("contacts"));
        for list in LISTS {
            let elements = value.remove(list).unwrap_or_default();
            if list == "errors" {
                if !is_empty(&elements) {
                    self.push(number, waba_id, Part::CloudErrors { errors: elements });
                }
                continue;
            }
            for element in lenient::list(elements) {
                if !element.is_object() {
                    self.broken(number, waba_id, "element_is_no_object", &element);
                    continue;
                }
                let part = match list {
                    "statuses" => Part::CloudStatus { status: element },
                    "messages" => {
                        let contact = contacts.of(&element, ["from", "from_user_id"]);
                        Part::CloudMessage { message: element, contact, own_number: own_number.clone() }
                    }
                    _ => {
                        let contact = contacts.of(&element, ["to", "to_user_id"]);
                        Part::CloudEcho { message: element, contact, own_number: own_number.clone() }
                    }
                };
                self.push(number, waba_id, part);
            }
        }
    }

    /// Calls, each with what went wrong, which Meta tells beside them.
    fn calls(&mut self, mut value: Map<String, Value>, number: Option<&str>, waba_id: Option<&str>) {
        let own_number = own_number(&value);
        let contacts = Contacts::read(value.get("contacts"));
        let errors = value.remove("errors").unwrap_or_default();
        for mut call in lenient::list(value.remove(CALLS).unwrap_or_default()) {
            if !call.is_object() {
                self.broken(number, waba_id, "element_is_no_object", &call);
                continue;
            }
            if call["errors"].is_null() && !is_empty(&errors) {
                call["errors"] = errors.clone();
            }
            let is_ours = call["direction"] == "BUSINESS_INITIATED";
            let contact = contacts.of(&call, if is_ours { ["to", "to_user_id"] } else { ["from", "from_user_id"] });
            self.push(number, waba_id, Part::CloudCall { call, contact, own_number: own_number.clone() });
        }
    }

    /// Old messages, each on its own, and why the owner of the number shared none.
    fn history(&mut self, mut value: Map<String, Value>, number: Option<&str>, waba_id: Option<&str>) {
        let own_number = own_number(&value);
        for chunk in lenient::list(value.remove(HISTORY).unwrap_or_default()) {
            for piece in history::pieces(chunk, own_number.as_deref()) {
                self.push(number, waba_id, piece);
            }
        }
    }

    fn other_object(&mut self, body: &[u8]) {
        self.push(None, None, unreadable::bytes("other_object", body));
    }

    fn broken(&mut self, number: Option<&str>, waba_id: Option<&str>, reason: &str, value: &Value) {
        self.push(number, waba_id, unreadable::value(reason, value));
    }
}

/// The lists of a value that are cut, in the order in which their units go on the queue.
const LISTS: [&str; 4] = ["messages", "message_echoes", "statuses", "errors"];

fn own_number(value: &Map<String, Value>) -> Option<String> {
    value.get("metadata").and_then(|metadata| lenient::short(&metadata["display_phone_number"]))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// `contacts[]`, found by id: its order has nothing to do with that of the messages.
struct Contacts {
    all: Vec<CloudContact>,
    by_id: HashMap<String, usize>,
}

impl Contacts {
    fn read(contacts: Option<&Value>) -> Self {
        let items: &[Value] = match contacts {
            Some(Value::Array(items)) => items,
            Some(single @ Value::Object(_)) => std::slice::from_ref(single),
            _ => &[],
        };
        let all: Vec<CloudContact> = items.iter().map(contact).collect();
        let mut by_id = HashMap::new();
        for (at, contact) in all.iter().enumerate() {
            for id in [&contact.wa_id, &contact.user_id].into_iter().flatten() {
                by_id.entry(lookup_key(id)).or_insert(at);
            }
        }
        Self { all, by_id }
    }

    /// The contact with one of the ids that the element gives. Where either side gives none, a single contact is the one meant.
    fn of(&self, element: &Value, fields: [&str; 2]) -> Option<CloudContact> {
        let ids: Vec<String> = fields.iter().filter_map(|field| lenient::short(&element[field])).collect();
        let found = ids.iter().find_map(|id| self.by_id.get(&lookup_key(id))).and_then(|at| self.all.get(*at));
        let only = match self.all.as_slice() {
            [only] if ids.is_empty() || self.by_id.is_empty() => Some(only),
            _ => None,
        };
        found.or(only).cloned()
    }
}

fn lookup_key(id: &str) -> String {
    identity::alias(id).map_or_else(String::new, |alias| alias.match_key())
}

fn contact(contact: &Value) -> CloudContact {
    let profile = &contact["profile"];
    CloudContact {
        wa_id: lenient::short(&contact["wa_id"]),
        user_id: lenient::short(&contact["user_id"]),
        parent_user_id: lenient::short(&contact["parent_user_id"]),
        name: [&profile["name"], &profile["username"]].into_iter().find_map(lenient::short),
        username: [&profile["username"], &contact["username"]].into_iter().find_map(lenient::short),
    }
}

#[cfg(test)]
mod tests;
