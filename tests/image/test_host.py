"""What a stand-in base takes from this machine, so that it reaches the same registries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.image.host import Host, read_host

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

INDEX = "https://index.test/simple"


def test_pip_is_told_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Index and trusted hosts come along, a variable before a file; paths and the rest don't."""
    settings = tmp_path / "pip.conf"
    settings.write_text("[global]\nindex-url = https://other.test/simple\ntrusted-host = a\n  b\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    monkeypatch.setenv("PIP_INDEX_URL", INDEX)
    monkeypatch.setenv("PIP_CERT", "/some/where.pem")
    lines = read_host().files["etc/pip.conf"].decode().splitlines()
    assert lines[0] == "[global]"
    assert {f"index-url = {INDEX}", "trusted-host = a b"} <= set(lines)
    assert "where.pem" not in "".join(lines)


def test_certificates_come_along(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The bundle that this machine trusts is the one that the base trusts."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert read_host().files["etc/ssl/certs/ca-certificates.crt"] == bundle.read_bytes()


def test_a_mirror_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """DEBIAN_MIRROR names where Debian comes from."""
    monkeypatch.setenv("DEBIAN_MIRROR", "http://mirror.test/debian")
    assert read_host().mirror == "http://mirror.test/debian"


def test_without_any_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a machine without apt the mirror is Debian's own."""
    monkeypatch.delenv("DEBIAN_MIRROR", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_host().mirror == "http://deb.debian.org/debian"


def test_files_are_written_below_the_root(tmp_path: Path) -> None:
    """Each file lands below the image's root, for everybody to read."""
    Host("", {"etc/pip.conf": b"[global]\n"}).write_into(tmp_path)
    written = tmp_path / "etc" / "pip.conf"
    assert written.read_bytes() == b"[global]\n"
    assert written.stat().st_mode & 0o777 == 0o644
