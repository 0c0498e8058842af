//! `turno token`: a bearer token of the local issuer, as Cognito's ID tokens look.
//!
//! The issuer's name does not depend on where the host listens, so a token outlives a change of port.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::cli::TokenOptions;
use crate::data_dir::{DataDir, ISSUER_KEY};
use crate::error::HostError;
use crate::gateway::issuer::Issuer;

/// What the host gives the template as `JwtIssuer`.
pub(crate) const ISSUER: &str = "http://turno.localhost";
/// What the host gives the template as `JwtAudience`.
pub(crate) const AUDIENCE: &str = "turno-local";
/// A working day, so that an agent signs in once.
const VALID_FOR: SignedDuration = SignedDuration::from_hours(12);

/// The issuer of a data directory; its key is made when the directory is new.
pub(crate) fn issuer(data: &Path) -> Result<Issuer, HostError> {
    Ok(Issuer::load_or_create(&data.join(ISSUER_KEY))?)
}

/// Mints a token. Whether there is such an agent is for the functions to say.
pub(crate) fn run(options: &TokenOptions) -> Result<String, HostError> {
    let data = DataDir::open(&options.data.dir)?;
    Ok(issuer(data.path())?.mint(&claims(&options.org, &options.agent, crate::clock::now()))?)
}

fn claims(org: &str, agent: &str, now: Timestamp) -> Value {
    json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": format!("{org}/{agent}"),
        "token_use": "id",
        "iat": now.as_second(),
        "exp": (now + VALID_FOR).as_second(),
        "custom:org": org,
        "custom:agent": agent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_organization_and_agent_and_ends_after_a_working_day() {
        let claims = claims("demo", "ana", "2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!((claims["custom:org"].as_str(), claims["custom:agent"].as_str()), (Some("demo"), Some("ana")));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 12 * 3600);
    }

    #[test]
    fn a_token_for_a_new_directory_makes_the_key_and_the_next_one_uses_it() {
        let dir = tempfile::tempdir().unwrap();
        let data = crate::cli::DataOption { dir: dir.path().join("new") };
        let options = TokenOptions { agent: "ana".into(), org: "demo".into(), data };
        assert_eq!(run(&options).unwrap().split('.').count(), 3);
        let key = std::fs::read(dir.path().join("new/issuer.pem")).unwrap();
        run(&options).unwrap();
        assert_eq!(std::fs::read(dir.path().join("new/issuer.pem")).unwrap(), key);
    }
}
