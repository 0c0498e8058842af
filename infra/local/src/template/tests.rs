//! The template reader on small templates, each about one thing, and on the real one.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::{Effect, Locals, Mapping, StartingPosition, Template, TemplateError};

fn locals(parameters: &[(&str, &str)]) -> Locals {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Locals { aws_url: "http://127.0.0.1:4566".to_owned(), sockets_url: "ws://127.0.0.1:4000".to_owned(), parameters }
}

/// A template of one API, one function and whatever the test adds: to the function's environment, and beside it.
fn template(environment: &str, sections: &str) -> String {
    format!(
        r"
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties: {{StageName: $default}}
  Role:
    Type: AWS::IAM::Role
    Properties: {{AssumeRolePolicyDocument: {{}}, Policies: []}}
  Worker:
    Type: AWS::Serverless::Function
    Metadata: {{BuildProperties: {{Binary: worker}}}}
    Properties:
      CodeUri: ..
      Handler: bootstrap
      Runtime: provided.al2023
      Role: !GetAtt Role.Arn
      Environment:
        Variables:
          VALUE: {environment}
  Jobs:
    Type: AWS::SQS::Queue
  Orders:
    Type: AWS::SQS::Queue
    Properties: {{FifoQueue: true}}
  Keys:
    Type: AWS::SecretsManager::Secret
    Properties: {{Name: !Sub '${{AWS::StackName}}/keys', SecretString: '{{}}'}}
  Items:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{{AttributeName: pk, AttributeType: S}}]
      KeySchema: [{{AttributeName: pk, KeyType: HASH}}]
  Alarm:
    Type: AWS::CloudWatch::Alarm
Parameters:
  Name: {{Type: String, Default: ana}}
  Count: {{Type: Number, Default: 3}}
  List: {{Type: CommaDelimitedList, Default: 'a, b'}}
  Mode: {{Type: String, Default: slow, AllowedValues: [slow, fast]}}
Mappings:
  Sizes: {{small: {{mb: 64}}}}
Conditions:
  IsFast: !Equals [!Ref Mode, fast]
  IsSlow: !Not [!Condition IsFast]
  IsThree: !And [!Equals [!Ref Count, 3], !Or [!Condition IsFast, !Condition IsSlow]]
{sections}"
    )
}

fn value_of(environment: &str) -> Result<Option<String>, TemplateError> {
    let template = Template::parse(&template(environment, ""), &locals(&[]))?;
    Ok(template.functions[0].environment.get("VALUE").cloned())
}

