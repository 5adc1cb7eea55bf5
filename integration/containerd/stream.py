# SPDX-License-Identifier: Apache-2.0
"""The streams of kubectl exec and attach: a WebSocket with Kubernetes' channels on it."""
import base64
import os
import socket
import struct
import urllib.parse

STDIN, STDOUT, STDERR, STATUS = range(4)  # the first byte of each message (v4.channel.k8s.io)
BINARY, CLOSE = 2, 8  # of WebSocket's operations


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def open_socket(url):
    where = urllib.parse.urlparse(url)
    sock = socket.create_connection((where.hostname, where.port), timeout=600)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        f"GET {where.path}?{where.query} HTTP/1.1",
        f"Host: {where.netloc}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: v4.channel.k8s.io",
        f"Sec-WebSocket-Key: {key}",
    )
    sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_exactly(sock, 1)
    if b" 101 " not in head.split(b"\r\n")[0]:
        raise SystemExit("no stream: " + head.decode())
    return sock


def send(sock, channel, data):
    """One short message; a client's must be masked, and a mask of zeros is one."""
    body = bytes([channel]) + data
    sock.sendall(struct.pack("!BB4x", 0x80 | BINARY, 0x80 | len(body)) + body)


def receive(sock):
    kind, size = read_exactly(sock, 2)
    if size == 126:
        (size,) = struct.unpack("!H", read_exactly(sock, 2))
    elif size == 127:
        (size,) = struct.unpack("!Q", read_exactly(sock, 8))
    return kind & 15, read_exactly(sock, size)


def talk(url, *turns):
    """Returns all that is said until the other side ends. A turn is (WAIT, SAY): what to wait for, and the
    line to say then. A program that just ends may lose its last words: containerd does not wait for them."""
    said = b""
    with open_socket(url) as sock:
        try:
            while True:
                while turns and turns[0][0].encode() in said:
                    send(sock, STDIN, turns[0][1].encode() + b"\n")
                    turns = turns[1:]
                kind, body = receive(sock)
                if kind == CLOSE:
                    break
                if body and body[0] in (STDOUT, STDERR, STATUS):
                    said += body[1:]
        except (EOFError, ConnectionResetError):
            pass
    return said.decode()
