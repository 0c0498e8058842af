//! Webhooks that prove nothing are refused here, in the function's own words, before a function runs for them and before more of
//! them is kept than has to be. What has the form of a proof is for the function to judge: no secret is looked at here.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use channels::signature::{
    SignatureError, bearer_sha256, body_token_sha256, token_sha256, verify_cloud_api, verify_gowa, verify_waha,
};

/// Stands where a secret would: its signatures are nobody's.
const NOBODY: [&str; 1] = ["nobody"];

/// How the senders of a route prove themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    CloudApi,
    Waha,
    Gowa,
    /// A token in a header, or else in the body.
    Token,
}

impl Proof {
    /// What a route asks for; `None` where its function alone knows.
    pub(super) fn of(route_key: &str) -> Option<Self> {
        let rest = route_key.strip_prefix("POST /webhook/")?;
        match rest.split('/').next()? {
            "whatsapp" => Some(Self::CloudApi),
            "waha" => Some(Self::Waha),
            "gowa" => Some(Self::Gowa),
            "baileys" | "evolution" => Some(Self::Token),
            _ => None,
        }
    }

    /// The refusal of a request whose headers cannot prove anything, whatever its body is.
    pub(super) fn refuse_head(self, headers: &HeaderMap) -> Option<Response> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let refused = match self {
            Self::CloudApi => has_no_form(verify_cloud_api(&NOBODY, text("x-hub-signature-256"), b"").map(|_| ())),
            Self::Waha => has_no_form(verify_waha(&NOBODY.map(String::from), text("x-webhook-hmac"), b"")),
            Self::Gowa => has_no_form(verify_gowa(&NOBODY.map(String::from), text("x-hub-signature-256"), b"")),
            Self::Token => token(headers) == Token::Unreadable,
        };
        refused.then(|| self.refusal())
    }

    /// The refusal of a request that has no proof in its body either.
    pub(super) fn refuse_body(self, headers: &HeaderMap, body: &[u8]) -> Option<Response> {
        let refused = self == Self::Token && token(headers) == Token::Absent && body_token_sha256(body).is_none();
        refused.then(|| self.refusal())
    }

    fn refusal(self) -> Response {
        let challenge: &[(HeaderName, &str)] =
            if self == Self::Token { &[(header::WWW_AUTHENTICATE, "Bearer")] } else { &[] };
        let mut response = StatusCode::UNAUTHORIZED.into_response();
        for (name, value) in challenge {
            response.headers_mut().insert(name, axum::http::HeaderValue::from_static(value));
        }
        response
    }
}

fn has_no_form(verified: Result<(), SignatureError>) -> bool {
    matches!(verified, Err(error) if error != SignatureError::Mismatch)
}

/// What the headers have of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Absent,
    Unreadable,
    Given,
}

fn token(headers: &HeaderMap) -> Token {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let read = match (text("authorization"), text("apikey").or_else(|| text("x-api-key"))) {
        (Some(authorization), _) => bearer_sha256(Some(authorization)),
        (None, Some(key)) => token_sha256(key),
        (None, None) => return Token::Absent,
    };
    if read.is_some() { Token::Given } else { Token::Unreadable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_form_of_a_proof_is_refused_and_the_rest_is_the_functions() {
        let good = format!("sha256={}", "0".repeat(64));
        let check = |key: &str, header: Option<(&'static str, &str)>, body: &str, refused: bool| {
            let headers: HeaderMap =
                header.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            let proof = Proof::of(key).unwrap();
            let answer = proof.refuse_head(&headers).or_else(|| proof.refuse_body(&headers, body.as_bytes()));
            assert_eq!(answer.is_some(), refused, "{key} {header:?}");
            if let Some(answer) = answer {
                assert_eq!(answer.status(), 401);
                assert_eq!(answer.headers().contains_key("www-authenticate"), proof == Proof::Token);
            }
        };
        for key in ["POST /webhook/whatsapp", "POST /webhook/whatsapp/{app}", "POST /webhook/gowa"] {
            check(key, Some(("x-hub-signature-256", &good)), "", false);
            for bad in ["", "sha256=", &good[..70], &good[7..], &good.replace("256", "1"), &good.replace('0', "g")] {
                check(key, Some(("x-hub-signature-256", bad)), "", true);
            }
            check(key, None, "", true);
        }
        check("POST /webhook/waha/{account}", None, "", true);
        check("POST /webhook/waha", Some(("x-webhook-hmac", "zz")), "", true);
        check("POST /webhook/waha", Some(("x-webhook-hmac", &"0".repeat(128))), "", false);
        for key in ["POST /webhook/baileys", "POST /webhook/evolution/{event}"] {
            check(key, None, "{}", true);
            check(key, Some(("authorization", "Basic a")), r#"{"apikey":"a"}"#, true);
            check(key, Some(("authorization", "Bearer a")), "{}", false);
            check(key, Some(("apikey", "a")), "{}", false);
            check(key, None, r#"{"apikey":"a"}"#, false);
        }
        assert_eq!(Proof::of("GET /webhook/whatsapp"), None);
        assert_eq!(Proof::of("POST /api/tickets"), None);
    }
}
