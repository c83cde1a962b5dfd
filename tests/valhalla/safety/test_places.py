"""Places where the file does not belong are named."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath
from types import SimpleNamespace

import psutil
import pytest

from valhalla.safety import places


@pytest.mark.parametrize(
    "folder",
    [
        "OneDrive",
        "OneDrive - Smith Homes LLC",
        "Dropbox",
        "Dropbox (Personal)",
        "Google Drive",
        "My Drive",
        "Nextcloud",
    ],
)
def test_a_synchronised_folder_is_named(folder: str) -> None:
    home = Path("/home/me") / folder / "Leads" / "Valhalla"
    told = places.warning(home)
    assert told is not None
    assert folder in told and "choose another --home" in told


def test_the_folder_that_onedrive_names_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OneDrive", str(tmp_path / "Cloud"))
    assert places.warning(tmp_path / "Cloud" / "Valhalla") is not None
    assert places.warning(tmp_path / "Clouds" / "Valhalla") is None


def test_the_mark_of_a_synchronising_program(tmp_path: Path) -> None:
    (tmp_path / ".stfolder").mkdir()
    assert places.warning(tmp_path / "Valhalla") is not None


def test_a_network_drive_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\n//nas/a /mnt/the\\040share cifs rw 0 0\n/dev/sdb1 /mnt/the ext4 rw\n\n"
    )
    monkeypatch.setattr(places, "MOUNTS", mounts)
    told = places.warning(Path("/mnt/the share/Valhalla"))
    assert told is not None and "network drive" in told
    assert places.warning(Path("/mnt/the/Valhalla")) is None
    assert places.warning(Path("/mnt/the share too/Valhalla")) is None


def test_a_network_drive_is_named_on_other_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(places, "MOUNTS", tmp_path / "nothing")
    partitions = [
        SimpleNamespace(mountpoint="/", fstype="ext4"),
        SimpleNamespace(mountpoint="/mnt/share", fstype="cifs"),
    ]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: partitions)
    told = places.warning(Path("/mnt/share/Valhalla"))
    assert told is not None and "network drive" in told
    assert places.warning(Path("/mnt/shared/Valhalla")) is None


def test_a_share_of_another_computer_on_windows() -> None:
    assert places._is_remote_on_windows(PureWindowsPath(r"\\server\leads\Valhalla"))
    assert places._is_remote_on_windows(PureWindowsPath(r"\\?\UNC\server\leads\Valhalla"))
    assert not places._is_remote_on_windows(PureWindowsPath(r"\\?\C:\Valhalla"))


def test_a_folder_of_this_computer_is_fine(tmp_path: Path) -> None:
    assert places.warning(tmp_path / "Valhalla") is None
