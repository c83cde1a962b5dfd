"""Protected copies in a bucket of S3, or of anything that speaks like it.

boto3 finds user, password and address where its other programs look for them (``AWS_ACCESS_KEY_ID``, ``~/.aws``,
``AWS_ENDPOINT_URL``): none of them is in the database, which is copied. A copy counts from when its manifest is there, which goes
up last; bytes that arrive otherwise than they were sent are refused by the other side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.inspecting import manifest_path
from valhalla.program.errors import NotFound, UsageError, ValhallaError

if TYPE_CHECKING:
    from collections.abc import Sequence

ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
MANIFEST = manifest_path(Path("x")).name.removeprefix("x")

ATTEMPTS = 4
"""How often a request is tried."""

REACHED, ANSWERED = 20, 60
"""Seconds in which a server has to be reached, and to answer: it puts a gigabyte together before it says that it has it."""

PART, AT_ONCE = 32 << 20, 4
"""Bytes of a copy in one request, and how many at once: a gigabyte is 32 requests, which a slow server answers, too."""


class BucketError(ValhallaError):
    """The bucket could not be used."""


class Bucket:
    """The copies under one address, such as ``s3://name/folder``. Raises :class:`UsageError` for what is no such address."""

    def __init__(self, address: str) -> None:
        found = ADDRESS.fullmatch(address.rstrip("/"))
        if found is None:
            raise UsageError(
                f"{address} is not an address of a bucket; write s3://BUCKET or s3://BUCKET/FOLDER"
            )
        self.address = address.rstrip("/")
        self._bucket, folder = found[1], (found[2] or "").strip("/")
        self._prefix = f"{folder}/" if folder else ""
        self._client = _client()

    def names(self) -> list[str]:
        """The files there, without the address."""
        with self._explained("looked at"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
            )
            keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
        return [name for key in keys if "/" not in (name := key.removeprefix(self._prefix))]

    def copies(self) -> list[str]:
        """The whole copies, the newest first: those whose manifest is there."""
        names = set(self.names())
        return sorted((each for each in names if f"{each}{MANIFEST}" in names), reverse=True)

    def put(self, copy: Path) -> str:
        """Send a copy, then its manifest. Returns its address."""
        with self._explained("written"):
            for each in (copy, manifest_path(copy)):
                self._client.upload_file(
                    str(each),
                    self._bucket,
                    self._prefix + each.name,
                    ExtraArgs={"ChecksumAlgorithm": "SHA256"},
                    Config=_in_parts(),
                )
                size = self._client.head_object(Bucket=self._bucket, Key=self._prefix + each.name)[
                    "ContentLength"
                ]
                if size != each.stat().st_size:
                    raise BucketError(
                        f"{self.address} holds {size} bytes of {each.name}, which has {each.stat().st_size}"
                    )
        return f"{self.address}/{copy.name}"

    def get(self, name: str, folder: Path, *, only_manifest: bool = False) -> Path:
        """Fetch a copy with its manifest into ``folder``."""
        target = folder / name
        with self._explained("read"):
            for each in (manifest_path(target),) if only_manifest else (target, manifest_path(target)):
                self._client.download_file(
                    self._bucket, self._prefix + each.name, str(each), Config=_in_parts()
                )
        return target

    def remove(self, names: Sequence[str]) -> None:
        """Remove copies: first the manifest, so that half a copy never counts."""
        with self._explained("written"):
            for name in names:
                for each in (f"{name}{MANIFEST}", name):
                    self._client.delete_object(Bucket=self._bucket, Key=self._prefix + each)

    def pieces(self, prefix: str) -> list[tuple[str, int]]:
        """Files in the folders whose names begin so: the path, and when the file came (UTC microseconds)."""
        with self._explained("looked at"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            found = [
                (each["Key"], each["LastModified"]) for page in pages for each in page.get("Contents", ())
            ]
        start = len(self._prefix)
        return [(key[start:], int(at.timestamp()) * 1_000_000) for key, at in found]

    def for_litestream(self, folder: str) -> dict[str, Any]:
        """A folder here, in the words of Litestream's configuration; user and password it finds where boto3 does."""
        where: dict[str, Any] = {"bucket": self._bucket, "path": self._prefix + folder}
        if region := self._client.meta.region_name:
            where["region"] = region
        if not str(self._client.meta.endpoint_url).endswith(".amazonaws.com"):
            where |= {"endpoint": self._client.meta.endpoint_url, "force-path-style": True}
        return where

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "unknown"))
            if code in ("NoSuchBucket", "404"):
                raise NotFound(f"there is no bucket {self._bucket}, or not that copy in it") from None
            raise BucketError(f"{self.address} could not be {what} ({code}); see its access rules") from None
        except (BotoCoreError, Boto3Error) as error:
            raise BucketError(
                f"{self.address} could not be {what} ({type(error).__name__}); see AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
                "AWS_ENDPOINT_URL and the network"
            ) from None


def _client() -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise UsageError(
            "copies to a bucket need a package that is not here: pip install 'valhalla[s3]'; the executable copies to folders, "
            "such as one that is synced"
        ) from None
    retries: Any = {"max_attempts": ATTEMPTS, "mode": "standard"}
    return boto3.client("s3", config=Config(retries=retries, connect_timeout=REACHED, read_timeout=ANSWERED))


def _in_parts() -> Any:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=AT_ONCE)
