//! The JWT authorizer: which bearer tokens pass, by the rules of API Gateway.
//!
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>. Must never take
//! the algorithm from the token: the key is RSA and verifies RS256 alone.

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

use super::issuer::Issuer;
use crate::template::JwtAuthorizer;

/// Verifies tokens of one issuer for one audience.
pub(super) struct Authorizer {
    trusted: JwtAuthorizer,
    key: DecodingKey,
    key_id: String,
}

/// Why a request may not pass.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NoToken,
    Invalid(&'static str),
}

impl Refusal {
    /// The header that API Gateway sends with its 401.
    pub(super) fn www_authenticate(&self) -> String {
        match self {
            Self::NoToken => "Bearer".to_owned(),
            Self::Invalid(why) => format!(r#"Bearer scope="" error="invalid_token" error_description="{why}""#),
        }
    }
}

impl Authorizer {
    pub(super) fn new(trusted: JwtAuthorizer, issuer: &Issuer) -> Self {
        Self { trusted, key: issuer.verifying_key().clone(), key_id: issuer.key_id().to_owned() }
    }

    /// The claims of the request's token as functions get them: every value is text.
    pub(super) fn authorize(&self, headers: &HeaderMap, now: Timestamp) -> Result<Map<String, Value>, Refusal> {
        let token = headers.get(header::AUTHORIZATION).ok_or(Refusal::NoToken)?;
        let token = token.to_str().map_err(|_| Refusal::Invalid("the token is malformed"))?;
        let token = match token.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => token,
        };
        let claims = self.verified_claims(token)?;
        self.check(&claims, now)?;
        Ok(claims.into_iter().map(|(name, value)| (name, Value::String(claim_text(&value)))).collect())
    }

    fn verified_claims(&self, token: &str) -> Result<Map<String, Value>, Refusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::Invalid("the token is malformed"))?;
        if header.alg != Algorithm::RS256 {
            return Err(Refusal::Invalid("signing method is invalid"));
        }
        if header.kid.as_deref() != Some(self.key_id.as_str()) {
            return Err(Refusal::Invalid("unable to find a signing key that matches"));
        }
        // The library checks the signature. The claims are checked below, against the host's clock and as AWS does.
        let mut signature_alone = Validation::new(Algorithm::RS256);
        signature_alone.required_spec_claims.clear();
        signature_alone.validate_exp = false;
        signature_alone.validate_aud = false;
        jsonwebtoken::decode::<Map<String, Value>>(token, &self.key, &signature_alone)
            .map(|verified| verified.claims)
            .map_err(|_| Refusal::Invalid("the token's signature is invalid"))
    }

    fn check(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<(), Refusal> {
        let refuse = |failed: bool, why| if failed { Err(Refusal::Invalid(why)) } else { Ok(()) };
        refuse(claims.get("iss").and_then(Value::as_str) != Some(&self.trusted.issuer), "invalid issuer")?;
        let intended = |claim: &Value| match claim {
            Value::String(one) => self.trusted.audience.contains(one),
            Value::Array(several) => several
                .iter()
                .filter_map(Value::as_str)
                .any(|one| self.trusted.audience.iter().any(|accepted| accepted == one)),
            _ => false,
        };
        // An access token of Cognito has no `aud` and names its client instead.
        let audience = claims.get("aud").or_else(|| claims.get("client_id"));
        refuse(!audience.is_some_and(intended), "the token does not have a valid audience")?;

        let now = now.as_second();
        let time = |name| match claims.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or(Refusal::Invalid("the token is malformed")),
        };
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in a double for ages to come")]
        let now = now as f64;
        refuse(time("exp")?.is_none_or(|at| at <= now), "the token has expired")?;
        refuse(time("nbf")?.is_some_and(|at| at > now), "the token is not valid yet")?;
        refuse(time("iat")?.is_some_and(|at| at > now), "the token was issued in the future")
    }
}

/// A claim as API Gateway writes it into the event: a list is its items between brackets, parted by spaces.
fn claim_text(claim: &Value) -> String {
    match claim {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(claim_text).collect::<Vec<_>>().join(" ")),
        other => other.to_string(),
    }
}
