//! Appointments.

use serde_json::Value;

use super::{first, joined, place};
use crate::lenient;
use crate::moment::moment;

/// An appointment: its name, when it is, where, and what else is said of it. The time is UTC and says so: a message names no other zone.
pub(crate) fn appointment(event: &Value) -> Option<String> {
    let name = first(&[&event["name"], &event["title"], &event["eventTitle"], &event["eventName"]]);
    let of = |names: [&str; 4]| names.iter().find_map(|name| moment(&event[name]));
    let starts = of(["startTime", "scheduledTimestampMs", "eventStartTime", "start_time"]);
    let ends = of(["endTime", "eventEndTime", "end_time", "endTimestampMs"]).filter(|ends| Some(*ends) > starts);
    let minute = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
    let time = starts.map(|starts| match ends {
        Some(ends) => format!("{} – {} UTC", minute(starts), minute(ends)),
        None => format!("{} UTC", minute(starts)),
    });
    let held = [&event["location"], &event["eventLocation"]];
    let at = held.into_iter().find_map(|at| lenient::text(at).map(str::to_owned).or_else(|| place(at)));
    let is_cancelled = ["isCanceled", "isEventCanceled", "canceled"].iter().any(|name| lenient::flag(&event[name]));
    let mark = is_cancelled.then(|| "❌ cancelled".to_owned());
    let about = first(&[&event["description"], &event["eventDescription"], &event["caption"]]);
    let link = first(&[&event["joinLink"], &event["eventJoinLink"], &event["callLink"]]);
    joined("\n", [joined(", ", [mark, name, time, at]), about, link])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_appointment_says_what_when_and_where() {
        let check = |value: Value, expected: Option<&str>| {
            assert_eq!(appointment(&value).as_deref(), expected, "{value}");
        };
        let visit = json!({ "name": "Visita técnica", "startTime": "1767625200", "location": { "name": "Rua A, 10" } });
        check(visit, Some("Visita técnica, 2026-01-05 15:00 UTC, Rua A, 10"));
        let call = json!({ "name": "Reunião", "startTime": { "low": 1_767_625_200, "high": 0 }, "endTime": 1_767_628_800,
            "description": "Contrato", "joinLink": "https://call.example/x", "isCanceled": true });
        let words = "❌ cancelled, Reunião, 2026-01-05 15:00 – 2026-01-05 16:00 UTC\nContrato\nhttps://call.example/x";
        check(call, Some(words));
        check(
            json!({ "title": "Ligar", "scheduledTimestampMs": 1_767_625_200_000_i64 }),
            Some("Ligar, 2026-01-05 15:00 UTC"),
        );
        check(json!({ "name": "Visita", "startTime": "asdf", "location": "Rua A" }), Some("Visita, Rua A"));
        check(json!({}), None);
    }
}
