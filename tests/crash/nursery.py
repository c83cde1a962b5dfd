"""Starts processes that are there to be killed, and quickly: what they need is loaded once, and each is a fork of that.

``python nursery.py SOCKET SCRIPT`` loads SCRIPT and runs its ``main()`` in a child for each list of arguments that it is sent.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import IO


class Child:
    """A process with a pipe to it and one from it."""

    def __init__(self, stdin: IO[str], stdout: IO[str], kill: Callable[[], object], pid: int) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self._kill = kill
        self.over = threading.Event()

    def tell(self, line: str) -> None:
        self.stdin.write(line + "\n")
        self.stdin.flush()

    def hear(self, expected: str) -> None:
        line = self.stdout.readline()
        assert line == expected + "\n", line

    def wait(self, timeout: float = 120) -> str:
        """What it still says until it ends."""
        watchdog = threading.Timer(timeout, self._kill)
        watchdog.start()
        said = self.stdout.read()
        assert watchdog.is_alive(), "the process did not end"
        watchdog.cancel()
        self._over()
        return said

    def kill(self) -> str:
        """Kill it, wait for its end, and return what it said."""
        self._kill()
        said = self.stdout.read()
        self._over()
        return said

    def _over(self) -> None:
        self.over.set()
        self.stdout.close()
        with contextlib.suppress(OSError):
            self.stdin.close()


class Nursery:
    """Starts children that run the ``main()`` of a script. Where there is no fork each of them is a process from the start."""

    def __init__(self, script: Path) -> None:
        self._script = script
        self._children: list[Child] = []
        self._server: subprocess.Popen[bytes] | None = None
        if hasattr(os, "fork"):
            self._socket, far = socket.socketpair()
            command = [sys.executable, __file__, str(far.fileno()), str(script)]
            self._server = subprocess.Popen(command, pass_fds=[far.fileno()])
            far.close()

    def start(self, *arguments: str) -> Child:
        child = self._start(*arguments) if self._server is None else self._fork(*arguments)
        self._children.append(child)
        return child

    def _start(self, *arguments: str) -> Child:
        process = subprocess.Popen(
            [sys.executable, str(self._script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        assert process.stdin is not None and process.stdout is not None

        def kill() -> None:
            process.kill()
            process.wait()

        return Child(process.stdin, process.stdout, kill, process.pid)

    def _fork(self, *arguments: str) -> Child:
        (its_stdin, to_it), (from_it, its_stdout) = os.pipe(), os.pipe()
        socket.send_fds(self._socket, [json.dumps(arguments).encode()], [its_stdin, its_stdout])
        pid = int(self._socket.recv(20))
        os.close(its_stdin)
        os.close(its_stdout)

        def kill() -> None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

        stdin, stdout = os.fdopen(to_it, "w", encoding="utf-8"), os.fdopen(from_it, encoding="utf-8")
        return Child(stdin, stdout, kill, pid)

    def close(self) -> None:
        """End it and all of its children."""
        for child in self._children:
            if not child.over.is_set():
                child.kill()
        if self._server is not None:
            self._socket.close()
            self._server.wait(30)


def serve(control: socket.socket, script: Path) -> None:
    spec = importlib.util.spec_from_file_location(script.stem, script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[script.stem] = module
    spec.loader.exec_module(module)
    while True:
        message, pipes, _, _ = socket.recv_fds(control, 65_536, 2)
        with contextlib.suppress(ChildProcessError):  # those that have ended meanwhile
            while os.waitpid(-1, 0 if not message else os.WNOHANG) != (0, 0):
                pass
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            run(module, [str(script), *json.loads(message)], pipes)
        for each in pipes:
            os.close(each)
        control.send(str(pid).encode())


def run(module: ModuleType, arguments: list[str], pipes: list[int]) -> None:
    for number, pipe in enumerate(pipes):
        os.dup2(pipe, number)
        os.close(pipe)
    sys.argv = arguments
    try:
        module.main()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2]))
