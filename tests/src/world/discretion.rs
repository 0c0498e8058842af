//! What must never stand in a log: the words, names and numbers of contacts, secrets and tokens.
//!
//! Every journey speaks with the people of `people`, whose words, names and numbers are like nothing else.

use super::people;

/// The lines that tell what they must not.
pub(super) fn indiscreet(lines: &[String]) -> Vec<&String> {
    let secrets = ["demo-app-secret", "demo-verify-token", "demo-access-token", "demo-gateway-token"];
    // The second begins every JSON web token.
    let tokens = ["Bearer e", "eyJ", "PRIVATE KEY"];
    let people = [people::PHONES, people::WORDS, people::NAME];
    let forbidden: Vec<&str> = secrets.into_iter().chain(tokens).chain(people).collect();
    lines.iter().filter(|line| forbidden.iter().any(|forbidden| line.contains(forbidden))).collect()
}

/// The lines that tell of something that must not happen in any journey.
pub(super) fn alarming(lines: &[String]) -> Vec<&String> {
    let alarms = ["panicked", "a call was refused", "AccessDenied", "does not start", "stopped serving"];
    lines.iter().filter(|line| alarms.iter().any(|alarm| line.contains(alarm))).collect()
}

/// Whether the line tells of a call that the template does not permit.
pub(super) fn is_refusal(line: &str) -> bool {
    line.contains("a call was refused") || line.contains("AccessDenied")
}
