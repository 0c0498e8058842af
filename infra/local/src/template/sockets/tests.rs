//! WebSocket APIs as templates spell them, and what is refused.

use std::{collections::BTreeMap, time::Duration};

use super::{IdentitySource, RequestAuthorizer, SocketApi, SocketRoute};
use crate::template::{Locals, Template, TemplateError, Throttle};

/// The template that the host's own tests serve.
const TEMPLATE: &str = include_str!("../../sockets/tests/template.yaml");

fn parse(text: &str) -> Result<Template, TemplateError> {
    let locals = Locals {
        aws_url: "http://127.0.0.1:4566".to_owned(),
        sockets_url: "ws://127.0.0.1:4000".to_owned(),
        parameters: BTreeMap::new(),
    };
    Template::parse(text, &locals)
}

/// The template with one text in the place of another.
#[track_caller]
fn with(old: &str, new: &str) -> String {
    assert!(TEMPLATE.contains(old), "{old}");
    TEMPLATE.replacen(old, new, 1)
}

fn route(answers: bool) -> SocketRoute {
    SocketRoute { function: "turno-talk".to_owned(), timeout: Duration::from_secs(29), answers }
}

fn guard(id: &str) -> RequestAuthorizer {
    RequestAuthorizer {
        id: id.to_owned(),
        function: "turno-guard".to_owned(),
        identity: vec![IdentitySource::Query("token".to_owned())],
    }
}

#[test]
fn the_resources_of_a_websocket_api_are_put_together() {
    let hasty = SocketRoute { timeout: Duration::from_millis(150), ..route(false) };
    let expected = SocketApi {
        id: "Sockets".to_owned(),
        stage: "live".to_owned(),
        selection: vec!["action".to_owned()],
        routes: [
            ("$connect", route(false)),
            ("$disconnect", route(false)),
            ("ask", route(true)),
            ("hasty", hasty),
            ("rare", route(false)),
            ("say", route(false)),
        ]
        .map(|(key, route)| (key.to_owned(), route))
        .into(),
        authorizer: Some(guard("Guard")),
        throttle: None,
        route_throttles: [("rare".to_owned(), Throttle { requests_per_second: 0.001, burst: 2.0 })].into(),
    };
    assert_eq!(parse(TEMPLATE).unwrap().sockets, Some(expected));
}

#[test]
fn the_address_of_the_api_is_the_hosts_own() {
    let template = parse(TEMPLATE).unwrap();
    let environment = &template.functions.iter().find(|function| function.name == "turno-talk").unwrap().environment;
    assert_eq!(environment["CONNECTIONS_URL"], "http://127.0.0.1:4566/live");
    assert_eq!(environment["CLIENTS_URL"], "ws://127.0.0.1:4000/live");

    let url = "!Sub https://${Sockets}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${StageName}";
    let domain = "${Sockets}.execute-api.${AWS::Region}.amazonaws.com";
    for (expression, expected) in [
        (format!("!Sub wss://{domain}/${{StageName}}"), "ws://127.0.0.1:4000/live"),
        (
            "!Join ['', ['https://', !Ref Sockets, .execute-api., !Ref AWS::Region, .amazonaws.com]]".to_owned(),
            "http://127.0.0.1:4566",
        ),
    ] {
        let template = parse(&with(url, &expression)).unwrap();
        let talk = template.functions.iter().find(|function| function.name == "turno-talk").unwrap();
        assert_eq!(talk.environment["CONNECTIONS_URL"], expected, "{expression}");
    }
    let error = parse(&with(url, &format!("!Sub '{domain}'"))).unwrap_err().to_string();
    assert!(error.contains("write Sockets.execute-api.us-east-1.amazonaws.com with https:// or wss://"), "{error}");
}

#[test]
fn a_template_without_a_websocket_api_has_none() {
    let end = TEMPLATE.find("  Sockets:").unwrap();
    assert_eq!(parse(&TEMPLATE[..end]).unwrap().sockets, None);
}

#[test]
fn selection_expressions_and_identity_sources_are_read_in_their_forms() {
    for (expression, members) in
        [("${request.body.action}", vec!["action"]), ("$request.body.detail.kind-2", vec!["detail", "kind-2"])]
    {
        let template = parse(&with("$request.body.action", expression)).unwrap();
        assert_eq!(template.sockets.unwrap().selection, members, "{expression}");
    }
    let sources = "[route.request.header.Authorization, route.request.querystring.token]";
    let template = parse(&with("[route.request.querystring.token]", sources)).unwrap();
    let identity = template.sockets.unwrap().authorizer.unwrap().identity;
    assert_eq!(
        identity,
        [IdentitySource::Header("Authorization".to_owned()), IdentitySource::Query("token".to_owned())]
    );
}

