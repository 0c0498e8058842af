//! What a client writes into a path or a header: tickets in any form, messages, keys of requests.

#![no_main]

use domain::message::MessageRef;
use domain::number::TicketRef;
use domain::once::OnceKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = TicketRef::parse(text);
    if let Ok(key) = OnceKey::new(text) {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(message) = text.parse::<MessageRef>() {
        assert_eq!(message.to_string().parse(), Ok(message));
    }
});
