//! Who is calling: organization and agent, taken from the verified token alone (invariant I7).

use axum::extract::FromRequestParts;
use domain::agent::Agent;
use domain::ids::{AgentId, OrganizationId};
use http::request::Parts;
use lambda_http::request::RequestContext;
use storage::Storage;

use crate::Problem;

/// The claims of a token that the authorizer verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The organization: the first part of every key that the request touches.
    pub org: OrganizationId,
    /// The agent.
    pub agent: AgentId,
}

/// The claim that names the organization.
const ORG_CLAIM: &str = "custom:org";
/// The claim that names the agent.
const AGENT_CLAIM: &str = "custom:agent";

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = axum::response::Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Self::from_context(parts.extensions.get::<RequestContext>())
            .ok_or_else(|| crate::dialects::render(parts.uri.path(), Problem::Unauthenticated))
    }
}

impl Caller {
    fn from_context(context: Option<&RequestContext>) -> Option<Self> {
        let RequestContext::ApiGatewayV2(context) = context? else { return None };
        let claims = &context.authorizer.as_ref()?.jwt.as_ref()?.claims;
        let org = OrganizationId::new(claims.get(ORG_CLAIM)?).ok()?;
        let agent = AgentId::new(claims.get(AGENT_CLAIM)?).ok()?;
        Some(Self { org, agent })
    }

    /// The agent's own item, which decides what it may do: a token outlives an agent's removal. Errors: `Forbidden` when the
    /// organization has no such active agent.
    pub async fn agent(&self, storage: &Storage) -> Result<Agent, Problem> {
        match storage.agent(&self.org, &self.agent).await? {
            Some(agent) if agent.is_active => Ok(agent),
            _ => Err(Problem::Forbidden {
                reason: format!("{} is not an active agent of organization {}", self.agent, self.org),
            }),
        }
    }
}