#[test]
fn a_stage_may_deploy_by_itself() {
    let text = with("DeploymentId: !Ref Deployment", "AutoDeploy: true");
    assert_eq!(parse(&text).unwrap().sockets.unwrap().stage, "live");
}

#[test]
fn what_a_websocket_api_cannot_be_is_refused_in_one_line_with_its_place() {
    let api = TEMPLATE.find("  Sockets:").unwrap();
    let lone = "  Lone: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: x, StageName: y}}\n";
    let lone = format!("{}{lone}", &TEMPLATE[..api]);
    let second = with("  ConnectRoute:", "  TheSecond: {Type: AWS::ApiGatewayV2::Api}\n  ConnectRoute:");
    for (text, expected) in [
        (
            with("ProtocolType: WEBSOCKET", "ProtocolType: HTTP"),
            "Sockets: ProtocolType: the local host reads WEBSOCKET",
        ),
        (
            with("$request.body.action", "$request.header.action"),
            "Sockets: RouteSelectionExpression: the local host selects routes by $request.body.NAME, not by $request.header.action",
        ),
        (
            with("$request.body.action", "${request.body.a}-${request.body.b}"),
            "Sockets: RouteSelectionExpression: the local host selects routes by",
        ),
        (with("Name: sockets", "ApiKeySelectionExpression: x"), "Sockets: ApiKeySelectionExpression: unknown field"),
        (lone, "Lone: the template has no WebSocket API for it"),
        (second, "TheSecond: the local host serves one WebSocket API"),
        (with("RouteKey: say", "RouteKey: ask"), "SayRoute: RouteKey: ask is also the key of another route"),
        (
            with("[integrations, !Ref Talk]", "[integrations, Nobody]"),
            "SayRoute: Target: integrations/Nobody is not integrations/",
        ),
        (
            with("RouteKey: say", "RouteKey: say, AuthorizationType: AWS_IAM"),
            "SayRoute: AuthorizationType: the local host knows CUSTOM",
        ),
        (
            with("RouteKey: say", "RouteKey: say, AuthorizationType: CUSTOM, AuthorizerId: !Ref Guard"),
            "SayRoute: AuthorizationType: API Gateway authorizes $connect alone",
        ),
        (with("AuthorizerId: !Ref Guard", "AuthorizerId: other"), "ConnectRoute: AuthorizerId: other is no authorizer"),
        (with("      RouteResponseSelectionExpression: $default\n", ""), "AskRoute: a route that answers has"),
        (
            with("IntegrationType: AWS_PROXY", "IntegrationType: MOCK"),
            "Talk: IntegrationType: the local host invokes functions by AWS_PROXY",
        ),
        (
            with("TimeoutInMillis: 150", "TimeoutInMillis: 30000"),
            "Hasty: TimeoutInMillis: 30000 is not between 50 and 29000",
        ),
        (with("TimeoutInMillis: 150", "ContentHandlingStrategy: CONVERT_TO_BINARY"), "Hasty: ContentHandlingStrategy:"),
        (
            with("${TalkFunction.Arn}", "arn:aws:lambda:us-east-1:000000000000:function:x"),
            "Talk: IntegrationUri: arn:aws:lambda:us-east-1:000000000000:function:x is no function",
        ),
        (with("AuthorizerType: REQUEST", "AuthorizerType: JWT"), "Guard: AuthorizerType: a WebSocket API has REQUEST"),
        (
            with("Name: guard", "Name: guard\n      AuthorizerResultTtlInSeconds: 300"),
            "Guard: AuthorizerResultTtlInSeconds: API Gateway keeps no results",
        ),
        (
            with("route.request.querystring.token", "context.identity.sourceIp"),
            "Guard: IdentitySource: the local host knows headers",
        ),
        (
            with("SayRoute, RareRoute", "RareRoute"),
            "Deployment: DependsOn: SayRoute may be made later than the deployment",
        ),
        (
            with("StageName: !Ref StageName", "StageName: $default"),
            "Stage: StageName: \"$default\" is not made of letters",
        ),
        (with("DeploymentId: !Ref Deployment", "Description: x"), "Stage: has either AutoDeploy or a DeploymentId"),
        (with("DeploymentId: !Ref Deployment", "DeploymentId: x"), "Stage: DeploymentId: x is no deployment"),
        (with("        rare: {Thr", "        seldom: {Thr"), "Stage: RouteSettings: there is no route seldom"),
        (with("DeploymentId: !Ref Deployment", "StageVariables: {a: b}"), "Stage: StageVariables: unknown field"),
        (
            with("${Sockets}/${Stage}/*", "${Sockets}/${Stage}/$connect"),
            "Sockets: no AWS::Lambda::Permission lets arn:aws:execute-api:us-east-1:000000000000:Sockets/live/$disconnect invoke turno-talk",
        ),
        (
            with("${Sockets}/authorizers/${Guard}", "${Sockets}/authorizers/x"),
            "Sockets: no AWS::Lambda::Permission lets arn:aws:execute-api:us-east-1:000000000000:Sockets/authorizers/Guard invoke turno-guard",
        ),
        (
            with("Principal: apigateway.amazonaws.com", "Principal: '*'"),
            "TalkPermission: Principal: the local host knows apigateway.amazonaws.com alone, not *",
        ),
    ] {
        let error = parse(&text).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.starts_with(&format!("template: resource {expected}")), "{error}\n{expected}");
    }
}

