use proptest::prelude::*;

use super::*;

#[test]
fn credentials_are_blanked_by_the_names_of_their_fields() {
    let check = |text: &str, expected: &str| assert_eq!(blanked(text), expected, "{text}");
    check(r#"{"apikey": "s3cret","a":1"#, r#"{"apikey": "removed","a":1"#);
    check(r#"{"webhookVerifyToken":"a\"b","data":"token"}"#, r#"{"webhookVerifyToken":"removed","data":"token"}"#);
    check(r#"{"apiKey":"cut off"#, r#"{"apiKey":"removed"#);
    check(r#"["token","x"]"#, r#"["token","x"]"#);
    check(r#"{"a":"b"#, r#"{"a":"b"#);
    check(r#"{"access_token":null,"token":true}"#, r#"{"access_token":null,"token":true}"#);
    check(r#"{"pin":1234,"x":5}"#, r#"{"pin":"removed","x":5}"#);
    check(r#"{"tokens":["a","b"],"x":{"y":1}}"#, r#"{"tokens":"removed","x":{"y":1}}"#);
    check(r#"{"secret":{"a":{"b":"c"}},"x":1}"#, r#"{"secret":"removed","x":1}"#);
    check(r#"{"s":"{\"api-key\":\"a\\\"b\",\"x\":1}"}"#, r#"{"s":"{\"api-key\":\"removed\",\"x\":1}"}"#);
    check("a=1&token=abc&b=2", "a=1&token=removed&b=2");
    check("auth[password]=abc", "auth[password]=removed");
    check("Authorization: Basic YTpi Og\r\nHost: a", "Authorization: removed\r\nHost: a");
    check("X_API_KEY: abc", "X_API_KEY: removed");
    check(
        r#"{"mediaKey":"0a1b2c3d4e5f6a7b8c9d","key":{"id":"3EB0"}}"#,
        r#"{"mediaKey":"removed","key":{"id":"3EB0"}}"#,
    );
    // What is counted and digested, and what people say, stays.
    for text in [
        r#"{"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","bytes":5}"#,
        r#"{"text":{"body":"Olá, meu pedido 5511987654321 não chegou: bom dia"}}"#,
        r#"{"errors":[{"code":131026,"title":"Message undeliverable"}]}"#,
        r#"{"id":"wamid.HBgLNTUxMTk4NzY1NDMyMRUCABIYFDNFQjBDNDA5","author":"ana","from":"77079861373"}"#,
        "the basic facts, by the bearer of news",
    ] {
        check(text, text);
    }
}

#[test]
fn credentials_are_blanked_by_their_shape() {
    let check = |text: &str, expected: &str| assert_eq!(blanked(text), expected, "{text}");
    check("Bearer abc.DEF-123", "Bearer removed");
    check("see eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc.", "see removed");
    check("EAAG9x8sdf98sdf7sd98f7sdf oi", "removed oi");
    check("123456789|abcdefghijklmnop1", "removed");
    check("AKIAIOSFODNN7EXAMPLE", "removed");
    check("https://ana:s3@example.org/a", "https://removed@example.org/a");
    check("https:\\/\\/ana:s3@example.org", "https:\\/\\/removed@example.org");
    check("https://a.org/b?X-Amz-Signature=0f&x=1", "https://a.org/b?X-Amz-Signature=removed&x=1");
    check(
        "https://lookaside.fbsbx.com/a/?mid=1&ext=2&hash=AbC",
        "https://lookaside.fbsbx.com/a/?mid=1&ext=2&hash=removed",
    );
    check("u=https%3A%2F%2Fa.org%3Ftoken%3Dabc%26x%3D1", "u=https%3A%2F%2Fa.org%3Ftoken%3Dremoved%26x%3D1");
    check("a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b", "a removed b");
    check("-----BEGIN PRIVATE KEY-----\\nMIIE", "removed");
    check("-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----");
}

#[test]
fn a_key_of_our_own_is_blanked() {
    let org = crate::ids::OrganizationId::new("demo").unwrap();
    let id = crate::ids::AgentId::new("svc_1").unwrap();
    let key = crate::service_key::Presented::new(org, id, [7; 32]);
    let text = format!("called with {} today", key.reveal());
    assert_eq!(blanked(&text), "called with removed today");
}

fn places(name: &str, secret: &str) -> Vec<String> {
    let json = serde_json::json!({ "a": [{ name: secret }], "b": { name: [secret, { "x": secret }] } });
    let within = serde_json::json!({ "body": json.to_string() });
    let twice = serde_json::json!({ "body": within.to_string() });
    let pretty = serde_json::to_string_pretty(&json).unwrap();
    let cut = json.to_string();
    vec![
        json.to_string(),
        within.to_string(),
        twice.to_string(),
        pretty,
        cut[..cut.len() - 3].to_owned(),
        format!("x=1&{name}={secret}&y=2"),
        format!("https://example.org/a?{name}={secret}"),
        format!("{name}: {secret}\r\nHost: a"),
        format!("{{'{name}': '{secret}'}}"),
        format!("Bearer {secret}"),
        format!("https://u:{secret}@example.org/"),
    ]
}

proptest! {
    #[test]
    fn no_credential_is_left_wherever_it_stands(
        name in prop::sample::select(vec![
            "apikey", "apiKey", "api_key", "X-Api-Key", "token", "accessToken", "access_token", "webhookVerifyToken", "jwt_key",
            "Authorization", "client_secret", "PASSWORD", "db.password", "x-hub-signature-256", "hmac", "hash", "session-cookie",
            "AWS_SECRET_ACCESS_KEY", "X-Amz-Signature", "X-Amz-Security-Token", "privateKey", "senha",
        ]),
        secret in "[A-Za-z][A-Za-z0-9_]{12,40}[0-9]",
    ) {
        for text in places(name, &secret) {
            let blanked = blanked(&text);
            prop_assert!(!blanked.contains(&secret), "{text} -> {blanked}");
        }
    }

    #[test]
    fn json_stays_json_and_blanking_twice_changes_nothing(
        name in prop::sample::select(vec!["token", "a", "key", "auth"]),
        value in prop::sample::select(vec![r#""x""#, "5", "[1,\"a\"]", r#"{"b":"c"}"#, "null", r#""Bearer abc123""#]),
    ) {
        let text = format!(r#"{{"{name}":{value},"z":[{{"{name}":{value}}}]}}"#);
        let once = blanked(&text);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&once).is_ok(), "{once}");
        prop_assert_eq!(blanked(&once), once);
    }

    #[test]
    fn text_without_credentials_is_kept_as_it_is(text in r#"([b-gi-z:,{}\[\] ]|"|\\|é){0,60}"#) {
        prop_assume!(!["pwd", "jwt"].iter().any(|name| text.replace([' ', '\\', '"'], "").contains(name)));
        prop_assert_eq!(blanked(&text), text);
    }

    #[test]
    fn any_text_is_read_to_its_end(text in "\\PC{0,80}") {
        let _any = blanked(&text);
    }
}
