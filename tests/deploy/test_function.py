"""The functions as they would be deployed: what Lambda takes, and what the code is told."""

from __future__ import annotations

import json

from local.msk.roles import CLUSTER_ARN
from msk_client import settings, settings_output
from msk_client.aws import custom_resource
from tests.deploy.main_template import BROKERS, MADE, at_existing, template, with_new
from tests.deploy.parameter_values import GOOD, NUMBERED_KEY

ENVIRONMENT_LIMIT_BYTES = 4096
NOT_FOR_IMAGES = {"Handler", "Runtime", "Layers"}


def test_the_code_reads_every_variable() -> None:
    """Each is a setting or Powertools' own, and the values are ones that the function takes."""
    variables = at_existing(TopicPrefix="team.", GroupPrefix="night-").environment("Function")
    ours = {name: v for name, v in variables.items() if not name.startswith("POWERTOOLS_")}
    assert set(ours) <= {*settings.NAMES, *settings_output.NAMES}
    told = settings.read(variables)
    assert told.endpoint == BROKERS
    assert told.allowed_actions == tuple(GOOD["AllowedActions"][-1].split(","))
    assert told.allowed_topics == ("team.*",)
    assert told.allowed_groups == ("night-*",)


def test_a_bucket_is_allowed_only_where_it_is_given() -> None:
    """Without one every bucket is refused by name; with one it is where exports go."""
    without = settings.read(at_existing().environment("Function")).output
    assert (without.bucket, without.allowed_buckets) == (None, ("none",))
    given = {"Bucket": "my-bucket", "BucketPrefix": "lake/", "BucketKeyArn": NUMBERED_KEY}
    stack = at_existing(**given, S3PrefixListId="pl-01234567")
    output = settings.read(stack.environment("Function")).output
    assert (output.bucket, output.prefix, output.kms_key_id) == tuple(given.values())
    assert output.allowed_buckets == ("my-bucket",)


def test_options_of_the_client_arrive() -> None:
    """They are what the function takes, and none unless they are given."""
    given = '{"linger.ms": 50}'
    variables = at_existing(ClientOptions=given).environment("Function")
    assert settings.read(variables).client_options == {"linger.ms": 50}
    assert "KAFKA_CLIENT_OPTIONS" not in at_existing().environment("Function")


def test_the_function_url_is_off_and_signed() -> None:
    """There is none unless it is asked for, and then callers need IAM."""
    assert not at_existing().of_type("AWS::Lambda::Url")
    stack = at_existing(FunctionUrl="on")
    (url,) = stack.of_type("AWS::Lambda::Url").values()
    assert (url["AuthType"], url["TargetFunctionArn"]) == ("AWS_IAM", "Function")
    assert not stack.of_type("AWS::Lambda::Permission")
    assert "FunctionUrl" in stack.outputs
    assert "FunctionUrl" not in at_existing().outputs


def test_brokers_that_are_given_are_not_looked_up() -> None:
    """Then nothing of the look-up is deployed."""
    stack = at_existing(BootstrapBrokers="b-1.x:9098,b-2.x:9098")
    assert stack.environment("Function")["KAFKA_ENDPOINT"] == "b-1.x:9098,b-2.x:9098"
    assert not [name for name in stack.resources if name.startswith("Brokers")]


def test_the_look_up_asks_about_the_cluster_in_use() -> None:
    """It is the same image with another command, outside the VPC, and has minutes at most."""
    for stack, cluster in ((at_existing(), CLUSTER_ARN), (with_new(), MADE)):
        (asked,) = stack.of_type("Custom::BootstrapBrokers").values()
        assert asked["ClusterArn"] == cluster
        assert int(asked["ServiceTimeout"]) == 300
        function = stack.of_type("AWS::Lambda::Function")["BrokersFunction"]
        assert function["ImageConfig"]["Command"] == ["msk_client.aws.custom_resource.on_event"]
        assert "VpcConfig" not in function
        patience = custom_resource.NEWS_S + custom_resource.ANSWER_S
        assert patience < function["Timeout"] < int(asked["ServiceTimeout"])
    builds = [template()["Resources"][n]["Metadata"] for n in ("Function", "BrokersFunction")]
    assert builds[0]["Dockerfile"] == builds[1]["Dockerfile"] == "Dockerfile"
    assert builds[0]["DockerBuildArgs"] == builds[1]["DockerBuildArgs"]


def test_the_environment_fits() -> None:
    """The longest values that the parameters take stay below Lambda's limit."""
    longest = {"AllowedActions", "TopicPrefix", "GroupPrefix", "BucketPrefix", "ClientOptions"}
    more = {"Bucket": "b" * 63, "S3PrefixListId": "pl-01234567", "BucketKeyArn": NUMBERED_KEY}
    given = {name: max(GOOD[name], key=len) for name in longest} | more
    brokers = ",".join(["b" * 41 + ":9098"] * 20)
    variables = at_existing(BootstrapBrokers=brokers, **given).environment("Function")
    size = len(json.dumps(variables))
    limits = [
        template()["Parameters"][name]["MaxLength"] for name in (*longest, "BootstrapBrokers")
    ]
    assert size < sum(limits) + 1000 < ENVIRONMENT_LIMIT_BYTES


def test_images_have_no_handler() -> None:
    """Lambda refuses Handler, Runtime and Layers for functions from an image."""
    functions = at_existing().of_type("AWS::Lambda::Function")
    assert set(functions) == {"Function", "BrokersFunction"}
    for function in functions.values():
        assert function["PackageType"] == "Image"
        assert not NOT_FOR_IMAGES & function.keys()


def test_size_time_and_processor_can_be_set() -> None:
    """The parameters arrive at the function."""
    given = {"MemorySize": "512", "Timeout": "840", "Architecture": "arm64"}
    function = at_existing(**given).of_type("AWS::Lambda::Function")["Function"]
    assert {"MemorySize": "512", "Timeout": "840"}.items() <= function.items()
    assert function["Architectures"] == ["arm64"]
    usual = at_existing().of_type("AWS::Lambda::Function")["Function"]
    assert {"MemorySize": "1024", "Timeout": "60"}.items() <= usual.items()


def test_concurrency_is_reserved_only_on_request() -> None:
    """-1 leaves the function to the account's limit; 0 and more are reserved."""
    for given, expected in (("-1", None), ("0", "0"), ("5", "5")):
        function = at_existing(ReservedConcurrency=given).of_type("AWS::Lambda::Function")
        assert function["Function"].get("ReservedConcurrentExecutions") == expected


def test_a_cluster_that_is_made_uses_iam() -> None:
    """It is a serverless one with the stack's name, and outlives a change that would replace it."""
    stack = with_new()
    (cluster,) = stack.of_type("AWS::MSK::ServerlessCluster").values()
    assert cluster["ClientAuthentication"] == {"Sasl": {"Iam": {"Enabled": True}}}
    assert stack.resources["ServerlessCluster"]["UpdateReplacePolicy"] == "Retain"


def test_outputs_say_how_to_call_it() -> None:
    """Name, ARN, a link to the console's test tab, and a command that works as it stands."""
    outputs = at_existing().outputs
    assert outputs["ConsoleTest"].startswith("https://us-east-1.console.aws.amazon.com/lambda/")
    assert outputs["ConsoleTest"].endswith("?tab=testing")
    assert "--payload file://events/ping.json " in outputs["InvokeCommand"]
    assert outputs["ClusterArn"] == CLUSTER_ARN
    assert outputs["BootstrapBrokers"] == BROKERS
    assert with_new().outputs["ClusterArn"] == MADE
