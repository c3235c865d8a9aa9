"""An endpoint that is no URL is a wrong setting, told by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from msk_client.deadline import Deadline
from msk_client.errors import InvalidSetting
from msk_client.s3.keys import Place
from msk_client.s3.store import Store
from msk_client.sqs import queues
from msk_client.sqs.queues import SqsQueues

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = Place("my-bucket", "a")
ENVIRON = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "x",
}
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/continue"


@pytest.fixture(autouse=True)
def a_new_client() -> Iterator[None]:
    """SQS's client isn't one of another test."""
    queues._client.cache_clear()
    yield
    queues._client.cache_clear()


@pytest.mark.parametrize("value", ["localhost:9", "no url", "s3.eu-west-1.amazonaws.com"])
@pytest.mark.parametrize("service", ["S3", "SQS"])
@pytest.mark.parametrize("beginning", ["AWS_ENDPOINT_URL_{}", "AWS_ENDPOINT_URL"])
def test_an_endpoint_that_is_no_url(
    beginning: str, service: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both variables and the value are named, at the first call and at each that follows."""
    for name, text in ENVIRON.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv(beginning.format(service), value)
    s3, sqs, soon = Store(), SqsQueues(), Deadline.after(30)
    for _ in range(2):
        with pytest.raises(InvalidSetting, match=rf"{value}.*AWS_ENDPOINT_URL_{service}") as told:
            _ = s3.head(AT, soon) if service == "S3" else sqs.receive(URL, soon)
        assert "AWS_ENDPOINT_URL)" in str(told.value)
