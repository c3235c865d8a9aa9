"""Free ports on the loopback addresses."""

import random
import socket

# Below the ports that systems lend to outgoing connections (Linux from 32768, macOS from 49152):
# a client that calls a killed node again and again could else be lent the node's own port.
_FROM, _TO = 20_000, 32_000


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now, each at most once."""
    ports: set[int] = set()
    while len(ports) < count:
        port = random.randrange(_FROM, _TO)
        if all(_is_free(family, host, port) for family, host in loopback()):
            ports.add(port)
    return list(ports)


def loopback() -> list[tuple[int, str]]:
    """Return address family and address of everything that "localhost" means on this machine."""
    found = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
    ipv6 = any(family == socket.AF_INET6 for family, *_ in found) and _is_free(
        socket.AF_INET6, "::1", 0
    )
    return [(socket.AF_INET, "127.0.0.1"), *([(int(socket.AF_INET6), "::1")] if ipv6 else [])]


def _is_free(family: int, host: str, port: int) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
