//! The template with the HTTP API's throttles out of the way: a benchmark asks for more than they let through, and it measures
//! what is behind them.

use anyhow::ensure;

use crate::binaries::repository;

/// What a throttle becomes.
const HIGH: &str = "1000000";
/// The properties that hold one.
const LIMITS: [&str; 2] = ["ThrottlingRateLimit: ", "ThrottlingBurstLimit: "];

/// The text of `infra/template.yaml`, otherwise as it is deployed.
pub(crate) fn template() -> anyhow::Result<String> {
    let text = std::fs::read_to_string(repository().join("infra/template.yaml"))?;
    let raised = LIMITS.iter().fold(text.clone(), |text, limit| raise(&text, limit));
    ensure!(raised != text, "infra/template.yaml has no throttles any more");
    Ok(raised)
}

/// Every value that follows `limit` replaced.
fn raise(text: &str, limit: &str) -> String {
    let mut parts = text.split(limit);
    let mut raised = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find([',', '}', '\n']).unwrap_or(part.len());
        raised.push_str(limit);
        raised.push_str(HIGH);
        raised.push_str(&part[end..]);
    }
    raised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_throttle_is_raised_and_nothing_else() {
        let text =
            "a: 1\nx: {ThrottlingRateLimit: !Ref Limit, ThrottlingBurstLimit: 20}\nThrottlingRateLimit: 5\nb: 2\n";
        let raised = LIMITS.iter().fold(text.to_owned(), |text, limit| raise(&text, limit));
        let expected = "a: 1\nx: {ThrottlingRateLimit: 1000000, ThrottlingBurstLimit: 1000000}\nThrottlingRateLimit: 1000000\nb: 2\n";
        assert_eq!(raised, expected);
        assert!(template().is_ok());
    }
}
