//! The resources of `AWS::ApiGatewayV2`, put together: each names others, and what it names has to be there.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    IdentitySource, RequestAuthorizer, SocketApi, SocketRoute, deployed, function_of_uri,
    properties::{
        ApiProperties, AuthorizerProperties, IntegrationProperties, RouteProperties, RouteResponseProperties,
    },
    selection::{identity_source, members},
};
use crate::template::{
    Function, TemplateError,
    intrinsics::Problem,
    kinds::{Kind, SocketPart},
    loose::{Count, read as read_properties},
    resources::Declared,
};

/// The longest that API Gateway waits for a function, and what it waits when nothing is said.
pub(super) const LONGEST_INTEGRATION_MS: u64 = 29_000;

/// `of` gives the template's resources of a kind.
pub(super) fn read<'a, 'd: 'a, I: Iterator<Item = &'a Declared<'d>>>(
    api: &Declared<'_>,
    of: impl Fn(Kind) -> I,
    functions: &[Function],
) -> Result<SocketApi, TemplateError> {
    let id = api.logical_id;
    let selection = selection(api).map_err(|problem| problem.of(id))?;
    let integrations = by_id(of(Kind::Socket(SocketPart::Integration)), |here| integration(here, id, functions))?;
    let authorizers = by_id(of(Kind::Socket(SocketPart::Authorizer)), |here| authorizer(here, id, functions))?;
    let answered: BTreeSet<String> =
        by_id(of(Kind::Socket(SocketPart::RouteResponse)), |here| route_response(here, id))?.into_values().collect();

    let mut routes = BTreeMap::new();
    let mut guard = None;
    for here in of(Kind::Socket(SocketPart::Route)) {
        let known = Known { api: id, integrations: &integrations, answered: &answered };
        let (key, route, authorizer_id) = known.route(here).map_err(|problem| problem.of(here.logical_id))?;
        if let Some(authorizer_id) = authorizer_id {
            let authorizer = authorizers.get(&authorizer_id).cloned().ok_or_else(|| {
                let reason = format!("{authorizer_id} is no authorizer of the template");
                Problem::new(reason).under("AuthorizerId").of(here.logical_id)
            })?;
            guard = Some(authorizer);
        }
        if routes.insert(key.clone(), route).is_some() {
            let reason = format!("{key} is also the key of another route");
            return Err(Problem::new(reason).under("RouteKey").of(here.logical_id));
        }
    }
    let stage = deployed::read(api, &of, &routes)?;
    Ok(SocketApi {
        id: id.to_owned(),
        stage: stage.name,
        selection,
        routes,
        authorizer: guard,
        throttle: stage.throttle,
        route_throttles: stage.route_throttles,
    })
}

/// Every resource by its logical id, which is what a reference to it gives.
fn by_id<'a, 'd: 'a, T>(
    resources: impl Iterator<Item = &'a Declared<'d>>,
    read: impl Fn(&Declared<'_>) -> Result<T, Problem>,
) -> Result<BTreeMap<String, T>, TemplateError> {
    resources
        .map(|here| {
            let value = read(here).map_err(|problem| problem.of(here.logical_id))?;
            Ok((here.logical_id.to_owned(), value))
        })
        .collect()
}

/// Refuses a resource of another API.
pub(super) fn belongs(api_id: &str, api: &str) -> Result<(), Problem> {
    if api_id == api {
        return Ok(());
    }
    Err(Problem::new(format!("{api_id} is not the WebSocket API of the template")).under("ApiId"))
}

fn selection(here: &Declared<'_>) -> Result<Vec<String>, Problem> {
    let api: ApiProperties = read_properties(here.properties()?)?;
    if api.protocol_type != "WEBSOCKET" {
        let reason = "the local host reads WEBSOCKET here, and HTTP APIs as AWS::Serverless::HttpApi";
        return Err(Problem::new(reason).under("ProtocolType"));
    }
    let expression = api.route_selection_expression;
    members(&expression.ok_or_else(|| Problem::new("is missing").under("RouteSelectionExpression"))?)
}

fn integration(here: &Declared<'_>, api: &str, functions: &[Function]) -> Result<(String, Duration), Problem> {
    let integration: IntegrationProperties = read_properties(here.properties()?)?;
    belongs(&integration.api_id, api)?;
    if integration.integration_type != "AWS_PROXY" {
        let reason = format!("the local host invokes functions by AWS_PROXY, not by {}", integration.integration_type);
        return Err(Problem::new(reason).under("IntegrationType"));
    }
    if integration.content_handling_strategy.is_some_and(|strategy| strategy != "CONVERT_TO_TEXT") {
        return Err(Problem::new("the local host hands messages on as text").under("ContentHandlingStrategy"));
    }
    let function = function_of_uri(&integration.integration_uri, functions);
    let function = function.map_err(|problem| problem.under("IntegrationUri"))?;
    Ok((function.name.clone(), timeout(integration.timeout_in_millis, "TimeoutInMillis")?))
}

