"""A podman of our own: its settings, its Docker-compatible service, its end."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path

from docker.errors import NotFound

from local.engine import find, needs
from local.engine.errors import EngineFailed, EngineMissing
from local.engine.places import data_folder, locked, run_folder, socket_path

_START_TIMEOUT_S = 30.0
_END_TIMEOUT_S = 15.0
_POLL_S = 0.05
_LAST_WORDS = 2000
# runc, because crun fails where both versions of control groups are mounted; cgroupfs and the
# file log, because there may be no systemd. The limits are Lambda's.
_CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{run}/tmp"
volume_path = "{data}/volumes"
[network]
network_backend = "netavark"
network_config_dir = "{data}/networks"
"""
_STORAGE_CONF = """\
[storage]
driver = "{driver}"
graphroot = "{data}/{driver}"
runroot = "{run}/storage"
"""
_DRIVERS = ("overlay", "vfs")  # vfs copies whole file systems, but works everywhere


def start() -> str:
    """Return the address of an engine that runs: the one that is there, else our own, started.

    Raises EngineError. Leaves /etc/containers and a Docker alone.
    """
    with suppress(EngineMissing):
        return find.docker_host()
    needs.check(data_folder())
    with locked():
        run_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(EngineMissing):  # another process was quicker
            return find.docker_host()
        needs.install()
        _write_settings()
        _launch()
    return find.docker_host()


def stop() -> bool:
    """End our own engine, its containers and mounts; images stay. Answers whether it ran."""
    if _pid() is None:
        return False
    with locked():  # nobody starts it meanwhile
        _remove_containers()
        for number in (signal.SIGTERM, signal.SIGKILL):
            _end_service(number)
        _unmount()
        shutil.rmtree(run_folder(), ignore_errors=True)
    return True


def _remove_containers() -> None:
    host = f"unix://{socket_path()}"
    if find.answers(host):
        with closing(find.client(host)) as client:
            for container in client.containers.list(all=True, ignore_removed=True):
                with suppress(NotFound):  # its owner was quicker
                    container.remove(force=True)


def _end_service(number: int) -> None:
    """Send the signal, and wait until there is no service any more, or too long."""
    give_up_at = time.monotonic() + _END_TIMEOUT_S
    with suppress(ProcessLookupError):
        if pid := _pid():
            os.kill(pid, number)
    while _pid() is not None and time.monotonic() < give_up_at:
        time.sleep(_POLL_S)


def _unmount() -> None:
    """Let go of what podman mounts in its storage, which couldn't be deleted otherwise."""
    listed = Path("/proc/mounts").read_text().splitlines()
    mounts = [line.split()[1].replace(r"\040", " ") for line in listed]
    for folder in (data_folder(), run_folder()):
        for mount in reversed([mount for mount in mounts if mount.startswith(f"{folder}/")]):
            subprocess.run(["umount", mount], check=False)


def environment() -> dict[str, str]:
    """Return the environment in which the `podman` command sees what our engine sees."""
    return {
        **os.environ,  # noqa: TID251 - podman's own, proxies among them
        "CONTAINERS_CONF": str(data_folder() / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(data_folder() / "storage.conf"),
    }


def _write_settings() -> None:
    places = {"data": data_folder(), "run": run_folder()}
    (data_folder() / "containers.conf").write_text(_CONTAINERS_CONF.format(**places))
    said = ""
    for driver in _DRIVERS:
        (data_folder() / "storage.conf").write_text(_STORAGE_CONF.format(driver=driver, **places))
        tried = subprocess.run(
            ["podman", "info"], env=environment(), capture_output=True, text=True, check=False
        )
        if tried.returncode == 0:
            return
        said = tried.stderr.strip()
    raise EngineFailed(f"podman doesn't run here: {said[-_LAST_WORDS:]}")


def _launch() -> None:
    socket_path().unlink(missing_ok=True)
    log = data_folder() / "engine.log"
    with log.open("w") as file:
        service = subprocess.Popen(
            ["podman", "system", "service", "--time=0", f"unix://{socket_path()}"],
            env=environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=file,  # whoever waits for our caller's output must not wait for the service
            stderr=file,
            start_new_session=True,
        )
    _pid_file().write_text(str(service.pid))
    give_up_at = time.monotonic() + _START_TIMEOUT_S
    while not find.answers(f"unix://{socket_path()}"):
        if service.poll() is not None or time.monotonic() > give_up_at:
            service.kill()
            service.wait()
            raise EngineFailed(f"podman's service did not start:\n{log.read_text()[-_LAST_WORDS:]}")
        time.sleep(_POLL_S)


def _pid_file() -> Path:
    return run_folder() / "pid"


def _pid() -> int | None:
    """Return the service's process id; a number that was given to another process isn't it."""
    try:
        pid = int(_pid_file().read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(socket_path()).encode() in command else None
