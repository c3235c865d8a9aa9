"""The listeners' certificate: made at each start, gone at stop, trusted by nobody else."""

import ipaddress
import subprocess
from collections.abc import Sequence
from pathlib import Path

from local.msk.build import java
from local.msk.errors import StartFailed

PASSWORD = "local-msk"  # noqa: S105 - Kafka wants one; the key lives as long as the cluster
_FAST = ["-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC", "-J-Xshare:auto"]


def make_key_store(path: Path, hosts: Sequence[str]) -> None:
    """Make a PKCS#12 file with a key and a self-signed certificate for localhost and the hosts."""
    names = ",".join(_name(host) for host in ("localhost", "127.0.0.1", "::1", *hosts))
    _keytool(
        path, "-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=local-msk",
        "-validity", "30", "-ext", "bc:c=ca:true", "-ext", "ku:c=digitalSignature,keyCertSign",
        "-ext", f"san={names}",
    )  # fmt: skip


def export_certificate(key_store: Path, path: Path) -> None:
    """Write the certificate as PEM, for clients to trust."""
    _keytool(key_store, "-exportcert", "-rfc", "-file", str(path))


def _name(host: str) -> str:
    try:
        return f"ip:{ipaddress.ip_address(host)}"
    except ValueError:
        return f"dns:{host}"


def _keytool(key_store: Path, *arguments: str) -> None:
    command = [
        java("keytool"), *_FAST, *arguments, "-alias", "broker", "-keystore", str(key_store),
        "-storetype", "PKCS12", "-storepass", PASSWORD,
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise StartFailed(f"keytool could not make the certificate: {run.stdout}{run.stderr}")
