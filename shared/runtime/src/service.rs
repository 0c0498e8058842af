//! Programs that call with a service key, in the place of an agent with a token.
//!
//! The key's item is read for every request, so a key that was revoked opens nothing from then on.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use domain::ids::{AgentId, OrganizationId};
use domain::service_key::{Presented, Scope};
use http::header::AUTHORIZATION;
use http::request::Parts;
use storage::Storage;

use crate::Problem;
use crate::dialects::v3::Refused;

/// A program that has proven its key.
#[derive(Debug, Clone)]
pub struct Service {
    /// The key's organization: the first part of every key that the request touches.
    pub org: OrganizationId,
    /// The key.
    pub id: AgentId,
    scopes: Vec<Scope>,
}

impl Service {
    /// Whether the key is for this.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

impl FromRequestParts<Storage> for Service {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, storage: &Storage) -> Result<Self, Self::Rejection> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        proven(storage, header).await.map_err(|problem| Refused::from(problem).into_response())
    }
}

/// Who proves itself by this `Authorization`. Errors: `Unauthenticated` for everything that is not a key that is worth something.
async fn proven(storage: &Storage, header: Option<&str>) -> Result<Service, Problem> {
    let (scheme, key) = header.and_then(|header| header.split_once(' ')).ok_or(Problem::Unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::Unauthenticated);
    }
    let presented = Presented::parse(key.trim()).ok_or(Problem::Unauthenticated)?;
    let kept = storage.service_key(&presented.org, &presented.id).await?;
    let key = kept.filter(|key| key.admits(&presented)).ok_or(Problem::Unauthenticated)?;
    Ok(Service { org: key.org, id: key.id, scopes: key.scopes })
}
