//! What a provider answers to our own calls.

#![no_main]

use channels::cloud_api::{outbound, templates};
use channels::sending::Speaks;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|given: (u16, &[u8])| {
    let (status, body) = given;
    let _ = outbound::answer(status, body);
    for speaks in [Speaks::Baileys, Speaks::Evolution, Speaks::Waha, Speaks::Gowa] {
        let _ = speaks.outcome(status, body);
    }
    let _ = templates::page(body);
    if let Ok(value) = serde_json::from_slice(body) {
        for field in ["message_template_status_update", "message_template_quality_update"] {
            let _ = templates::news(field, &value);
        }
    }
});
