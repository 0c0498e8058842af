"""The template as SAM submits it, for every environment and both ways of every condition; and that each rule refuses what breaks it.

Run by .ci/run, or by hand: python infra/checks/deployment_test.py
"""

import copy
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from deployment import faults
from expansion import ROOT, expand, functions, read
from parameters import decided

OWN_ISSUER = {"JwtIssuer": "https://issuer.example.com", "JwtAudience": "console"}
PARAMETERS = [
    {},
    {"Stage": "prod", "AlarmEmail": "ops@example.com", "LogRetentionDays": "90"},
    OWN_ISSUER | {"MediaRetentionDays": "30", "WebhookReservedConcurrency": "50"},
    OWN_ISSUER | {"Stage": "prod", "DeletionProtection": "off"},
    {"DeletionProtection": "on", "AlarmEmail": "ops@example.com", "MediaRetentionDays": "1"},
]


class Deployment(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.template = expand()

    def test_nothing_is_known_against_the_expanded_template(self):
        self.assertEqual(faults(self.template), [])

    def test_nothing_is_known_against_it_for_any_parameters(self):
        both = {}
        for parameters in PARAMETERS:
            with self.subTest(parameters):
                made, holds = decided(self.template, parameters)
                self.assertEqual(faults(made), [])
                for condition, is_true in holds.items():
                    both.setdefault(condition, set()).add(is_true)
        self.assertEqual(both, {condition: {True, False} for condition in self.template["Conditions"]})

    def test_cfn_lint_accepts_the_expanded_template(self):
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "template.json"
            path.write_text(json.dumps(self.template))
            # cfn-lint finds the deployment of an API in SAM's own form superfluous.
            lint = [Path(sys.executable).parent / "cfn-lint", "--ignore-checks", "W3005", "--regions", "us-east-1", "--", path]
            told = subprocess.run(lint, capture_output=True, text=True)
        self.assertEqual((told.returncode, told.stdout), (0, ""))

    def test_every_environment_sets_parameters_that_there_are_to_values_that_they_may_have(self):
        declared = self.template["Parameters"]
        lines = re.findall(r'^parameter_overrides = "(.*)"$', (ROOT / "samconfig.toml").read_text(), re.MULTILINE)
        self.assertEqual(len(lines), 3)
        for line in lines:
            for name, value in (override.split("=", 1) for override in line.split()):
                self.assertIn(name, declared)
                allowed = declared[name].get("AllowedValues", [value])
                self.assertIn(value, list(map(str, allowed)), name)

    def test_no_environment_s_stack_has_a_name_that_is_too_long(self):
        names = re.findall(r'^stack_name = "(.*)"$', (ROOT / "samconfig.toml").read_text(), re.MULTILINE)
        self.assertEqual(names, ["turno-dev", "turno-stage", "turno-prod"])
        self.assertTrue(all(len(name) <= 32 for name in names))

    def test_a_deployment_asks_for_the_capability_that_its_roles_need_and_no_other(self):
        # A role without a name of its own needs CAPABILITY_IAM, one with a name CAPABILITY_NAMED_IAM.
        asked = set(re.findall(r'^capabilities = "(.*)"$', (ROOT / "samconfig.toml").read_text(), re.MULTILINE))
        roles = [one for one in self.template["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
        self.assertEqual(asked, {"CAPABILITY_IAM"})
        self.assertFalse([role for role in roles if "RoleName" in role["Properties"]])


class Rules(unittest.TestCase):
    """Each rule can fail."""

    @classmethod
    def setUpClass(cls):
        cls.template = expand()

    def refuses(self, expected, change, parameters=None):
        template = copy.deepcopy(self.template)
        change(template["Resources"], template)
        if parameters is not None:
            template, _ = decided(template, parameters)
        found = faults(template)
        self.assertTrue(any(re.search(expected, fault) for fault in found), f"{expected}: {found}")

    def test_a_name_that_nothing_has(self):
        def change(resources, _):
            resources["WebhookFunction"]["Properties"]["Environment"]["Variables"]["X"] = {"Ref": "Tabel"}

        self.refuses("WebhookFunction: Tabel is neither resource nor parameter", change)

    def test_a_name_within_a_text(self):
        def change(resources, _):
            resources["WebhookLogs"]["Properties"]["LogGroupName"] = {"Fn::Sub": "/aws/${Stak}"}

        self.refuses("WebhookLogs: Stak is neither", change)

    def test_an_attribute_that_the_type_has_not(self):
        def change(resources, _):
            resources["IngestRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][1]["Resource"] = {
                "Fn::GetAtt": ["InboundQueue", "QueueArn"]
            }

        self.refuses(r"IngestRole: AWS::SQS::Queue \(InboundQueue\) has no attribute QueueArn", change)

    def test_an_attribute_in_an_output(self):
        def change(_, template):
            template["Outputs"]["TableName"]["Value"] = {"Fn::GetAtt": ["Table", "Name"]}

        self.refuses("TableName: AWS::DynamoDB::Table", change)

    def test_waiting_for_nobody(self):
        self.refuses("Table: it depends on Tabel", lambda resources, _: resources["Table"].update(DependsOn="Tabel"))

    def test_a_condition_that_is_not_there(self):
        self.refuses("Table: there is no condition IsProd", lambda resources, _: resources["Table"].update(Condition="IsProd"))

    def test_a_resource_that_some_parameters_leave_out(self):
        def change(resources, _):
            resources["WebhookFunction"]["Properties"]["Environment"]["Variables"]["X"] = {"Ref": "UserPool"}

        self.refuses("WebhookFunction: UserPool is neither", change, OWN_ISSUER)

    def test_a_circle(self):
        def change(resources, _):
            resources["AccessLogBucketPolicy"]["Properties"]["X"] = {"Fn::GetAtt": ["ParcelBucket", "Arn"]}

        self.refuses("^these wait for each other: AccessLogBucketPolicy, ParcelBucket$", change)

    def test_too_many_resources_and_too_many_bytes(self):
        def change(resources, _):
            group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "x"}}
            resources.update({f"L{n}": copy.deepcopy(group) for n in range(500)})

        self.refuses("resources, more than 500", change)
        self.refuses("bytes, more than", lambda _, template: template.update(Description="x" * 1_000_000))
        self.refuses("outputs, more than 200", lambda _, t: t["Outputs"].update({f"O{n}": {"Value": "x"} for n in range(200)}))
        self.refuses("parameters, more than 200", lambda _, t: t["Parameters"].update({f"P{n}": {} for n in range(200)}))

    def test_names_that_are_too_long_or_taken_or_of_another_kind(self):
        def long(resources, _):
            resources["ClaimFunction"]["Properties"]["FunctionName"] = {"Fn::Sub": "${AWS::StackName}-" + "c" * 40}

        def taken(resources, _):
            resources["MediaQueue"]["Properties"]["QueueName"] = resources["PushQueue"]["Properties"]["QueueName"]

        def plain(resources, _):
            resources["InboundQueue"]["Properties"]["QueueName"] = {"Fn::Sub": "${AWS::StackName}-inbound"}

        self.refuses("ClaimFunction: FunctionName .* longer than 64", long)
        self.refuses("PushQueue: it has the name of MediaQueue|MediaQueue: it has the name of PushQueue", taken)
        self.refuses("InboundQueue: the name of a FIFO queue", plain)

    def test_functions_that_lambda_would_refuse(self):
        def of_claim(**properties):
            return lambda resources, _: resources["ClaimFunction"]["Properties"].update(properties)

        self.refuses("ClaimFunction: its variables take", of_claim(Environment={"Variables": {"X": "x" * 4096}}))
        self.refuses("ClaimFunction: no function may run", of_claim(Timeout=901))
        self.refuses("ClaimFunction: a binary", of_claim(Handler="claim"))
        self.refuses("ClaimFunction: a binary", of_claim(Runtime="provided.al2"))
        self.refuses("ClaimFunction: its log group", of_claim(LoggingConfig={"LogFormat": "JSON"}))
        self.refuses("ClaimFunction: its description", of_claim(Description="x" * 257))

    def test_mappings_that_lambda_would_refuse_or_that_hand_a_batch_out_twice(self):
        def of(mapping, **properties):
            return lambda resources, _: resources[mapping]["Properties"].update(properties)

        self.refuses("hides a message for less", lambda resources, _: resources["InboundQueue"]["Properties"].update(VisibilityTimeout=29))
        self.refuses("batches of a FIFO queue", of("IngestFunctionInbound", BatchSize=11))
        self.refuses("need a window", of("MediaFunctionFiles", BatchSize=11))
        self.refuses("at least two functions", of("MediaFunctionFiles", ScalingConfig={"MaximumConcurrency": 1}))
        self.refuses("for a shard", of("RelayFunctionChanges", ParallelizationFactor=11))

    def test_roles_that_reach_out_of_the_stack_or_are_too_large(self):
        def reach(resource):
            def change(resources, _):
                statements = resources["ClaimRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
                statements[0]["Resource"] = resource

            return change

        self.refuses("ClaimRole: .* is no resource of the stack", reach("*"))
        self.refuses("ClaimRole: .* is no resource of the stack", reach("arn:aws:s3:::somebody/*"))
        self.refuses("ClaimRole: .* is no resource of the stack", reach({"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:*"}))
        self.refuses("ClaimRole: Tabel", reach({"Fn::GetAtt": ["Tabel", "Arn"]}))
        self.refuses("ClaimRole: its policies take", reach([{"Fn::Sub": "${Table.Arn}/" + "x" * 10_300}]))

    def test_what_sam_adds_is_looked_at_too(self):
        source = read()
        # SAM makes a role of its own for a function without one.
        del functions(source)["ClaimFunction"]["Properties"]["Role"]
        self.assertIn("ClaimFunctionRole", expand(source)["Resources"])


if __name__ == "__main__":
    unittest.main()
