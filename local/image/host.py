"""What a container needs of this machine to reach the package registries as the machine does."""

import ast
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_DEBIAN = "http://deb.debian.org/debian"
_LOCAL_CAS = Path("/usr/local/share/ca-certificates")
_APT_SETTINGS = ("Acquire::http", "Acquire::https", "Acquire::Check", "Acquire::Retries")
# As `pip config list` prints it; a variable counts more than a file.
_PIP_SETTING = re.compile(
    r"^(?P<place>global|:env:)\.(?P<name>[\w-]+)=(?P<value>.*)$", re.MULTILINE
)
_PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy")


@dataclass(frozen=True)
class Host:
    """Debian's mirror, and the files to be copied: their path in the container -> content."""

    mirror: str
    files: Mapping[str, bytes]

    def write_into(self, root: Path) -> None:
        """Put the files below this root folder."""
        for name, content in self.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o644)


def read_host() -> Host:
    """Return this machine's mirror, certificates, and settings of apt and pip."""
    files = {
        "etc/ssl/certs/ca-certificates.crt": _ca_bundle(),
        "etc/apt/apt.conf.d/90host": _apt_settings(),
        "etc/pip.conf": _pip_settings(),
    }
    for path in sorted(_LOCAL_CAS.glob("*.crt")):
        files[str(path).lstrip("/")] = path.read_bytes()
    return Host(_mirror(), {name: content for name, content in files.items() if content})


def _ca_bundle() -> bytes:
    path = ssl.get_default_verify_paths().cafile  # SSL_CERT_FILE, else the system's
    return Path(path).read_bytes() if path else b""


def _mirror() -> str:
    """Return where this machine gets Debian from, where it is a Debian."""
    wanted = os.environ.get("DEBIAN_MIRROR")  # noqa: TID251 - the developer's choice
    if wanted:
        return wanted
    form = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    for line in _output("apt-get", "indextargets", "--format", form).splitlines():
        origin, label, uri = line.split("|")
        if origin == label == "Debian":
            return uri.rstrip("/")
    return _DEBIAN


def _apt_settings() -> bytes:
    lines = _output("apt-config", "dump").splitlines()
    chosen = [line for line in lines if line.startswith(_APT_SETTINGS) and not line.endswith('"";')]
    return "".join(f"{line}\n" for line in chosen).encode()


def _pip_settings() -> bytes:
    """Return what pip is told of package indexes here, by files or variables."""
    listed = _output(sys.executable, "-m", "pip", "config", "list")
    found: dict[str, str] = {}
    for match in sorted(_PIP_SETTING.finditer(listed), key=lambda match: match["place"] == ":env:"):
        value = " ".join(str(ast.literal_eval(match["value"])).split())
        if value and match["name"] in _PIP_SETTINGS:
            found[match["name"]] = value
    lines = [f"{name} = {value}" for name, value in found.items()]
    return "\n".join(["[global]", *lines, ""]).encode() if lines else b""


def _output(*command: str) -> str:
    """Return what a program prints; nothing where it isn't there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""
