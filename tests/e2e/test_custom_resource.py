"""The custom resource in Lambda's runtime emulator, as CloudFormation calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.msk_api import CLUSTER, msk_api
from tests.integration.test_custom_resource import BROKERS, COMMON, presigned_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.lambda_runtime import Emulator

HANDLER = "msk_client.aws.custom_resource.on_event"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "a-secret-key"}


def test_a_stack_is_told_the_brokers(emulator: Callable[..., Emulator]) -> None:
    """The image's other command answers a create and a delete, and Lambda sees no error."""
    with msk_api(BROKERS) as api, presigned_url() as place:
        function = emulator({**KEYS, "AWS_ENDPOINT_URL_KAFKA": api.url}, handler=HANDLER)
        for kind in ("Create", "Delete"):
            properties = {"ServiceToken": "arn:function", "ClusterArn": CLUSTER}
            event = {"RequestType": kind, "PhysicalResourceId": CLUSTER, **COMMON}
            urls = {"ResponseURL": place.url, "ResourceProperties": properties}
            invocation = function.invoke(event | urls)
            assert invocation.error_type is None
    created, deleted = (answer for _, _, answer in place.puts)
    assert {"BootstrapBrokers": BROKERS} == created["Data"]
    assert ["SUCCESS", "SUCCESS"] == [created["Status"], deleted["Status"]]