/// The API as SAM's own resource, in front of the functions of the template.
fn serverless(properties: &str) -> String {
    let from = TEMPLATE.find("  Sockets:").unwrap();
    let to = TEMPLATE.find("  TalkRole:").unwrap();
    let api = format!("  Sockets:\n    Type: AWS::Serverless::WebSocketApi\n    Properties:\n{properties}");
    let text = format!("{}{api}{}", &TEMPLATE[..from], &TEMPLATE[to..]);
    text.replace("${Sockets.ApiEndpoint}", "wss://${Sockets}.execute-api.us-east-1.amazonaws.com")
}

const SERVERLESS: &str = "      StageName: live
      RouteSelectionExpression: $request.body.action
      Auth: {AuthType: CUSTOM, AuthArn: !GetAtt GuardFunction.Arn, IdentitySource: [route.request.querystring.token]}
      Routes:
        $connect: {FunctionArn: !GetAtt TalkFunction.Arn}
        $disconnect: {FunctionArn: !GetAtt TalkFunction.Arn}
        hasty: {FunctionArn: !GetAtt TalkFunction.Arn, IntegrationTimeout: 150}
      DefaultRouteSettings: {ThrottlingRateLimit: 100, ThrottlingBurstLimit: 50}
";

#[test]
fn sams_websocket_api_is_read_as_what_it_becomes() {
    let template = parse(&serverless(SERVERLESS)).unwrap();
    let hasty = SocketRoute { timeout: Duration::from_millis(150), ..route(false) };
    let expected = SocketApi {
        id: "Sockets".to_owned(),
        stage: "live".to_owned(),
        selection: vec!["action".to_owned()],
        routes: [("$connect", route(false)), ("$disconnect", route(false)), ("hasty", hasty)]
            .map(|(key, route)| (key.to_owned(), route))
            .into(),
        authorizer: Some(guard("SocketsConnectAuthorizer")),
        throttle: Some(Throttle { requests_per_second: 100.0, burst: 50.0 }),
        route_throttles: BTreeMap::new(),
    };
    assert_eq!(template.sockets, Some(expected));
    let talk = template.functions.iter().find(|function| function.name == "turno-talk").unwrap();
    assert_eq!(talk.environment["CONNECTIONS_URL"], "http://127.0.0.1:4566/live");

    for (old, new, expected) in [
        ("AuthType: CUSTOM", "AuthType: AWS_IAM", "Sockets: Auth.AuthType: the local host knows CUSTOM"),
        ("        $connect: ", "        first: ", "Sockets: Auth: authorization needs the route $connect"),
        (
            "IntegrationTimeout: 150",
            "IntegrationTimeout: 1",
            "Sockets: Routes.hasty.IntegrationTimeout: 1 is not between",
        ),
        ("IntegrationTimeout: 150", "ApiKeyRequired: true", "Sockets: Routes.hasty.ApiKeyRequired: unknown field"),
        ("StageName: live", "Domain: {}", "Sockets: Domain: unknown field"),
    ] {
        let error = parse(&serverless(&SERVERLESS.replacen(old, new, 1))).unwrap_err().to_string();
        assert!(error.starts_with(&format!("template: resource {expected}")), "{error}");
    }
}