#[test]
fn intrinsic_functions_give_what_cloudformation_gives() {
    let queue_url = "http://127.0.0.1:4566/000000000000/turno-Orders.fifo";
    for (expression, expected) in [
        ("!Ref Name", "ana"),
        ("{Ref: Name}", "ana"),
        ("!Ref Count", "3"),
        ("!Ref AWS::StackName", "turno"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref Orders", queue_url),
        ("!GetAtt Jobs.Arn", "arn:aws:sqs:us-east-1:000000000000:turno-Jobs"),
        ("{Fn::GetAtt: [Jobs, QueueName]}", "turno-Jobs"),
        ("!Ref Items", "turno-Items"),
        ("!GetAtt Items.Arn", "arn:aws:dynamodb:us-east-1:000000000000:table/turno-Items"),
        ("!Ref Keys", "arn:aws:secretsmanager:us-east-1:000000000000:secret:turno/keys-local0"),
        ("!Ref Worker", "turno-Worker"),
        ("!Sub '${Name}-${AWS::AccountId}-${Jobs.QueueName}-${!Name}'", "ana-000000000000-turno-Jobs-${Name}"),
        ("!Sub ['${who}/${Name}', {who: !Ref Mode}]", "slow/ana"),
        ("!Join ['+', [x, !Ref Name, 3]]", "x+ana+3"),
        ("!Join ['+', !Ref List]", "a+b"),
        ("!Select [1, !Split [':', 'a:b:c']]", "b"),
        ("!FindInMap [Sizes, small, mb]", "64"),
        ("!If [IsFast, quick, !If [IsSlow, slow, never]]", "slow"),
        ("!If [IsThree, three, other]", "three"),
        ("true", "true"),
    ] {
        assert_eq!(value_of(expression).unwrap().as_deref(), Some(expected), "{expression}");
    }
}

#[test]
fn no_value_removes_what_holds_it() {
    assert_eq!(value_of("!If [IsFast, quick, !Ref AWS::NoValue]").unwrap(), None);
}

#[test]
fn the_host_overrides_parameters() {
    let text = template("!If [IsFast, !Ref Name, slow]", "");
    let template = Template::parse(&text, &locals(&[("Mode", "fast"), ("Name", "carla")])).unwrap();
    assert_eq!(template.functions[0].environment["VALUE"], "carla");
}

#[test]
fn what_the_host_does_not_know_is_refused_in_one_line_with_its_place() {
    let refused = |environment: &str, sections: &str, parameters: &[(&str, &str)]| {
        let error = Template::parse(&template(environment, sections), &locals(parameters)).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    };
    for (environment, sections, expected) in [
        (
            "!GetAZs ''",
            "",
            "template: resource Worker: Environment.Variables.VALUE.Fn::GetAZs: is an intrinsic function that the local host does not know",
        ),
        (
            "!Ref Nobody",
            "",
            "template: resource Worker: Environment.Variables.VALUE.Ref: Nobody is neither resource nor parameter",
        ),
        (
            "!Ref Alarm",
            "",
            "template: resource Worker: Environment.Variables.VALUE.Ref: Alarm has no local counterpart",
        ),
        ("[a]", "", "template: resource Worker: Environment.Variables.VALUE: [\"a\"] is not text"),
        ("x", "Hooks: {}", "template: Hooks: is a section that the local host does not know"),
        ("x", "Globals: {Api: {}}", "template: Globals.Api: the local host does not know it"),
    ] {
        assert_eq!(refused(environment, sections, &[]), expected);
    }
    assert_eq!(
        refused("x", "", &[("Nmae", "x")]),
        "template: parameter Nmae: is set by the host and not in the template"
    );
    assert_eq!(
        refused("x", "", &[("Mode", "warp")]),
        "template: parameter Mode: \"warp\" is not one of its allowed values"
    );

    let with = |old: &str, new: &str| {
        let text = template("x", "");
        assert!(text.contains(old), "{old}");
        let error = Template::parse(&text.replacen(old, new, 1), &locals(&[])).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    };
    for (old, new, expected) in [
        ("AWS::CloudWatch::Alarm", "AWS::Kinesis::Stream", "resource Alarm: the local host does not know the type"),
        ("{FifoQueue: true}", "{FifoQueue: true, KmsMasterKeyId: k}", "resource Orders: KmsMasterKeyId: unknown field"),
        (
            "{FifoQueue: true}",
            "{FifoQueue: true, VisibilityTimeout: soon}",
            "resource Orders: VisibilityTimeout: \"soon\"",
        ),
        (
            "{FifoQueue: true}",
            "{FifoQueue: true, RedrivePolicy: {deadLetterTargetArn: !GetAtt Jobs.Arn, maxReceiveCount: 3}}",
            "resource Orders: RedrivePolicy: a FIFO queue and its dead-letter queue are both FIFO",
        ),
        (
            "{StageName: $default}",
            "{StageName: dev}",
            "resource Api: StageName: the local host serves the stage $default",
        ),
        (
            "!GetAtt Role.Arn",
            "'arn:aws:iam::1:role/other'",
            "resource Worker: Role: arn:aws:iam::1:role/other is no role",
        ),
        (
            "      Environment:",
            "      Events: {E: {Type: S3, Properties: {}}}\n      Environment:",
            "resource Worker: Events.E: the local host does not know events of type S3",
        ),
        (
            "      Environment:",
            "      Events: {E: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn, FilterCriteria: {}}}}\n      Environment:",
            "resource Worker: Events.E.FilterCriteria: unknown field",
        ),
        ("provided.al2023", "nodejs24.x", "resource Worker: Runtime: the local host runs binaries for provided.al2023"),
        ("Parameters:", "Parameters: [", "not YAML: "),
    ] {
        let error = with(old, new);
        assert!(error.starts_with(&format!("template: {expected}")), "{error}");
    }
}

#[test]
fn what_aws_refuses_of_an_event_is_refused_here() {
    let sqs = |queue: &str, more: &str| format!("Type: SQS, Properties: {{Queue: !GetAtt {queue}.Arn, {more}}}");
    let http = |path: &str| format!("Type: HttpApi, Properties: {{ApiId: !Ref Api, Method: GET, Path: '{path}'}}");
    for (event, expected) in [
        (
            sqs("Orders", "MaximumBatchingWindowInSeconds: 1"),
            "MaximumBatchingWindowInSeconds: 1 is not between 0 and 0",
        ),
        (sqs("Orders", "BatchSize: 11"), "BatchSize: 11 is not between 1 and 10"),
        (sqs("Jobs", "BatchSize: 0"), "BatchSize: 0 is not between 1 and 10000"),
        (
            sqs("Jobs", "BatchSize: 100"),
            "MaximumBatchingWindowInSeconds: a batch of more than 10 messages needs a window",
        ),
        (sqs("Jobs", "MaximumBatchingWindowInSeconds: 301"), "MaximumBatchingWindowInSeconds: 301 is not between"),
        (
            sqs("Jobs", "ScalingConfig: {MaximumConcurrency: 1}"),
            "ScalingConfig.MaximumConcurrency: 1 is not between 2 and 1000",
        ),
        (http("/{a+}/b"), "Path: {a+} stands before the end"),
        (http("/a{b}"), "Path: a{b} is neither a word nor one variable"),
        (http("a"), "Path: begins with a slash"),
        (http("/a").replace("GET", "FETCH"), "Method: FETCH is none of ANY, DELETE, GET"),
    ] {
        let text = template("x", "").replacen(
            "      Environment:",
            &format!("      Events: {{E: {{{event}}}}}\n      Environment:"),
            1,
        );
        let error = Template::parse(&text, &locals(&[])).unwrap_err().to_string();
        assert!(error.starts_with(&format!("template: resource Worker: Events.E.{expected}")), "{error}");
    }
    let text = template("x", "").replacen(
        "      Environment:",
        "      EventInvokeConfig: {DestinationConfig: {}}\n      Environment:",
        1,
    );
    let error = Template::parse(&text, &locals(&[])).unwrap_err().to_string();
    assert!(error.contains("EventInvokeConfig.DestinationConfig: unknown field"), "{error}");
}

#[test]
fn what_aws_refuses_of_a_function_an_api_or_a_queue_is_refused_here() {
    let function = |property: &str| {
        template("x", "").replacen("      Environment:", &format!("      {property}\n      Environment:"), 1)
    };
    let variable = |name: &str| template("x", "").replacen("VALUE:", &format!("{name}:"), 1);
    let cors = "CorsConfiguration: {AllowOrigins: ['*'], AllowCredentials: true}";
    for (text, expected) in [
        (function("Timeout: 0"), "Worker: Timeout: 0 is not between 1 and 900"),
        (function("Timeout: 901"), "Worker: Timeout: 901 is not between 1 and 900"),
        (function("MemorySize: 64"), "Worker: MemorySize: 64 is not between 128 and 10240"),
        (
            function("EventInvokeConfig: {MaximumRetryAttempts: 3}"),
            "Worker: EventInvokeConfig.MaximumRetryAttempts: 3 is not between 0 and 2",
        ),
        (
            function("EventInvokeConfig: {MaximumEventAgeInSeconds: 59}"),
            "Worker: EventInvokeConfig.MaximumEventAgeInSeconds: 59 is not between 60 and 21600",
        ),
        (variable("AWS_REGION"), "Worker: Environment.Variables.AWS_REGION: Lambda sets this variable itself"),
        (variable("A-B"), "Worker: Environment.Variables.A-B: a name is a letter and"),
        (
            template("x", "").replacen("StageName: $default", &format!("StageName: $default, {cors}"), 1),
            "Api: CorsConfiguration.AllowCredentials: API Gateway does not allow credentials where AllowOrigins has *",
        ),
        (
            template("x", "").replacen("FifoQueue: true", "ContentBasedDeduplication: true", 1),
            "Orders: ContentBasedDeduplication: is an attribute of FIFO queues alone",
        ),
    ] {
        let error = Template::parse(&text, &locals(&[])).unwrap_err().to_string();
        assert!(error.starts_with(&format!("template: resource {expected}")), "{error}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = Template::read(Path::new("no/such/template.yaml"), &locals(&[])).unwrap_err().to_string();
    assert!(error.starts_with("template: no/such/template.yaml: No such file"), "{error}");
}

fn real() -> Template {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let parameters = [("JwtIssuer", "http://127.0.0.1:4000"), ("JwtAudience", "turno-local")];
    Template::read(&path, &locals(&parameters)).unwrap()
}

/// What the host would serve, in lines that a reader can compare with the template.
fn summary(template: &Template) -> String {
    let mut text = String::new();
    for function in &template.functions {
        let (timeout, memory) = (function.timeout.as_secs(), function.memory_mb);
        writeln!(text, "function {} = {} ({timeout} s, {memory} MB)", function.name, function.binary).unwrap();
        for (name, value) in &function.environment {
            writeln!(text, "  env {name}={value}").unwrap();
        }
        for statement in &function.statements {
            let (actions, resources) = (statement.actions.join(" "), statement.resources.join(" "));
            let conditions =
                if statement.conditions.is_null() { String::new() } else { statement.conditions.to_string() };
            writeln!(text, "  {:?} {actions} on {resources} {conditions}", statement.effect).unwrap();
        }
        for route in &function.routes {
            let guard = if route.authorizer { "jwt" } else { "open" };
            writeln!(text, "  {} {} ({guard})", route.method, route.path).unwrap();
        }
        for mapping in &function.mappings {
            writeln!(text, "  {mapping:?}").unwrap();
        }
        for schedule in &function.schedules {
            writeln!(text, "  {schedule:?}").unwrap();
        }
    }
    for queue in &template.queues {
        writeln!(text, "{queue:?}").unwrap();
    }
    for table in &template.tables {
        writeln!(text, "{table:#?}").unwrap();
    }
    for secret in &template.secrets {
        writeln!(text, "{secret:?}").unwrap();
    }
    for bucket in &template.buckets {
        writeln!(text, "{bucket:?}").unwrap();
    }
    writeln!(text, "{:#?}", template.api).unwrap();
    text
}

#[test]
fn the_real_template_is_served_as_it_reads() {
    insta::assert_snapshot!(summary(&real()));
}

#[test]
fn the_real_template_has_the_parts_that_the_design_names() {
    let template = real();
    let by_binary: BTreeMap<_, _> =
        template.functions.iter().map(|function| (function.binary.as_str(), function)).collect();
    assert_eq!(
        by_binary.keys().copied().collect::<Vec<_>>(),
        ["assistant", "claim", "ingest", "media", "relay", "send", "sla-scan", "tickets", "webhook"]
    );
    let [Mapping::Queue(inbound)] = by_binary["ingest"].mappings.as_slice() else { panic!("ingest has one mapping") };
    assert_eq!((inbound.queue.as_str(), inbound.batch_size), ("turno-inbound.fifo", 10));
    assert!(inbound.report_failures);
    let [Mapping::Stream(stream)] = by_binary["relay"].mappings.as_slice() else { panic!("relay has one mapping") };
    assert_eq!(stream.starting_position, StartingPosition::TrimHorizon);
    assert_eq!(stream.on_failure_queue.as_deref(), Some("turno-relay-dead"));
    assert_eq!(by_binary["sla-scan"].schedules[0].expression, "rate(1 minute)");
    assert!(by_binary["claim"].routes.iter().all(|route| route.authorizer));
    assert!(by_binary["assistant"].routes.iter().all(|route| !route.authorizer));
    assert!(by_binary["webhook"].routes.iter().all(|route| !route.authorizer));
    assert!(by_binary.values().all(|function| function.statements.iter().all(|one| one.effect == Effect::Allow)));
    let queue = template.queues.iter().find(|queue| queue.logical_id == "InboundQueue").unwrap();
    let ingest = by_binary["ingest"];
    assert!(queue.fifo && queue.visibility >= ingest.timeout * 6, "AWS asks for six times the function's timeout");
    assert_eq!(queue.retention, Duration::from_hours(14 * 24));
}
