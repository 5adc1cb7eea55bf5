#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an engine does behind --console-socket: recvtty.py SOCKET [TEXT]

Waits on SOCKET for a runtime, takes the terminal that it sends, types TEXT, and prints what the
terminal says until its last user has closed it.
"""
import os
import signal
import socket
import sys

DEADLINE = 600  # seconds: a terminal that never comes must not hold up a test


def receive(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(path + "-")
        server.listen(1)
        os.rename(path + "-", path)  # who sees it may connect
        peer, _ = server.accept()
    with peer:
        _, descriptors, _, _ = socket.recv_fds(peer, 4096, 1)
    if len(descriptors) != 1:
        sys.exit("recvtty.py: the runtime sent no terminal")
    return descriptors[0]


def main():
    signal.alarm(DEADLINE)
    terminal = receive(sys.argv[1])
    os.write(terminal, "".join(sys.argv[2:3]).encode())
    try:
        while data := os.read(terminal, 4096):
            os.write(1, data)
    except OSError:
        pass  # EIO: nobody holds the other end


main()