/// How long an integration may take.
pub(super) fn timeout(given: Option<Count>, property: &str) -> Result<Duration, Problem> {
    match given {
        None => Ok(Duration::from_millis(LONGEST_INTEGRATION_MS)),
        Some(Count(ms)) if (50..=LONGEST_INTEGRATION_MS).contains(&ms) => Ok(Duration::from_millis(ms)),
        Some(Count(ms)) => {
            Err(Problem::new(format!("{ms} is not between 50 and {LONGEST_INTEGRATION_MS}")).under(property))
        }
    }
}

fn authorizer(here: &Declared<'_>, api: &str, functions: &[Function]) -> Result<RequestAuthorizer, Problem> {
    let authorizer: AuthorizerProperties = read_properties(here.properties()?)?;
    belongs(&authorizer.api_id, api)?;
    if authorizer.authorizer_type != "REQUEST" {
        return Err(Problem::new("a WebSocket API has REQUEST authorizers").under("AuthorizerType"));
    }
    if authorizer.authorizer_result_ttl_in_seconds.is_some_and(|Count(secs)| secs > 0) {
        let reason = "API Gateway keeps no results of a WebSocket API's authorizer";
        return Err(Problem::new(reason).under("AuthorizerResultTtlInSeconds"));
    }
    let function = function_of_uri(&authorizer.authorizer_uri, functions);
    Ok(RequestAuthorizer {
        id: here.logical_id.to_owned(),
        function: function.map_err(|problem| problem.under("AuthorizerUri"))?.name.clone(),
        identity: identity(&authorizer.identity_source.0)?,
    })
}

/// Where clients say who they are.
pub(super) fn identity(sources: &[String]) -> Result<Vec<IdentitySource>, Problem> {
    sources.iter().map(|source| identity_source(source)).collect()
}

/// The id of the route that the response is for.
fn route_response(here: &Declared<'_>, api: &str) -> Result<String, Problem> {
    let response: RouteResponseProperties = read_properties(here.properties()?)?;
    belongs(&response.api_id, api)?;
    if response.route_response_key != "$default" {
        return Err(Problem::new("API Gateway knows $default alone").under("RouteResponseKey"));
    }
    Ok(response.route_id)
}

/// What a route may name.
struct Known<'a> {
    api: &'a str,
    integrations: &'a BTreeMap<String, (String, Duration)>,
    answered: &'a BTreeSet<String>,
}

impl Known<'_> {
    /// The route's key, the route, and the id of its authorizer.
    fn route(&self, here: &Declared<'_>) -> Result<(String, SocketRoute, Option<String>), Problem> {
        let route: RouteProperties = read_properties(here.properties()?)?;
        belongs(&route.api_id, self.api)?;
        let integration = route.target.strip_prefix("integrations/").and_then(|id| self.integrations.get(id));
        let (function, timeout) = integration.cloned().ok_or_else(|| {
            Problem::new(format!("{} is not integrations/ and an integration of the template", route.target))
                .under("Target")
        })?;
        let authorizer = match (route.authorization_type.as_deref().unwrap_or("NONE"), route.authorizer_id) {
            ("NONE", None) => None,
            ("CUSTOM", Some(id)) if route.route_key == "$connect" => Some(id),
            ("CUSTOM", Some(_)) => {
                return Err(Problem::new("API Gateway authorizes $connect alone").under("AuthorizationType"));
            }
            (other, _) => {
                let reason = format!("the local host knows CUSTOM with an AuthorizerId, and NONE, not {other}");
                return Err(Problem::new(reason).under("AuthorizationType"));
            }
        };
        let answers = match route.route_response_selection_expression.as_deref() {
            None => false,
            Some("$default") => true,
            Some(_) => {
                return Err(Problem::new("API Gateway knows $default alone").under("RouteResponseSelectionExpression"));
            }
        };
        // API Gateway answers only when both are there; a template with one of them means something that it does not say.
        if answers != self.answered.contains(here.logical_id) {
            let reason = "a route that answers has RouteResponseSelectionExpression and an AWS::ApiGatewayV2::RouteResponse, another has neither";
            return Err(Problem::new(reason));
        }
        if answers && matches!(route.route_key.as_str(), "$connect" | "$disconnect") {
            return Err(Problem::new("there is nobody to answer to").under("RouteResponseSelectionExpression"));
        }
        Ok((route.route_key, SocketRoute { function, timeout, answers }, authorizer))
    }
}
