//! A message of the inbound queue, which a newer or an older version of the webhook may have written.

#![no_main]

use channels::{Carried, Unit, without_connection};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(Carried::Whole(unit)) = Carried::read(text) else { return };
    let again = Unit::from_json(&unit.to_json().unwrap()).unwrap();
    assert_eq!((again.group(), again.dedup()), (unit.group(), unit.dedup()));
    let _ = without_connection(&unit);
});
