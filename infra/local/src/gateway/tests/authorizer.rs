//! Which tokens pass.

use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::{claims, issuer, key};
use crate::{
    clock,
    gateway::{
        authorizer::{Authorizer, Refusal},
        issuer::Issuer,
    },
    template::JwtAuthorizer,
};

fn authorize(header: &str) -> Result<serde_json::Map<String, Value>, Refusal> {
    let trusted = JwtAuthorizer {
        name: "Jwt".to_owned(),
        by_default: true,
        issuer: "http://issuer.test".to_owned(),
        audience: vec!["other".to_owned(), "console".to_owned()],
    };
    let mut headers = HeaderMap::new();
    headers.insert("authorization", header.parse().unwrap());
    Authorizer::new(trusted, issuer()).authorize(&headers, clock::now())
}

/// The good claims with some replaced; `null` removes one.
fn token_with(changes: &Value) -> String {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    issuer().mint(&claims).unwrap()
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

#[test]
fn a_good_token_passes_with_and_without_its_scheme() {
    let token = token_with(&json!({}));
    for header in [format!("Bearer {token}"), format!("bearer {token}"), token] {
        assert_eq!(authorize(&header).unwrap()["custom:agent"], "ana");
    }
}

#[test]
fn claims_are_checked_as_api_gateway_checks_them() {
    let now = clock::now().as_second();
    let audience = Some("the token does not have a valid audience");
    for (changes, refusal) in [
        (json!({ "aud": ["x", "console"] }), None),
        (json!({ "aud": null, "client_id": "console" }), None),
        (json!({ "nbf": now - 5 }), None),
        (json!({ "iat": null }), None),
        (json!({ "aud": null, "client_id": "x" }), audience),
        (json!({ "aud": "x", "client_id": "console" }), audience),
        (json!({ "aud": null }), audience),
        (json!({ "aud": ["x"] }), audience),
        (json!({ "iss": "http://issuer.test/" }), Some("invalid issuer")),
        (json!({ "iss": null }), Some("invalid issuer")),
        (json!({ "exp": now - 1 }), Some("the token has expired")),
        (json!({ "exp": null }), Some("the token has expired")),
        (json!({ "exp": "tomorrow" }), Some("the token is malformed")),
        (json!({ "nbf": now + 60 }), Some("the token is not valid yet")),
        (json!({ "iat": now + 60 }), Some("the token was issued in the future")),
    ] {
        let outcome = authorize(&format!("Bearer {}", token_with(&changes)));
        assert_eq!(outcome.err(), refusal.map(Refusal::Invalid), "{changes}");
    }
}

#[test]
fn forged_tokens_are_refused() {
    let good = token_with(&json!({}));
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("a token has three parts")
    };
    let key_id = issuer().key_id();
    let other_key = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.pem");
        Issuer::load_or_create(&path).unwrap();
        EncodingKey::from_rsa_pem(&std::fs::read(&path).unwrap()).unwrap()
    };
    let own_key = EncodingKey::from_rsa_pem(&key().1).unwrap();
    let signed_by = |key: &EncodingKey, algorithm, key_id: Option<&str>| {
        let header = Header { kid: key_id.map(ToOwned::to_owned), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, &claims(), key).unwrap()
    };
    let mut richer = claims();
    richer["custom:org"] = "another".into();
    let jwks = issuer().jwks();
    let modulus = jwks["keys"][0]["n"].as_str().unwrap();
    let secret = |bytes: &[u8]| signed_by(&EncodingKey::from_secret(bytes), Algorithm::HS256, Some(key_id));
    for (what, token) in [
        ("another key under the same id", signed_by(&other_key, Algorithm::RS256, Some(key_id))),
        ("the key without its id", signed_by(&own_key, Algorithm::RS256, None)),
        ("the key under another id", signed_by(&own_key, Algorithm::RS256, Some("other"))),
        ("another algorithm of the key", signed_by(&own_key, Algorithm::RS512, Some(key_id))),
        ("another key without an id", signed_by(&other_key, Algorithm::RS256, None)),
        ("changed claims", format!("{header}.{}.{signature}", part(&richer))),
        ("no signature", format!("{header}.{payload}.")),
        ("alg none", format!("{}.{payload}.", part(&json!({ "alg": "none", "kid": key_id })))),
        (
            "alg none with a signature",
            format!("{}.{payload}.{signature}", part(&json!({ "alg": "none", "kid": key_id }))),
        ),
        ("the public key as a secret", secret(modulus.as_bytes())),
        ("the public key as a secret, in JSON", secret(jwks.to_string().as_bytes())),
        ("the public key as a secret, decoded", secret(&URL_SAFE_NO_PAD.decode(modulus).unwrap())),
        ("not a token", "ana".to_owned()),
        ("nothing", String::new()),
    ] {
        assert!(matches!(authorize(&format!("Bearer {token}")), Err(Refusal::Invalid(_))), "{what}");
    }
}
