//! The file of secrets that a host starts with, as an operator would write it.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

/// Writes the operator's key and these secrets, and no others, into a data directory that has no file yet.
pub(crate) fn write(data: &Path, secrets: &[(&str, Value)]) {
    let secrets: serde_json::Map<String, Value> =
        secrets.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let file = json!({
        "operator": { "access_key_id": "test-operator", "secret_access_key": "test-operator-secret" },
        "secrets": secrets,
        "gateways": { "baileys": "demo-gateway-token" },
    });
    let path = data.join("secrets.json");
    let mut written = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
    written.write_all(file.to_string().as_bytes()).unwrap();
}
