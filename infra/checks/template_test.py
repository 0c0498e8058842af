"""What infra/template.yaml must hold beyond being valid: permissions, routes, queues, logs, alarms and their runbooks.

Run by .ci/run, or by hand: python infra/checks/template_test.py
"""

import json
import re
import unittest

from expansion import ROOT, TEMPLATE, as_list, expand, functions, name, read

# Everything each function may do, and to what. A permission more or less is a decision: change it here too, and say why.
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
CONSUME = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
CHANGE = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
PERMISSIONS = {
    "webhook": {
        "WebhookLogs": LOGS,
        "InboundQueue": {"sqs:SendMessage"},
        "${ParcelBucket.Arn}/units/*": {"s3:PutObject"},
        "${ParcelBucket.Arn}/files/*": {"s3:PutObject"},
        "WhatsappAppsSecret": {"secretsmanager:GetSecretValue"},
        "Table": {"dynamodb:GetItem"},
    },
    "ingest": {
        "IngestLogs": LOGS,
        "InboundQueue": CONSUME,
        "${ParcelBucket.Arn}/units/*": {"s3:GetObject"},
        "Table": CHANGE | {"dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"},
    },
    "tickets": {
        "TicketsLogs": LOGS,
        "Table": CHANGE | {"dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:ConditionCheckItem"},
        "Table/index/by_number": {"dynamodb:Query"},
        "Table/index/board": {"dynamodb:Query"},
        "${MediaBucket.Arn}/*": {"s3:GetObject"},
        "${MediaBucket.Arn}/*/uploads/*": {"s3:PutObject"},
        "${UploadBucket.Arn}/*": {"s3:GetObject", "s3:PutObject"},
    },
    "assistant": {
        "AssistantLogs": LOGS,
        "Table": CHANGE | {"dynamodb:BatchGetItem", "dynamodb:Query"},
        "Table/index/by_number": {"dynamodb:Query"},
    },
    "claim": {"ClaimLogs": LOGS, "Table": CHANGE | {"dynamodb:BatchGetItem"}, "Table/index/by_number": {"dynamodb:Query"}},
    "relay": {
        "RelayLogs": LOGS,
        "Table.StreamArn": {
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        },
        "PushQueue": {"sqs:SendMessage"},
        "AutomationQueue": {"sqs:SendMessage"},
        "OutboundQueue": {"sqs:SendMessage"},
        "MediaQueue": {"sqs:SendMessage"},
        "RelayDeadLetterQueue": {"sqs:SendMessage"},
    },
    "send": {
        "SendLogs": LOGS,
        "OutboundQueue": CONSUME | {"sqs:ChangeMessageVisibility"},
        "Table": CHANGE | {"dynamodb:Query"},
        "${MediaBucket.Arn}/*/uploads/*": {"s3:GetObject"},
        "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${AWS::StackName}/connection/*": {
            "secretsmanager:GetSecretValue"
        },
    },
    "media": {
        "MediaLogs": LOGS,
        "MediaQueue": CONSUME | {"sqs:ChangeMessageVisibility"},
        "Table": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${AWS::StackName}/connection/*": {
            "secretsmanager:GetSecretValue"
        },
        "${ParcelBucket.Arn}/files/*": {"s3:GetObject"},
        "${MediaBucket.Arn}/*": {"s3:PutObject"},
    },
    "sla-scan": {
        "SlaScanLogs": LOGS,
        "Table": CHANGE,
        "Table/index/due": {"dynamodb:Query"},
    },
}

# The partitions in which each function may do what to the table and its indexes (docs/data-model.md).
PARTITIONS = {
    "webhook": {"GetItem": {"PROVIDER#*"}},
    "ingest": {
        **dict.fromkeys(("GetItem", "BatchGetItem"), {"ORG#*", "PROVIDER#*"}),
        **dict.fromkeys(("PutItem", "PartiQLInsert"), {"ORG#*", "INSPECT#*"}),
        **dict.fromkeys(("Query", "UpdateItem", "PartiQLUpdate"), {"ORG#*"}),
    },
    "tickets": dict.fromkeys(("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"), {"ORG#*"}),
    "assistant": dict.fromkeys(("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"), {"ORG#*"}),
    "claim": dict.fromkeys(("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"), {"ORG#*"}),
    "relay": {},
    "send": dict.fromkeys(("GetItem", "Query", "PutItem", "UpdateItem"), {"ORG#*"}),
    "media": {"GetItem": {"ORG#*"}, "UpdateItem": {"ORG#*#CNV#*"}},
    "sla-scan": {"Query": {"DUE#*"}, **dict.fromkeys(("GetItem", "PutItem", "UpdateItem"), {"ORG#*"})},
}
# Actions that ask for no key: AWS would take a condition on keys as met. Source:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
WITHOUT_KEY = {"dynamodb:Scan", "dynamodb:PartiQLSelect"}

# Denied to everybody, whatever else is allowed.
PLAIN_HTTP = {"Bool": {"aws:SecureTransport": "false"}}

OPEN_ROUTES = {
    "GET /webhook/whatsapp",
    "POST /webhook/whatsapp",
    "GET /webhook/whatsapp/{app}",
    "POST /webhook/whatsapp/{app}",
    "POST /webhook/baileys",
    "POST /webhook/evolution",
    "POST /webhook/evolution/{event}",
    "POST /webhook/waha",
    "POST /webhook/waha/{account}",
    "POST /webhook/gowa",
    "POST /webhook/gowa/{account}",
    # The function proves a service key.
    "GET /v3/assistant/tools",
    "POST /v3/assistant/tool-calls",
    "POST /mcp/{conversation}",
    "GET /mcp/{conversation}",
    "DELETE /mcp/{conversation}",
    "GET /healthz",
}

FOURTEEN_DAYS = 14 * 24 * 60 * 60


class Template(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.source = read()
        cls.resources = expand()["Resources"]
        cls.runbooks = (ROOT / "docs" / "operations.md").read_text()

    def of_type(self, kind):
        """Properties of every resource of one type, by logical id."""
        found = {key: value["Properties"] for key, value in self.resources.items() if value["Type"] == kind}
        self.assertTrue(found, f"there is no {kind}")
        return found

    def functions(self):
        """Properties of every function, by the name of its binary."""
        return {
            self.resources[key]["Metadata"]["BuildProperties"]["Binary"]: properties
            for key, properties in self.of_type("AWS::Lambda::Function").items()
        }

    def role_of(self, function):
        return self.resources[name(function["Role"])]["Properties"]

    def dead_letter_queues(self):
        """Every queue that takes what another queue, a stream mapping or a schedule gave up on."""
        targets = [q["RedrivePolicy"]["deadLetterTargetArn"] for q in self.of_type("AWS::SQS::Queue").values() if "RedrivePolicy" in q]
        for mapping in self.of_type("AWS::Lambda::EventSourceMapping").values():
            if "DestinationConfig" in mapping:
                targets.append(mapping["DestinationConfig"]["OnFailure"]["Destination"])
        targets += [s["Target"]["DeadLetterConfig"]["Arn"] for s in self.of_type("AWS::Scheduler::Schedule").values()]
        return {name(target) for target in targets}

    def alarms_on(self, metric, dimension):
        """What the alarms on a metric watch: the names of their one dimension's values."""
        return {
            name(alarm["Dimensions"][0]["Value"])
            for alarm in self.of_type("AWS::CloudWatch::Alarm").values()
            if alarm.get("MetricName") == metric and alarm["Dimensions"][0]["Name"] == dimension
        }

    # ---------------------------------------------------------------------------------------------------------- functions
    def test_every_function_is_a_crate_and_every_crate_of_functions_is_deployed(self):
        crates = {path.parent.name for path in (ROOT / "functions").glob("*/Cargo.toml")}
        self.assertEqual(set(self.functions()), crates)

    def test_a_function_holds_exactly_the_permissions_it_uses(self):
        self.assertEqual(set(self.functions()), set(PERMISSIONS))
        for binary, function in self.functions().items():
            with self.subTest(binary):
                held = {}
                for policy in self.role_of(function)["Policies"]:
                    for statement in policy["PolicyDocument"]["Statement"]:
                        self.assertEqual(statement["Effect"], "Allow")
                        for resource in as_list(statement["Resource"]):
                            held.setdefault(name(resource), set()).update(as_list(statement["Action"]))
                self.assertEqual(held, PERMISSIONS[binary])

    def test_a_function_touches_its_own_partitions_alone(self):
        self.assertEqual(set(self.functions()), set(PARTITIONS))
        for binary, function in self.functions().items():
            with self.subTest(binary):
                held = {}
                for statement in self.role_of(function)["Policies"][0]["PolicyDocument"]["Statement"]:
                    actions = as_list(statement["Action"])
                    self.assertFalse(WITHOUT_KEY & set(actions))
                    if not all(name(to).split("/")[0] == "Table" for to in as_list(statement["Resource"])):
                        self.assertNotIn("Condition", statement)
                        continue
                    ((operator, condition),) = statement["Condition"].items()
                    self.assertEqual((operator, list(condition)), ("ForAllValues:StringLike", ["dynamodb:LeadingKeys"]))
                    for action in actions:
                        held.setdefault(action.removeprefix("dynamodb:"), set()).update(condition["dynamodb:LeadingKeys"])
                self.assertEqual(held, PARTITIONS[binary])

    def test_every_function_is_built_from_its_own_crate(self):
        self.assertNotIn("CodeUri", self.source["Globals"]["Function"])
        for key, function in functions(self.source).items():
            with self.subTest(key):
                binary = function["Metadata"]["BuildProperties"]["Binary"]
                self.assertEqual(function["Metadata"], {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": binary}})
                folder = (TEMPLATE.parent / function["Properties"]["CodeUri"]).resolve()
                self.assertEqual(folder, ROOT / "functions" / binary)
                manifest = (folder / "Cargo.toml").read_text()
                self.assertEqual(re.findall('^name = "(.+)"$', manifest, re.MULTILINE), [binary])
                # The name of the crate is that of its one binary, unless the manifest says otherwise.
                self.assertNotIn("[[bin]]", manifest)
                self.assertTrue((folder / "src" / "main.rs").is_file())

    def test_no_two_functions_share_a_role(self):
        roles = [name(function["Role"]) for function in self.functions().values()]
        self.assertEqual(len(roles), len(set(roles)))

    def test_no_role_has_a_wildcard_action_or_a_managed_policy_or_everything_as_its_resource(self):
        for role, properties in self.of_type("AWS::IAM::Role").items():
            with self.subTest(role):
                self.assertNotIn("ManagedPolicyArns", properties)
                for policy in properties["Policies"]:
                    for statement in policy["PolicyDocument"]["Statement"]:
                        self.assertFalse([action for action in as_list(statement["Action"]) if "*" in action])
                        self.assertNotIn("*", as_list(statement["Resource"]))
                        self.assertNotIn("NotAction", statement)
                        self.assertNotIn("NotResource", statement)

    def test_nothing_grants_permissions_outside_the_roles(self):
        kinds = {resource["Type"] for resource in self.resources.values()}
        self.assertFalse(kinds & {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::SQS::QueueInlinePolicy"})
        for policy in self.of_type("AWS::SQS::QueuePolicy").values():
            self.assertEqual([one["Effect"] for one in policy["PolicyDocument"]["Statement"]], ["Deny"])
        for key, permission in self.of_type("AWS::Lambda::Permission").items():
            self.assertEqual(permission["Principal"], "apigateway.amazonaws.com", key)

    # ------------------------------------------------------------------------------------------------------------- routes
    def test_only_webhooks_service_key_routes_and_the_health_check_are_open(self):
        (api,) = self.of_type("AWS::ApiGatewayV2::Api").values()
        by_authorizer = {}
        for path, methods in api["Body"]["paths"].items():
            for method, operation in methods.items():
                ((authorizer, _),) = operation["security"][0].items()
                by_authorizer.setdefault(authorizer, set()).add(f"{method.upper()} {path}")
        self.assertEqual(by_authorizer.pop("NONE"), OPEN_ROUTES)
        self.assertEqual(set(by_authorizer), {"Jwt"})

    def test_every_open_route_has_its_own_throttle(self):
        (stage,) = self.of_type("AWS::ApiGatewayV2::Stage").values()
        self.assertEqual(set(stage["RouteSettings"]), OPEN_ROUTES)
        for settings in [*stage["RouteSettings"].values(), stage["DefaultRouteSettings"]]:
            self.assertEqual(set(settings), {"ThrottlingRateLimit", "ThrottlingBurstLimit"})

    def test_access_logs_are_json_without_addresses_paths_or_claims(self):
        (stage,) = self.of_type("AWS::ApiGatewayV2::Stage").values()
        fields = json.loads(stage["AccessLogSettings"]["Format"])
        self.assertTrue(fields)
        for variable in fields.values():
            self.assertNotRegex(variable, r"identity|\.path|claims|authorizer|domainName|customDomain")

    # ------------------------------------------------------------------------------------------------------------- queues
    def test_every_queue_has_a_dead_letter_queue_of_its_kind(self):
        queues = self.of_type("AWS::SQS::Queue")
        dead = self.dead_letter_queues()
        for key, queue in queues.items():
            with self.subTest(key):
                if key in dead:
                    self.assertNotIn("RedrivePolicy", queue)
                    continue
                target = queues[name(queue["RedrivePolicy"]["deadLetterTargetArn"])]
                self.assertEqual(target.get("FifoQueue"), queue.get("FifoQueue"))

    def test_dead_letters_are_kept_for_the_longest_time_and_raise_an_alarm(self):
        dead = self.dead_letter_queues()
        for key in dead:
            self.assertEqual(self.of_type("AWS::SQS::Queue")[key]["MessageRetentionPeriod"], FOURTEEN_DAYS, key)
        self.assertEqual(self.alarms_on("ApproximateNumberOfMessagesVisible", "QueueName"), dead)

    def test_every_queue_is_encrypted(self):
        for key, queue in self.of_type("AWS::SQS::Queue").items():
            self.assertIs(queue["SqsManagedSseEnabled"], True, key)

    def test_a_queue_hides_a_message_for_six_timeouts_of_its_function(self):
        consumed = set()
        for mapping in self.of_type("AWS::Lambda::EventSourceMapping").values():
            source = name(mapping["EventSourceArn"])
            if source.endswith("Queue"):
                consumed.add(source)
                timeout = self.resources[name(mapping["FunctionName"])]["Properties"]["Timeout"]
                self.assertGreaterEqual(self.resources[source]["Properties"]["VisibilityTimeout"], 6 * timeout, source)
        self.assertEqual(consumed, {"InboundQueue", "OutboundQueue", "MediaQueue"})

    def test_every_mapping_reports_failed_records_one_by_one(self):
        for key, mapping in self.of_type("AWS::Lambda::EventSourceMapping").items():
            self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"], key)

    # -------------------------------------------------------------------------------------------------- table and secrets
    def test_the_table_outlives_the_stack_and_its_mistakes(self):
        table = self.resources["Table"]
        self.assertEqual((table["DeletionPolicy"], table["UpdateReplacePolicy"]), ("Retain", "Retain"))
        self.assertIs(table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], True)
        self.assertEqual(table["Properties"]["StreamSpecification"], {"StreamViewType": "NEW_AND_OLD_IMAGES"})
        self.assertEqual(table["Properties"]["TimeToLiveSpecification"], {"AttributeName": "expires_at", "Enabled": True})

    def test_nobody_outside_reads_the_files_and_they_outlive_the_stack(self):
        for key in self.of_type("AWS::S3::Bucket"):
            bucket = self.resources[key]
            self.assertEqual((bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]), ("Retain", "Retain"))
            self.assertEqual(set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()), {True})
            self.assertIn("BucketEncryption", bucket["Properties"])
        self.assertEqual(len(self.of_type("AWS::S3::BucketPolicy")), len(self.of_type("AWS::S3::Bucket")))

    def test_an_upload_that_nobody_uses_goes(self):
        (rule,) = self.of_type("AWS::S3::Bucket")["UploadBucket"]["LifecycleConfiguration"]["Rules"]
        self.assertEqual((rule["Status"], rule["ExpirationInDays"]), ("Enabled", 1))

    def test_a_parcel_outlives_every_message_that_names_it(self):
        rule, undo = self.of_type("AWS::S3::Bucket")["ParcelBucket"]["LifecycleConfiguration"]["Rules"]
        queues = self.of_type("AWS::SQS::Queue")
        named = [queues[key]["MessageRetentionPeriod"] for key in ("InboundQueue", "InboundDeadLetterQueue", "InboundQueue")]
        self.assertEqual(rule["Status"], "Enabled")
        self.assertGreater(rule["ExpirationInDays"] * 24 * 60 * 60, sum(named))
        # Also where somebody deleted it.
        self.assertEqual(undo["Status"], "Enabled")
        self.assertGreater(undo["NoncurrentVersionExpiration"]["NoncurrentDays"] * 24 * 60 * 60, sum(named))

    def test_queues_and_buckets_refuse_plain_http(self):
        refused = {}
        for kind, names in (("AWS::SQS::QueuePolicy", "Queues"), ("AWS::S3::BucketPolicy", "Bucket")):
            for policy in self.of_type(kind).values():
                for statement in policy["PolicyDocument"]["Statement"]:
                    if statement["Effect"] != "Deny":
                        continue
                    self.assertEqual((statement["Principal"], statement["Condition"]), ("*", PLAIN_HTTP))
                    for of in as_list(policy[names]):
                        refused[name(of)] = (statement["Action"], [name(to) for to in as_list(statement["Resource"])])
        expected = {key: ("sqs:*", ["*"]) for key in self.of_type("AWS::SQS::Queue")}
        for key in self.of_type("AWS::S3::Bucket"):
            expected[key] = ("s3:*", [key, f"${{{key}.Arn}}/*"])
        self.assertEqual(refused, expected)

    def test_no_policy_of_a_bucket_allows_anybody_but_s3_to_write_the_access_log(self):
        allowed = [
            (key, statement["Principal"], statement["Action"], name(statement["Resource"]), statement["Condition"])
            for key, policy in self.of_type("AWS::S3::BucketPolicy").items()
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Allow"
        ]
        of_this_account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        service = {"Service": "logging.s3.amazonaws.com"}
        parcels = "${AccessLogBucket.Arn}/parcels/*"
        self.assertEqual(allowed, [("AccessLogBucketPolicy", service, "s3:PutObject", parcels, of_this_account)])

    def test_what_exists_nowhere_else_is_versioned_and_who_touched_a_parcel_is_known(self):
        buckets = self.of_type("AWS::S3::Bucket")
        versioned = {key for key, bucket in buckets.items() if bucket.get("VersioningConfiguration") == {"Status": "Enabled"}}
        self.assertEqual(versioned, {"MediaBucket", "ParcelBucket"})
        for key in versioned:
            # Or what is deleted is never gone.
            rules = buckets[key]["LifecycleConfiguration"]["Rules"]
            self.assertTrue(any("NoncurrentVersionExpiration" in rule for rule in rules), key)
        # Links are signed for the others, and a line of their log would hold one.
        logged = {key: bucket["LoggingConfiguration"] for key, bucket in buckets.items() if "LoggingConfiguration" in bucket}
        to = {"DestinationBucketName": {"Ref": "AccessLogBucket"}, "LogFilePrefix": "parcels/"}
        self.assertEqual(logged, {"ParcelBucket": to})
        # S3 could not write before its policy stands.
        self.assertEqual(self.resources["ParcelBucket"]["DependsOn"], "AccessLogBucketPolicy")

    def test_refused_webhooks_raise_an_alarm(self):
        (key, refused), = self.of_type("AWS::Logs::MetricFilter").items()
        (stage,) = self.of_type("AWS::ApiGatewayV2::Stage").values()
        self.assertEqual(name(refused["LogGroupName"]), name(stage["AccessLogSettings"]["DestinationArn"]), key)
        fields = json.loads(stage["AccessLogSettings"]["Format"])
        self.assertEqual((fields["status"], fields["route"]), ("$context.status", "$context.routeKey"))
        self.assertEqual(refused["FilterPattern"], '{ ($.status = "401") && ($.route = "POST /webhook/*") }')
        # Every door that asks for a signature or a token is one of those.
        doors = {route for route in OPEN_ROUTES if route.startswith("POST ") and not re.search("/mcp/|/assistant/", route)}
        self.assertTrue(all(route.startswith("POST /webhook/") for route in doors))
        (metric,) = refused["MetricTransformations"]
        watching = [
            alarm
            for alarm in self.of_type("AWS::CloudWatch::Alarm").values()
            if (alarm.get("Namespace"), alarm.get("MetricName")) == (metric["MetricNamespace"], metric["MetricName"])
        ]
        self.assertEqual([alarm["Statistic"] for alarm in watching], ["Sum"])

    def test_the_stored_app_secrets_admit_nobody(self):
        (secret,) = self.of_type("AWS::SecretsManager::Secret").values()
        self.assertEqual(json.loads(secret["SecretString"]), {"apps": {}})

    def test_nobody_chooses_the_organization_of_a_user_but_who_creates_the_user(self):
        (pool,) = self.of_type("AWS::Cognito::UserPool").values()
        (client,) = self.of_type("AWS::Cognito::UserPoolClient").values()
        self.assertEqual({attribute["Name"]: attribute["Mutable"] for attribute in pool["Schema"]}, {"org": False, "agent": False})
        self.assertIs(pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"], True)
        self.assertLessEqual({"custom:org", "custom:agent"}, set(client["ReadAttributes"]))
        self.assertFalse({"custom:org", "custom:agent"} & set(client["WriteAttributes"]))

    # ---------------------------------------------------------------------------------------------------- logs and alarms
    def test_every_function_logs_json_to_its_own_group(self):
        groups = [function["LoggingConfig"]["LogGroup"] for function in self.functions().values()]
        self.assertEqual(len({name(group) for group in groups}), len(groups))
        for function in self.functions().values():
            self.assertEqual(function["LoggingConfig"]["LogFormat"], "JSON")

    def test_every_log_group_has_a_retention(self):
        for key, group in self.of_type("AWS::Logs::LogGroup").items():
            self.assertEqual(group["RetentionInDays"], {"Ref": "LogRetentionDays"}, key)

    def test_every_function_has_an_alarm_for_errors_and_one_for_throttles(self):
        functions = set(self.of_type("AWS::Lambda::Function"))
        self.assertEqual(self.alarms_on("Errors", "FunctionName"), functions)
        metrics = self.of_type("AWS::CloudWatch::Alarm")["ThrottlesAlarm"]["Metrics"]
        watched = {name(m["MetricStat"]["Metric"]["Dimensions"][0]["Value"]) for m in metrics if "MetricStat" in m}
        self.assertEqual(watched, functions)

    def test_every_alarm_is_published_and_has_a_runbook(self):
        for key, alarm in self.of_type("AWS::CloudWatch::Alarm").items():
            with self.subTest(key):
                self.assertEqual(alarm["AlarmActions"], [{"Ref": "AlarmTopic"}])
                suffix = name(alarm["AlarmName"]).removeprefix("${AWS::StackName}-")
                self.assertIn(f"`{suffix}`", self.runbooks)

    def test_the_dashboard_is_json_once_its_names_are_filled_in(self):
        (dashboard,) = self.of_type("AWS::CloudWatch::Dashboard").values()
        body = re.sub(r"\$\{[^}]+}", "x", dashboard["DashboardBody"]["Fn::Sub"])
        self.assertTrue(json.loads(body)["widgets"])

    # ------------------------------------------------------------------------------------------------------ documentation
    def test_every_parameter_and_output_is_documented(self):
        for key in [*self.source["Parameters"], *self.source["Outputs"]]:
            self.assertIn(f"`{key}`", self.runbooks, key)


if __name__ == "__main__":
    unittest.main()
