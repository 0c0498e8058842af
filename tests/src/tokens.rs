//! Every route of the API asks for a token of the issuer, whole and in time.

use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header, encode};
use serde_json::{Value, json};

use crate::world::{Answer, Host, routes};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_a_good_token_is_refused_on_every_route() {
    let host = Host::fresh().await;
    let good = host.token("demo", "dora");
    let strangers = tempfile::tempdir().unwrap();
    let key_id = decode_header(&good).unwrap().kid;
    let now = runtime::clock::now().as_second();
    let claims = |expires_in: i64| {
        json!({ "iss": "http://turno.localhost", "aud": "turno-local", "sub": "demo/dora", "token_use": "id",
                "iat": now - 7200, "exp": now + expires_in, "custom:org": "demo", "custom:agent": "dora" })
    };
    let own = std::fs::read(host.data().join("issuer.pem")).unwrap();
    let others = other_issuer(strangers.path());
    let rsa = |pem: &[u8]| EncodingKey::from_rsa_pem(pem).unwrap();
    let mint = |key: &EncodingKey, algorithm: Algorithm, key_id: Option<String>, claims: &Value| {
        encode(&Header { kid: key_id, ..Header::new(algorithm) }, claims, key).unwrap()
    };
    let (own, other) = (rsa(&own), rsa(&others));
    let with = |name: &str, value: Value| {
        let mut claims = claims(3600);
        claims.as_object_mut().unwrap().retain(|claim, _| claim != name || !value.is_null());
        if !value.is_null() {
            claims[name] = value;
        }
        mint(&own, Algorithm::RS256, key_id.clone(), &claims)
    };
    // What the helper mints is good, so that each of the others is refused for the one thing that is wrong with it.
    let minted = mint(&own, Algorithm::RS256, key_id.clone(), &claims(3600));
    host.signed_in(minted).get("/api/tickets").await.expect(200);

    let mut parts: Vec<&str> = good.split('.').collect();
    let foreign = mint(&own, Algorithm::RS256, key_id.clone(), &with_org(claims(3600)));
    parts[1] = foreign.split('.').nth(1).unwrap();
    let bad = [
        ("expired", mint(&own, Algorithm::RS256, key_id.clone(), &claims(-1))),
        ("of another issuer's key", mint(&other, Algorithm::RS256, key_id.clone(), &claims(3600))),
        ("with an unknown key id", mint(&own, Algorithm::RS256, Some("0".repeat(16)), &claims(3600))),
        ("without a key id", mint(&own, Algorithm::RS256, None, &claims(3600))),
        ("of another algorithm", mint(&own, Algorithm::RS384, key_id.clone(), &claims(3600))),
        (
            "signed with a shared secret",
            mint(&EncodingKey::from_secret(&others), Algorithm::HS256, key_id.clone(), &claims(3600)),
        ),
        ("with claims put in later", parts.join(".")),
        ("cut", good[..good.len() - 4].to_owned()),
        ("without a signature", format!("{}.", good.rsplit_once('.').unwrap().0)),
        ("for another audience", with("aud", json!("another"))),
        ("of another issuer", with("iss", json!("http://another.localhost"))),
        ("without an organization", with("custom:org", Value::Null)),
        ("with a bad organization", with("custom:org", json!("demo#STATS"))),
        ("no token", "demo".to_owned()),
        ("empty", String::new()),
    ];
    for (method, path) in routes::guarded() {
        let path = path.replace("{id}", "1");
        let bare = host.http.request(method.clone(), format!("{}{path}", host.api_url));
        assert_eq!(Answer::to(bare).await.status, 401, "{method} {path} without a token");
        for (what, token) in &bad {
            let answer = host.signed_in(token.as_str()).call(method.clone(), &path, None).await;
            assert_eq!(answer.status, 401, "{method} {path} with a token {what}");
        }
    }
    // A token whose agent is gone or was never there may do nothing.
    host.signed_in(host.token("demo", "nobody")).get("/api/tickets").await.expect(403);
}

fn with_org(mut claims: Value) -> Value {
    claims["custom:org"] = json!("other");
    claims
}

/// The key of an issuer that this host has never heard of.
fn other_issuer(data: &std::path::Path) -> Vec<u8> {
    let status =
        crate::world::program().args(["token", "--agent", "dora", "--data"]).arg(data).output().unwrap().status;
    assert!(status.success());
    std::fs::read(data.join("issuer.pem")).unwrap()
}
