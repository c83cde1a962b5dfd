"""A workspace that is about to be this machine's: what can be done before it is. Nothing that is here early counts as verified."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import subprocess
import threading
from pathlib import Path

from db import files
from valhalla.fleet import litestream, protecting
from valhalla.fleet.continuous import BUCKET, place_of
from valhalla.fleet.protecting import Put
from valhalla.program.errors import ValhallaError
from valhalla.program.home import Home
from valhalla.program.scratch import scratch_folder

log = logging.getLogger("valhalla.fleet")


class Coming:
    """The last copy of a workspace that moves to ``home``, fetched while the machine that made it still verifies it."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._stack = contextlib.ExitStack()
        self._fetched: Path | None = None
        self.path: Path | None = None
        """The copy; None: it is not here."""

    def fetch(self, source: str) -> None:
        """Fetch the copy that is being verified in the folder ``source``, if there is one. To a bucket it is sent afterwards.
        On Windows nobody reads it meanwhile: it could not be given its name."""
        if source.startswith(BUCKET) or os.name == "nt":
            return
        for path, name in protecting.being_verified(Path(source)):
            if path == self._fetched:
                return
            self.forget()
            try:
                self._home.prepare()
                folder = self._stack.enter_context(scratch_folder(self._home.database))
                copy = Path(shutil.copyfile(path, folder / name))
                files.settle(copy)
            except OSError:  # it is verified by now, or was not sound
                self.forget()
            else:
                self._fetched, self.path = path, copy

    def forget(self) -> None:
        """Remove what was fetched."""
        self._fetched = self.path = None
        self._stack.close()


class Ahead:
    """What Litestream sent of a workspace whose owner is silent, put together before anybody may say that it is dead."""

    def __init__(self, home: Home, source: str) -> None:
        self._home = home
        self._place = place_of(source)
        self._stack = contextlib.ExitStack()
        self._life = self._upto = ""
        self._process: subprocess.Popen[str] | None = None
        self._put: Put | None = None
        self._mutex = threading.Lock()
        self._ended, self._wanted = False, True
        self._thread = threading.Thread(target=self._run, name="fleet-ahead", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._put = self._put_together()
        except (ValhallaError, OSError) as error:
            if self._wanted:
                log.warning("%s", error)
        finally:
            with self._mutex:
                self._ended = True
                if not self._wanted:
                    self._stack.close()

    def _put_together(self) -> Put | None:
        found, lives = litestream.find(), litestream.lives(self._place)
        if not lives or not found.usable:
            return None
        life = lives[0][1]
        upto = litestream.sent_up_to(self._place, life)  # more may come meanwhile
        if not upto:
            return None
        self._life, self._upto = life, upto
        self._home.prepare()
        target = self._stack.enter_context(scratch_folder(self._home.database)) / f"{life}.db"
        with self._mutex:
            if not self._wanted:
                return None
            self._process = litestream.begin_restore(found, self._place, life, target)
        return Put(litestream.restored(self._process, target), life, upto)

    def put(self) -> Put | None:
        """It, once it is whole; None: there is nothing, or more has been sent since."""
        if self._upto and self._upto != litestream.sent_up_to(self._place, self._life):
            self.forget()
        self._thread.join()
        return self._put if self._wanted else None

    def forget(self) -> None:
        """Stop, and remove it."""
        with self._mutex:
            self._wanted = False
            if self._ended:
                self._stack.close()
            elif self._process is not None:
                self._process.kill()
