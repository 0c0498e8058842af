//! Secrets Manager on one machine: `secrets.json` of the data directory, readable for its owner alone.
//!
//! The file is read again at each question, so a secret is rotated by editing it. Values are never logged or listed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::connection::DEFAULT_ACCOUNT;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::data_dir::{data_error, write_private};
use crate::error::HostError;
use crate::simulator::gateways::KEY;
use crate::{demo, template};

/// The file and the names that the template gives to secrets.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    path: PathBuf,
    named: Vec<template::Secret>,
    /// Where the simulator of the providers is.
    simulator: String,
}

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SecretsFile {
    /// The credentials with which a person may call everything on the AWS endpoint.
    pub(crate) operator: OperatorKey,
    /// By logical id of the template, or by name: the value as JSON.
    pub(crate) secrets: BTreeMap<String, Value>,
    /// What the demo's gateways prove themselves with, by connection. Of tokens the table keeps only their SHA-256; keys of
    /// signatures stand in the apps' secret as well.
    pub(crate) gateways: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OperatorKey {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

/// One secret as `GetSecretValue` answers it.
#[derive(Debug)]
pub(crate) struct SecretValue {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) text: String,
    /// Changes with the text.
    pub(crate) version: String,
}

const DEMO_APP_SECRET: &str = "demo-app-secret";
const DEMO_VERIFY_TOKEN: &str = "demo-verify-token";
const DEMO_ACCESS_TOKEN: &str = "demo-access-token";
/// The token of the demo's gateways, and the key of those that sign; known to everybody who reads the documentation.
pub(crate) const DEMO_GATEWAY_TOKEN: &str = "demo-gateway-token";
const DEMO_OPERATOR: &str = "operator";
/// The logical id of the secret that holds the Meta apps' secrets.
const APPS: &str = "WhatsappAppsSecret";

impl SecretsFile {
    /// The values of the documentation, good for the loopback alone; the operator's key is nobody's even there.
    fn demo() -> Self {
        Self::with(str::to_owned)
    }

    /// Values that nobody knows; an operator puts the provider's in their place.
    fn random() -> Self {
        Self::with(|_| random())
    }

    fn with(value: impl Fn(&str) -> String) -> Self {
        let connection = || json!({ "access_tokens": [value(DEMO_ACCESS_TOKEN)] });
        let gateways = demo::GATEWAYS.map(|kind| (kind.to_owned(), value(DEMO_GATEWAY_TOKEN)));
        let gateways = BTreeMap::from(gateways);
        let keys = |kind: &str| json!({ DEFAULT_ACCOUNT: { "keys": [gateways.get(kind)] } });
        Self {
            operator: OperatorKey::random(),
            secrets: BTreeMap::from([
                (
                    APPS.to_owned(),
                    json!({ "apps": { "default": {
                        "app_secrets": [value(DEMO_APP_SECRET)], "verify_tokens": [value(DEMO_VERIFY_TOKEN)],
                    } }, "gateways": { "waha": keys("waha"), "gowa": keys("gowa") } }),
                ),
                (format!("{}/connection/demo/comercial", template::STACK), connection()),
                (format!("{}/connection/demo/suporte", template::STACK), connection()),
                gateway("baileys", &value(KEY), "+15550100003"),
                gateway("evolution", &value(KEY), "demo"),
                gateway("waha", &value(KEY), "default"),
                gateway("gowa", &format!("turno:{}", value(KEY)), "demo"),
            ]),
            gateways,
        }
    }

    /// Whether any value is one of the documentation's.
    pub(crate) fn has_demo_values(&self) -> bool {
        let known = [DEMO_APP_SECRET, DEMO_VERIFY_TOKEN, DEMO_ACCESS_TOKEN, DEMO_GATEWAY_TOKEN, KEY];
        self.gateways.values().any(|token| token == DEMO_GATEWAY_TOKEN)
            || self.secrets.values().any(|value| known.iter().any(|known| value.to_string().contains(known)))
    }

    /// The newest app secret of the default Meta app: what signs the bodies that this host sends itself.
    pub(crate) fn app_secret(&self) -> Option<&str> {
        self.secrets.get(APPS)?.pointer("/apps/default/app_secrets/0")?.as_str()
    }

    /// A token that a connection sends with.
    pub(crate) fn access_token(&self) -> Option<&str> {
        self.secrets.values().find_map(|value| value.pointer("/access_tokens/0")?.as_str())
    }

    /// Whether the Cloud API token is one that some connection sends with.
    pub(crate) fn knows_access_token(&self, token: &str) -> bool {
        self.secrets
            .values()
            .filter_map(|value| value.get("access_tokens")?.as_array())
            .flatten()
            .any(|known| known.as_str() == Some(token))
    }
}

impl OperatorKey {
    fn random() -> Self {
        Self { access_key_id: random(), secret_access_key: random() }
    }
}

/// Two ulids hold 160 random bits from the system's generator.
fn random() -> String {
    format!("{}{}", ulid::Ulid::generate(), ulid::Ulid::generate()).to_lowercase()
}

impl Secrets {
    /// Opens the file, and creates it where it is missing: with the documentation's values for a host that only this
    /// machine can reach, with random ones otherwise.
    pub(crate) fn open(path: PathBuf, loopback: bool) -> Result<Self, HostError> {
        if !path.try_exists().map_err(|source| data_error("cannot read", &path, source))? {
            let file = if loopback { SecretsFile::demo() } else { SecretsFile::random() };
            let text =
                serde_json::to_vec_pretty(&file).map_err(|source| HostError::Damaged { path: path.clone(), source })?;
            write_private(&path, &text)?;
        }
        let mut file = read_file(&path)?;
        // What earlier versions wrote, and everybody knows.
        if [&file.operator.access_key_id, &file.operator.secret_access_key].iter().any(|part| *part == DEMO_OPERATOR) {
            file.operator = OperatorKey::random();
            let text =
                serde_json::to_vec_pretty(&file).map_err(|source| HostError::Damaged { path: path.clone(), source })?;
            write_private(&path, &text)?;
        }
        let secrets = Self { path, named: Vec::new(), simulator: SIMULATOR.to_owned() };
        secrets.read()?;
        Ok(secrets)
    }

    /// Answers to the template's names and ARNs as well.
    pub(crate) fn named_by(self, named: Vec<template::Secret>) -> Self {
        Self { named, ..self }
    }

    pub(crate) fn read(&self) -> Result<SecretsFile, HostError> {
        read_file(&self.path)
    }

    /// The secret of an ARN or a name; `None` where there is none.
    pub(crate) fn find(&self, id: &str) -> Result<Option<SecretValue>, HostError> {
        let (key, name, arn) = self.identity(id);
        Ok(self.read()?.secrets.get(&key).map(|value| {
            let text = value.to_string().replace(SIMULATOR, &self.simulator);
            let digest = hex::encode(Sha256::digest(text.as_bytes()));
            let version = format!("{}-{}-{}", &digest[..8], &digest[8..12], &digest[12..16]);
            SecretValue { arn, name, text, version }
        }))
    }

    /// Answers with the URL of the simulator of the providers where a secret says `SIMULATOR`: its port is another at each start.
    pub(crate) fn with_simulator(self, url: &str) -> Self {
        Self { simulator: url.to_owned(), ..self }
    }

    /// The full ARN that a question for this secret is judged by, whether or not there is such a secret.
    pub(crate) fn arn(&self, id: &str) -> String {
        self.identity(id).2
    }

    /// Key in the file, name, and ARN.
    fn identity(&self, id: &str) -> (String, String, String) {
        if let Some(secret) = self.named.iter().find(|s| s.arn == id || s.name == id || s.logical_id == id) {
            return (secret.logical_id.clone(), secret.name.clone(), secret.arn.clone());
        }
        let prefix = format!("arn:aws:secretsmanager:{}:{}:secret:", template::REGION, template::ACCOUNT_ID);
        let name = match id.strip_prefix(&prefix) {
            // Secrets Manager ends an ARN with a hyphen and six characters.
            Some(rest) => rest.strip_suffix(ARN_SUFFIX).unwrap_or(rest),
            None => id,
        };
        (name.to_owned(), name.to_owned(), format!("{prefix}{name}{ARN_SUFFIX}"))
    }
}

/// Stands in the file for the URL of the simulator.
pub(crate) const SIMULATOR: &str = "http://simulator.invalid";

/// Stands for the random end of a secret's ARN.
/// What a connection of the demo finds its gateway with: the one in the simulator.
fn gateway(kind: &str, api_key: &str, session: &str) -> (String, Value) {
    let base_url = format!("{SIMULATOR}/_gateways/{kind}");
    let access = json!({ "kind": kind, "base_url": base_url, "api_key": api_key, "session": session });
    (format!("{}/connection/demo/{kind}", template::STACK), json!({ "gateway": access }))
}

const ARN_SUFFIX: &str = "-000000";

/// Reads a secrets file without creating one.
pub(crate) fn read_file(path: &Path) -> Result<SecretsFile, HostError> {
    let text = std::fs::read(path).map_err(|source| data_error("cannot read", path, source))?;
    serde_json::from_slice(&text).map_err(|source| HostError::Damaged { path: path.to_path_buf(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(loopback: bool) -> (tempfile::TempDir, Secrets) {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(dir.path().join("secrets.json"), loopback).unwrap();
        (dir, secrets)
    }

    #[test]
    fn only_a_host_for_this_machine_alone_starts_with_the_documented_values() {
        assert!(opened(true).1.read().unwrap().has_demo_values());
        let (_dir, secrets) = opened(false);
        let file = secrets.read().unwrap();
        assert!(!file.has_demo_values());
        assert_ne!(file.app_secret(), opened(false).1.read().unwrap().app_secret());
    }

    #[test]
    fn the_operator_s_key_is_nobody_s_on_the_loopback_too() {
        let (dir, secrets) = opened(true);
        let key = |secrets: &Secrets| secrets.read().unwrap().operator.access_key_id;
        assert!(key(&secrets).len() > 40);
        assert_ne!(key(&secrets), key(&opened(true).1));
        // A directory of an earlier version.
        let path = dir.path().join("secrets.json");
        let mut old = secrets.read().unwrap();
        old.operator = OperatorKey { access_key_id: DEMO_OPERATOR.into(), secret_access_key: DEMO_OPERATOR.into() };
        write_private(&path, &serde_json::to_vec(&old).unwrap()).unwrap();
        let again = Secrets::open(path.clone(), true).unwrap();
        let first = key(&again);
        assert_ne!(first, DEMO_OPERATOR);
        assert_eq!(key(&Secrets::open(path, true).unwrap()), first, "it stays what it is");
    }

    #[test]
    fn each_known_value_alone_is_noticed() {
        let random = SecretsFile::random();
        for pointer in [
            "/gateways/baileys",
            "/gateways/waha",
            "/secrets/WhatsappAppsSecret/gateways/gowa/default/keys/0",
            "/secrets/WhatsappAppsSecret/apps/default/app_secrets/0",
            "/secrets/WhatsappAppsSecret/apps/default/verify_tokens/0",
            "/secrets/turno~1connection~1demo~1comercial/access_tokens/0",
            "/secrets/turno~1connection~1demo~1baileys/gateway/api_key",
            "/secrets/turno~1connection~1demo~1gowa/gateway/api_key",
        ] {
            let demo = serde_json::to_value(SecretsFile::demo()).unwrap();
            let mut mixed = serde_json::to_value(&random).unwrap();
            *mixed.pointer_mut(pointer).unwrap() = demo.pointer(pointer).unwrap().clone();
            let mixed: SecretsFile = serde_json::from_value(mixed).unwrap();
            assert!(mixed.has_demo_values(), "{pointer}");
        }
    }

    #[test]
    fn an_operator_who_edits_the_file_is_heard_at_the_next_question() {
        let (_dir, secrets) = opened(true);
        let before = secrets.find("turno/connection/demo/comercial").unwrap().unwrap();
        let mut file = secrets.read().unwrap();
        file.secrets.insert("turno/connection/demo/comercial".into(), json!({ "access_tokens": ["rotated"] }));
        write_private(&secrets.path, &serde_json::to_vec(&file).unwrap()).unwrap();
        let after = secrets.find("turno/connection/demo/comercial").unwrap().unwrap();
        assert!(after.text.contains("rotated") && before.version != after.version);
        assert!(secrets.read().unwrap().knows_access_token("rotated"));
        // A second start keeps what the operator wrote.
        assert_eq!(Secrets::open(secrets.path.clone(), true).unwrap().read().unwrap(), file);
    }

    #[test]
    fn a_secret_is_found_by_logical_id_name_and_arn() {
        let (_dir, secrets) = opened(true);
        let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:turno/apps-AbCdEf";
        let secrets = secrets.named_by(vec![template::Secret {
            logical_id: APPS.into(),
            name: "turno/apps".into(),
            arn: arn.into(),
        }]);
        for id in [APPS, "turno/apps", arn] {
            let found = secrets.find(id).unwrap().unwrap();
            assert_eq!((found.arn.as_str(), found.name.as_str()), (arn, "turno/apps"));
        }
        let connection = secrets.find("turno/connection/demo/suporte").unwrap().unwrap();
        assert_eq!(secrets.find(&connection.arn).unwrap().unwrap().name, "turno/connection/demo/suporte");
        assert!(secrets.find("turno/connection/none").unwrap().is_none());
    }
}
