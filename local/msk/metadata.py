"""Asks a node over its plaintext listener which brokers it knows: one request, written by hand."""

import socket
import struct

_TIMEOUT_S = 5.0


def known_brokers(port: int) -> set[int]:
    """Return the ids of the brokers that the node would tell a client about; none if it is down."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S) as connection:
            connection.sendall(_framed(struct.pack(">hhih i", 3, 1, 0, -1, 0)))
            return _broker_ids(_answer(connection))
    except OSError:
        return set()


def _framed(request: bytes) -> bytes:
    return struct.pack(">i", len(request)) + request


def _answer(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as stream:
        (size,) = struct.unpack(">i", _exactly(stream.read(4), 4))
        return _exactly(stream.read(size), size)


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) < size:
        raise ConnectionError("the node closed the connection")
    return data


def _broker_ids(answer: bytes) -> set[int]:
    """Metadata response v1: correlation id, then brokers as id, host, port, rack or null."""
    (count,) = struct.unpack_from(">i", answer, 4)
    at, ids = 8, set()
    for _ in range(count):
        node_id, host_size = struct.unpack_from(">ih", answer, at)
        at += 4 + 2 + host_size + 4
        (rack_size,) = struct.unpack_from(">h", answer, at)
        at += 2 + max(rack_size, 0)
        ids.add(node_id)
    return ids
