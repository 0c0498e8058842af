//! Meta's question whether this address is ours: the challenge is given back to whoever knows the verify token.

use channels::signature::is_accepted_token;

/// The challenge to answer with, character for character; nothing where the question is not Meta's or the token is wrong.
///
/// `query` is the raw query string. The names have dots, and the challenge is opaque text although it is digits today.
pub(crate) fn challenge(query: &str, verify_tokens: &[String]) -> Option<String> {
    let value = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let is_accepted = is_accepted_token(verify_tokens, value("hub.verify_token").unwrap_or_default().as_bytes());
    let is_asked = value("hub.mode").as_deref() == Some("subscribe");
    value("hub.challenge").filter(|_| is_accepted && is_asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(query: &str) -> Option<String> {
        challenge(query, &["demo-verify-token".to_owned(), "next token+1".to_owned()])
    }

    #[test]
    fn the_challenge_is_given_back_as_it_came() {
        let check = |query: &str, expected: &str| assert_eq!(answer(query).as_deref(), Some(expected), "{query}");
        check("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=demo-verify-token", "1158201444");
        check("hub.verify_token=demo-verify-token&hub.challenge=007&hub.mode=subscribe", "007");
        check("hub%2Emode=subscribe&hub.challenge=a%2Bb%20c%22&hub.verify_token=next+token%2B1", "a+b c\"");
        check("hub.mode=subscribe&hub.challenge=&hub.verify_token=demo-verify-token", "");
    }

    #[test]
    fn everything_else_gets_no_answer() {
        for query in [
            "",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
            "hub.mode=subscribe&hub.challenge=1",
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=demo-verify-token",
            "hub.challenge=1&hub.verify_token=demo-verify-token",
            "hub_mode=subscribe&hub_challenge=1&hub_verify_token=demo-verify-token",
            "hub.mode=subscribe&hub.verify_token=demo-verify-token",
        ] {
            assert_eq!(answer(query), None, "{query}");
        }
        assert_eq!(challenge("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", &[String::new()]), None);
        assert_eq!(challenge("hub.mode=subscribe&hub.challenge=1&hub.verify_token=x", &[]), None);
    }
}
