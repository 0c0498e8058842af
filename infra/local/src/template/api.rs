//! `AWS::Serverless::HttpApi`: authorizer, CORS and throttling. Its routes are events of the functions.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{
    Cors, HttpApi, JwtAuthorizer, Throttle,
    intrinsics::Problem,
    loose::{Count, Decimal, Flag, Texts, read as read_properties},
    resources::Declared,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    #[serde(default, rename = "Name")]
    _name: IgnoredAny,
    /// Of the deployment, which does not happen here.
    #[serde(default, rename = "FailOnWarnings")]
    _fail_on_warnings: IgnoredAny,
    #[serde(default, rename = "AccessLogSettings")]
    _access_log_settings: IgnoredAny,
    stage_name: Option<String>,
    auth: Option<Auth>,
    cors_configuration: Option<CorsConfiguration>,
    default_route_settings: Option<RouteSettings>,
    #[serde(default)]
    route_settings: BTreeMap<String, RouteSettings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Auth {
    default_authorizer: Option<String>,
    #[serde(default)]
    authorizers: BTreeMap<String, AuthorizerProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AuthorizerProperties {
    identity_source: String,
    jwt_configuration: JwtConfiguration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JwtConfiguration {
    issuer: String,
    audience: Texts,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CorsConfiguration {
    #[serde(default)]
    allow_origins: Texts,
    #[serde(default)]
    allow_methods: Texts,
    #[serde(default)]
    allow_headers: Texts,
    #[serde(default)]
    expose_headers: Texts,
    #[serde(default)]
    allow_credentials: Flag,
    max_age: Option<Count>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteSettings {
    throttling_rate_limit: Decimal,
    throttling_burst_limit: Decimal,
}

impl RouteSettings {
    fn throttle(&self) -> Throttle {
        Throttle { requests_per_second: self.throttling_rate_limit.0, burst: self.throttling_burst_limit.0 }
    }
}

/// Reads the API. One JWT authorizer at most, in the usual header, and the stage that has no place in the path.
pub(super) fn read(here: &Declared<'_>) -> Result<HttpApi, Problem> {
    let properties: Properties = read_properties(here.properties()?)?;
    if properties.stage_name.is_some_and(|stage| stage != "$default") {
        return Err(Problem::new("the local host serves the stage $default alone").under("StageName"));
    }
    let (default_authorizer, mut authorizers) =
        properties.auth.map_or_else(Default::default, |auth| (auth.default_authorizer, auth.authorizers));
    let authorizer = authorizers.pop_first();
    if !authorizers.is_empty() {
        return Err(Problem::new("the local host has one authorizer").under("Auth.Authorizers"));
    }
    if let Some(name) = &default_authorizer
        && authorizer.as_ref().is_none_or(|(known, _)| known != name)
    {
        return Err(Problem::new(format!("there is no authorizer {name}")).under("Auth.DefaultAuthorizer"));
    }
    let authorizer = match authorizer {
        Some((name, given)) if given.identity_source == "$request.header.Authorization" => Some(JwtAuthorizer {
            name,
            by_default: default_authorizer.is_some(),
            issuer: given.jwt_configuration.issuer,
            audience: given.jwt_configuration.audience.0,
        }),
        Some((name, _)) => {
            let reason = "the local host reads tokens from $request.header.Authorization alone";
            return Err(Problem::new(reason).under(format!("Auth.Authorizers.{name}.IdentitySource")));
        }
        None => None,
    };
    let cors = properties.cors_configuration.map(|cors| Cors {
        allow_origins: cors.allow_origins.0,
        allow_methods: cors.allow_methods.0,
        allow_headers: cors.allow_headers.0,
        expose_headers: cors.expose_headers.0,
        allow_credentials: cors.allow_credentials.0,
        max_age_secs: cors.max_age.map(|Count(secs)| secs),
    });
    // What CreateApi says, as in https://github.com/aws/aws-cdk/issues/9076; no browser would take it either.
    if cors.as_ref().is_some_and(|cors| cors.allow_credentials && cors.allow_origins.iter().any(|origin| origin == "*"))
    {
        let reason = "API Gateway does not allow credentials where AllowOrigins has *";
        return Err(Problem::new(reason).under("CorsConfiguration.AllowCredentials"));
    }
    Ok(HttpApi {
        authorizer,
        cors,
        throttle: properties.default_route_settings.map(|settings| settings.throttle()),
        route_throttles: properties
            .route_settings
            .into_iter()
            .map(|(key, settings)| (key, settings.throttle()))
            .collect(),
    })
}
