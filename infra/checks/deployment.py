"""What CloudFormation would find wrong with an expanded template only while it makes the stack, or after.

`faults` takes the template as SAM submits it. Every rule has a template in deployment_test.py that it refuses.

Sources: the quotas of CloudFormation, Lambda, SQS and IAM as their manuals give them
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-quotas.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html). The attributes that a type has are cfn-lint's, which
carries AWS's own descriptions of them.
"""

import json
import re

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from expansion import as_list

PSEUDO = {f"AWS::{name}" for name in ("AccountId", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")}
# A stack's name may be as long as this; samconfig.toml's are shorter (deployment_test.py).
STACK = "x" * 32
# The property that names a resource, and how long AWS lets it be.
LIMITS = {
    "AWS::Lambda::Function": ("FunctionName", 64),
    "AWS::SQS::Queue": ("QueueName", 80),
    "AWS::IAM::Role": ("RoleName", 64),
    "AWS::CloudWatch::Alarm": ("AlarmName", 255),
    "AWS::SNS::Topic": ("TopicName", 256),
    "AWS::Logs::LogGroup": ("LogGroupName", 512),
    "AWS::Scheduler::Schedule": ("Name", 64),
    "AWS::Cognito::UserPool": ("UserPoolName", 128),
    "AWS::SecretsManager::Secret": ("Name", 512),
    "AWS::ApiGatewayV2::Api": ("Name", 128),
}
BYTES, RESOURCES, PARAMETERS, OUTPUTS = 1_000_000, 500, 200, 200
ENVIRONMENT_BYTES, INLINE_POLICY_BYTES, TIMEOUT, DESCRIPTION = 4096, 10_240, 900, 256
# An ARN of the account in a policy, or the name of a queue in a variable, is about this long.
LONG_VALUE = "x" * 120


def faults(template):
    """One line for each fault; none where nothing is known against the template."""
    return [*_sizes(template), *_references(template), *_circles(template), *_names(template), *_functions(template), *_roles(template)]


def _sizes(template):
    for what, size, limit in (
        ("bytes", len(json.dumps(template, separators=(",", ":")).encode()), BYTES),
        ("resources", len(template["Resources"]), RESOURCES),
        ("parameters", len(template.get("Parameters", {})), PARAMETERS),
        ("outputs", len(template.get("Outputs", {})), OUTPUTS),
    ):
        if size > limit:
            yield f"the template has {size} {what}, more than {limit}"


def named(value):
    """Everything that a value names: pairs of a name and an attribute, which is empty for a Ref."""
    if isinstance(value, list):
        for item in value:
            yield from named(item)
    elif isinstance(value, dict):
        for key, argument in value.items():
            if key == "Ref" and isinstance(argument, str):
                yield argument, ""
            elif key == "Fn::GetAtt":
                parts = argument.split(".", 1) if isinstance(argument, str) else argument
                yield parts[0], parts[1]
            elif key == "Fn::Sub":
                text, own = (argument, {}) if isinstance(argument, str) else argument
                for placeholder in re.findall(r"\$\{([^!}][^}]*)}", text):
                    if placeholder not in own:
                        name, _, attribute = placeholder.partition(".")
                        yield name, attribute
                yield from named(own)
            else:
                yield from named(argument)


def conditions_in(value):
    """The conditions that an Fn::If of a value asks for."""
    if isinstance(value, list):
        for item in value:
            yield from conditions_in(item)
    elif isinstance(value, dict):
        for key, argument in value.items():
            if key == "Fn::If":
                yield argument[0]
            yield from conditions_in(argument)


def _references(template):
    resources, parameters = template["Resources"], template.get("Parameters", {})
    conditions = template.get("Conditions", {})
    for section in ("Resources", "Outputs"):
        for owner, value in template.get(section, {}).items():
            for name, attribute in named(value):
                if attribute == "" and (name in parameters or name in PSEUDO):
                    continue
                if name not in resources:
                    yield f"{owner}: {name} is neither resource nor parameter"
                elif attribute and not _has_attribute(resources[name]["Type"], attribute):
                    yield f"{owner}: {resources[name]['Type']} ({name}) has no attribute {attribute}"
            for other in as_list(value.get("DependsOn", [])):
                if other not in resources:
                    yield f"{owner}: it depends on {other}, which is no resource"
            wanted = [*conditions_in(value), *as_list(value.get("Condition", []))]
            for condition in wanted:
                if isinstance(condition, str) and condition not in conditions:
                    yield f"{owner}: there is no condition {condition}"


def _has_attribute(kind, attribute):
    return attribute in PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).get_atts


def _circles(template):
    resources = template["Resources"]
    after = {
        key: ({name for name, _ in named(value)} | set(as_list(value.get("DependsOn", [])))) & set(resources)
        for key, value in resources.items()
    }
    made = set()
    while rest := {key: wanted - made for key, wanted in after.items() if key not in made}:
        ready = {key for key, wanted in rest.items() if not wanted}
        if not ready:
            # What only waits for those of a circle is in none itself.
            while idle := set(rest) - {other for wanted in rest.values() for other in wanted}:
                rest = {key: wanted for key, wanted in rest.items() if key not in idle}
            yield f"these wait for each other: {', '.join(sorted(rest))}"
            return
        made |= ready


def _text(value, stand_in=LONG_VALUE):
    """A value with every reference filled in by something long."""
    if isinstance(value, dict):
        if "Fn::Sub" in value and isinstance(value["Fn::Sub"], str):
            fill = lambda match: STACK if match.group(1) == "AWS::StackName" else stand_in
            return re.sub(r"\$\{([^}]+)}", fill, value["Fn::Sub"])
        return STACK if value == {"Ref": "AWS::StackName"} else stand_in
    return str(value)


def _names(template):
    seen = {}
    for key, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if len(str(properties.get("Description", ""))) > DESCRIPTION and resource["Type"] == "AWS::Lambda::Function":
            yield f"{key}: its description is longer than {DESCRIPTION}"
        if resource["Type"] not in LIMITS:
            continue
        of, limit = LIMITS[resource["Type"]]
        if of not in properties:
            continue
        name = _text(properties[of])
        if len(name) > limit:
            yield f"{key}: {of} {name} is longer than {limit} where the stack's name has {len(STACK)}"
        if seen.setdefault((resource["Type"], name), key) != key:
            yield f"{key}: it has the name of {seen[resource['Type'], name]}"
        if resource["Type"] == "AWS::SQS::Queue" and name.endswith(".fifo") != bool(properties.get("FifoQueue")):
            yield f"{key}: the name of a FIFO queue ends in .fifo, and of no other"


def _functions(template):
    resources = template["Resources"]
    for key, resource in resources.items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Function":
            if (properties.get("Handler"), properties.get("Runtime")) != ("bootstrap", "provided.al2023"):
                yield f"{key}: a binary of cargo-lambda is `bootstrap` on provided.al2023"
            variables = properties.get("Environment", {}).get("Variables", {})
            size = sum(len(name) + len(_text(value)) for name, value in variables.items())
            if size > ENVIRONMENT_BYTES:
                yield f"{key}: its variables take {size} bytes, more than {ENVIRONMENT_BYTES}"
            if not 1 <= properties.get("Timeout", 3) <= TIMEOUT:
                yield f"{key}: no function may run for {properties['Timeout']} s"
            group = properties.get("LoggingConfig", {}).get("LogGroup", {})
            if resources.get(group.get("Ref") if isinstance(group, dict) else None, {}).get("Type") != "AWS::Logs::LogGroup":
                yield f"{key}: its log group is none of the stack"
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            yield from _mapping(key, properties, resources)


def _mapping(key, mapping, resources):
    ((source, _),) = named(mapping["EventSourceArn"])
    ((function, _),) = named(mapping["FunctionName"])
    size, window = mapping.get("BatchSize", 10), mapping.get("MaximumBatchingWindowInSeconds", 0)
    if resources[source]["Type"] == "AWS::SQS::Queue":
        queue, timeout = resources[source]["Properties"], resources[function]["Properties"].get("Timeout", 3)
        if queue.get("VisibilityTimeout", 30) < 6 * timeout:
            yield f"{key}: {source} hides a message for less than six timeouts of {function}"
        if queue.get("FifoQueue") and (size > 10 or window):
            yield f"{key}: batches of a FIFO queue have ten messages at most, and no window"
        if size > 10 and not window:
            yield f"{key}: batches of more than ten messages need a window"
        if not 2 <= mapping.get("ScalingConfig", {}).get("MaximumConcurrency", 2) <= 1000:
            yield f"{key}: at least two functions at once, and at most a thousand"
    elif size > 10_000 or not 1 <= mapping.get("ParallelizationFactor", 1) <= 10:
        yield f"{key}: at most 10,000 records and ten functions for a shard"


def _roles(template):
    resources = template["Resources"]
    for key, resource in resources.items():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        policies = resource["Properties"].get("Policies", [])
        size = sum(len(re.sub(r"\s", "", json.dumps(_filled(policy["PolicyDocument"])))) for policy in policies)
        if size > INLINE_POLICY_BYTES:
            yield f"{key}: its policies take {size} bytes, more than {INLINE_POLICY_BYTES}"
        for policy in policies:
            for statement in as_list(policy["PolicyDocument"]["Statement"]):
                for to in as_list(statement["Resource"]):
                    yield from _reach(key, to, resources)


def _filled(value):
    if isinstance(value, list):
        return [_filled(item) for item in value]
    if isinstance(value, dict):
        if set(value) & {"Ref", "Fn::GetAtt", "Fn::Sub"}:
            return _text(value)
        return {key: _filled(item) for key, item in value.items()}
    return value


def _reach(key, to, resources):
    """A statement is about a resource of the stack, or about what carries the stack's name."""
    names = list(named(to))
    if any(name in resources for name, _ in names):
        return
    text = to.get("Fn::Sub", "") if isinstance(to, dict) else str(to)
    ours = "${AWS::StackName}/" in text and "${AWS::AccountId}" in text and "${AWS::Region}" in text
    if not ours or not text.startswith("arn:${AWS::Partition}:"):
        yield f"{key}: {json.dumps(to)} is no resource of the stack"
