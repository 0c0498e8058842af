"""Expands infra/template.yaml to plain CloudFormation, without AWS and without an account.

What the checks look at is what AWS would be given, so that nothing SAM adds by itself goes unseen.
"""

import os
from pathlib import Path

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra" / "template.yaml"


class NoManagedPolicies:
    """The translator asks for the managed policies it would attach to generated roles; the checks see to it that none is."""

    def load(self):
        names = ("AWSLambdaBasicExecutionRole",)
        return {name: f"arn:aws:iam::aws:policy/{name}" for name in names}


def read():
    """The template as written, with intrinsic functions in their long form."""
    return yaml_parse(TEMPLATE.read_text())


def functions(template):
    """Every function of a template as written, by its logical id."""
    return {key: value for key, value in template["Resources"].items() if value["Type"] == "AWS::Serverless::Function"}


def expand(template=None):
    """The template as CloudFormation runs it; of another than ours, that one."""
    # The translator looks at the environment for a region even where it uses none.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    template = template or read()
    # `sam build` and `sam deploy` replace each folder by an archive in S3; the translator accepts only that.
    for function in functions(template).values():
        function["Properties"]["CodeUri"] = "s3://bucket/key"
    return transform(template, {"Stage": "prod"}, NoManagedPolicies())


def name(value):
    """A short name of what an intrinsic function points at: `Table`, `Table.StreamArn`, `Table/index/due`; text as it is."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Ref":
        return argument
    if function == "Fn::GetAtt":
        resource, attribute = argument
        return resource if attribute in ("Arn", "QueueName") else f"{resource}.{attribute}"
    if function == "Fn::Sub":
        return argument.replace("${Table.Arn}", "Table")
    raise ValueError(f"no name for {value}")


def as_list(value):
    """IAM takes one string where it takes a list of one."""
    return value if isinstance(value, list) else [value]
