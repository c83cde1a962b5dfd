"""Protected copies in a bucket: against a server that speaks S3, over a socket."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from db import Database, audit
from db.clock import MINUTE
from valhalla.fleet import bucket, litestream, protecting
from valhalla.fleet.bucket import Bucket, BucketError
from valhalla.fleet.coming import Ahead
from valhalla.fleet.continuous import Continuous
from valhalla.program import settings
from valhalla.program.database import open_database
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.home import Home
from valhalla.sandbox.alerts import AlertSystem

PLACE = "s3://copies/office"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    served = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    yield f"http://{host}:{port}"
    served.stop()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The server with an empty bucket, and an environment that leads there."""
    given = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1",
             "AWS_ENDPOINT_URL": server, "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="copies")
    yield client
    for each in client.list_objects_v2(Bucket="copies").get("Contents", ()):
        client.delete_object(Bucket="copies", Key=each["Key"])
    client.delete_bucket(Bucket="copies")


def test_a_copy_is_in_the_bucket_when_protect_returns_and_brings_everything_back(
    s3: Any, database: Database, home: Home, tmp_path: Path
) -> None:
    settings.save(database, "my.name", "Ann")
    made = protecting.protect(database, home, f"{PLACE}/")
    assert made["path"].startswith(f"{PLACE}/valhalla-")
    now = protecting.state(database)
    assert (now.folder, now.newest, now.copies) == (PLACE, made["path"], 1)
    assert protecting.drill(database, home)["ok"]
    assert protecting.copy_if_due(database, home) is None, "the newest is fresh"
    database.close_all()
    shutil.rmtree(home.path)
    for number, source in enumerate((PLACE, made["path"])):
        back = Home(tmp_path / f"new{number}")
        done = protecting.restore(back, source)
        assert (done["head"], done["copy"]) == (made["head"], made["path"])
        with open_database(back.database, create=False) as restored:
            assert settings.value(restored, "my.name") == "Ann"
        assert not list((back.path / ".scratch").iterdir())


def test_what_was_not_sent_as_a_whole_does_not_count_and_was_not_said_to_be_protected(
    s3: Any, database: Database, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = protecting.protect(database, home, PLACE)
    began = database.clock()
    database.clock = lambda: began + 61 * MINUTE  # type: ignore[method-assign]
    real = bucket.manifest_path

    def cut(copy: Path) -> Path:
        raise ConnectionError("the line is gone")

    monkeypatch.setattr(bucket, "manifest_path", cut)
    with pytest.raises(ConnectionError):
        protecting._send(database, home, Bucket(PLACE))
    monkeypatch.setattr(bucket, "manifest_path", real)
    name = Path(first["path"]).name
    assert len([each for each in Bucket(PLACE).names() if each.endswith(".db")]) >= 1
    assert Bucket(PLACE).copies() == [name]
    sent = protecting.copy_if_due(database, home)
    assert sent is not None and Bucket(PLACE).copies() == [Path(sent).name, name]


@pytest.mark.skipif(not litestream.find().usable, reason=f"{litestream.find()}")
def test_what_was_written_after_the_copy_comes_back_from_the_bucket(
    s3: Any, database: Database, home: Home, tmp_path: Path
) -> None:
    protecting.protect(database, home, PLACE)
    sending = Continuous(database, home)
    sending.tick()
    settings.save(database, "my.name", "Ann")
    sending.end()
    head = audit.head(database).hash
    state = protecting.state(database)
    assert state.sent is not None and state.copies == 1, "pieces are no copies"
    assert protecting.drill(database, home)["continuous"] is True
    done = protecting.restore(Home(tmp_path / "new"), PLACE)
    assert (done["head"], done["copy"]) == (head, f"{PLACE}/{litestream.life(database)}")
    other = Home(tmp_path / "other")
    ahead = Ahead(other, PLACE)
    put = ahead.put()
    assert put is not None and put.upto == litestream.sent_up_to(Bucket(PLACE), put.life)
    assert protecting.restore(other, PLACE, put)["head"] == head
    assert not put.path.exists(), "it became the file"


def test_old_copies_go_and_bytes_that_were_changed_there_are_not_restored(
    s3: Any, database: Database, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VALHALLA_PROTECT_KEPT", "2")
    began = database.clock()
    protecting.protect(database, home, PLACE)
    for hour in (1, 2):
        database.clock = lambda hour=hour: began + hour * 61 * MINUTE  # type: ignore[method-assign,misc]
        assert protecting.copy_if_due(database, home)
    assert len(Bucket(PLACE).copies()) == 2 and len(Bucket(PLACE).names()) == 4
    newest = "office/" + Bucket(PLACE).copies()[0]
    body = bytearray(s3.get_object(Bucket="copies", Key=newest)["Body"].read())
    body[len(body) // 2] ^= 1
    s3.put_object(Bucket="copies", Key=newest, Body=bytes(body))
    assert not protecting.drill(database, home)["ok"]
    assert not (tmp_path / "new" / "valhalla.db").exists()


def test_what_is_wrong_is_one_sentence(
    s3: Any, database: Database, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in ("s3://", "s3://UPPER/x", "s3://a"):
        with pytest.raises(UsageError, match="s3://BUCKET"):
            protecting.protect(database, home, address)
    with pytest.raises(NotFound, match="no bucket nowhere"):
        protecting.protect(database, home, "s3://nowhere")
    with pytest.raises(NotFound, match="no copy"):
        protecting.restore(Home(tmp_path / "new"), "s3://copies/empty")
    protecting.protect(database, home, PLACE)
    other = Home(tmp_path / "other")
    other.prepare()
    with open_database(other.database) as another, pytest.raises(UsageError, match="another file"):
        protecting.protect(another, other, PLACE)
    assert settings.value(database, "protect.folder") == PLACE

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(bucket, "ATTEMPTS", 1)
    with pytest.raises(BucketError, match="AWS_ENDPOINT_URL"):
        protecting.state(database)
    assert protecting.copy_if_due(database, home) is None
    assert [each["task"] for each in AlertSystem(database=database).get_alerts()] == [protecting.ALERT]
