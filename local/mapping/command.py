"""The command line of a mapping: what is wrong with it is said before anything is started."""

from __future__ import annotations

import argparse
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn

from local.mapping.options import INFINITE, Options
from local.msk.roles import ACCOUNT, REGION
from local.samples import BUCKET
from local.settings import CLUSTER, NAMES
from msk_client.actions.filtering.criteria import compile_criteria
from msk_client.errors import MskClientError
from msk_client.s3.destinations import destination
from msk_client.settings import Settings, read
from msk_client.settings_mapping import TOPIC as TOPIC_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOPIC = "orders"
GIVEN_UP = "given-up"
"""The queue, bucket or topic of what a mapping gives up."""

ON_FAILURE = {
    "sqs": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{GIVEN_UP}",
    "s3": f"arn:aws:s3:::{GIVEN_UP}",
    "kafka": f"kafka://{GIVEN_UP}",
}
Log = Literal["all", "problems", "none"]
SETTABLE = [name for name in NAMES if name not in CLUSTER]


@dataclass(frozen=True)
class Command:
    """What is to be run."""

    options: Options
    variables: Mapping[str, str]
    """Settings of the function."""
    target_topic: str | None
    log: Log


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def command(arguments: Sequence[str] | None, about: str | None) -> Command:
    """Read the command line; ends the program with code 2 and one line for what can't work."""
    parser = _parser(about)
    given = parser.parse_args(arguments)
    try:
        variables = _variables(given)
        settings = read({name: text for name, text in variables.items() if text.strip()})
        _check(given, settings)
        compile_criteria(given.filter, "--filter")
        log: Log = given.log or ("all" if settings.mapping.sink == "log" else "problems")
        return Command(_options(given), variables, settings.mapping.target_topic, log)
    except (MskClientError, ValueError) as problem:
        parser.error(" ".join(str(problem).split()))


def _parser(about: str | None) -> _Parser:
    parser = _Parser("python -m local.mapping", description=about)
    parser.add_argument("--topic", default=TOPIC, help=f"default: {TOPIC}; made with 3 partitions")
    parser.add_argument("--sink", default="s3", choices=("s3", "log", "produce"))
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the function"
    )
    parser.add_argument(
        "--log",
        choices=("all", "problems", "none"),
        help="which lines of the function's log are shown, metrics never;"
        " default: all with --sink log, else warnings and errors",
    )
    parser.add_argument("--batch-size", type=int, default=100, metavar="N", help="default: 100")
    parser.add_argument("--window", type=float, default=0.5, metavar="S", help="default: 0.5")
    parser.add_argument("--filter", action="append", default=[], metavar="PATTERN")
    parser.add_argument(
        "--provisioned", action="store_true", help="with partial responses; needed by what follows"
    )
    parser.add_argument(
        "--retries", type=int, default=INFINITE, metavar="N", help="default: without end, or 10"
    )
    parser.add_argument("--max-age", type=int, default=INFINITE, metavar="S", help="default: any")
    parser.add_argument("--bisect", action="store_true", help="halve what fails")
    parser.add_argument(
        "--on-failure",
        choices=tuple(ON_FAILURE),
        help=f"where records are given up to: queue, bucket or topic {GIVEN_UP!r}",
    )
    return parser


def _variables(given: argparse.Namespace) -> dict[str, str]:
    own = {
        "ESM_SINK": given.sink,
        "ESM_PARTIAL_RESPONSE": str(given.provisioned).lower(),
        "OUTPUT_BUCKET": BUCKET,
        "OUTPUT_PREFIX": "mapped",
    }
    return own | dict(_pair(text) for text in given.set)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise ValueError(f"--set {text}: give NAME=VALUE, such as ESM_DECODE=json")
    if name in CLUSTER:
        raise ValueError(f"--set {name}: the cluster is the one that is started here")
    if name not in SETTABLE and not name.startswith("POWERTOOLS_"):
        close = difflib.get_close_matches(name, SETTABLE, 1)
        hint = f"did you mean {close[0]}?" if close else "docs/pipeline.md lists them"
        raise ValueError(f"--set {name}: the function has no such setting; {hint}")
    return name, value


def _check(given: argparse.Namespace, settings: Settings) -> None:
    """Refuse what would fail with every batch."""
    if not TOPIC_NAME.fullmatch(given.topic):
        raise ValueError(f"--topic {given.topic!r} is no topic's name")
    target = settings.mapping.target_topic
    if settings.mapping.sink is None:
        raise ValueError("--set ESM_SINK: give one of s3, log, produce")
    if settings.mapping.sink == "produce" and target in {None, given.topic}:
        raise ValueError(
            "--sink produce sends to another topic: name it by --set ESM_TARGET_TOPIC=..."
        )
    if settings.mapping.sink == "s3":
        destination(settings.output)
    needy = {
        "--retries": given.retries != INFINITE,
        "--max-age": given.max_age != INFINITE,
        "--bisect": given.bisect,
        "--on-failure": given.on_failure is not None,
    }
    for option, is_given in needy.items():
        if is_given and not given.provisioned:
            raise ValueError(
                f"{option} goes with --provisioned: on demand Lambda has no such thing"
            )


def _options(given: argparse.Namespace) -> Options:
    return Options(
        given.topic,
        mode="provisioned" if given.provisioned else "on_demand",
        report_failures=given.provisioned,
        batch_size=given.batch_size,
        window_s=given.window,
        filters=given.filter,
        max_retries=given.retries,
        max_age_s=given.max_age,
        bisect=given.bisect,
        on_failure=None if given.on_failure is None else ON_FAILURE[given.on_failure],
    )
