"""Draws the program's icon: three bars that rise under a roof, on a dark plate."""

from __future__ import annotations

from pathlib import Path

SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
_FINE = 4  # drawn this much larger and made small again, which smooths the edges

_PLATE = (27, 42, 65, 255)
_ROOF = (245, 247, 250, 255)
_BARS = ((111, 168, 220, 255), (143, 200, 160, 255), (246, 190, 84, 255))


def write(path: Path) -> Path:
    """Write the icon with all sizes that Windows asks for, as ``.ico``. The same bytes every time."""
    from PIL import Image

    pictures = [_picture(size) for size in SIZES]
    largest = pictures[-1]
    assert isinstance(largest, Image.Image)
    path.parent.mkdir(parents=True, exist_ok=True)
    largest.save(path, format="ICO", sizes=[(size, size) for size in SIZES], append_images=pictures[:-1])
    return path


def _picture(size: int):  # type: ignore[no-untyped-def]
    from PIL import Image, ImageDraw

    full = size * _FINE
    picture = Image.new("RGBA", (full, full), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)

    def at(x: float, y: float) -> tuple[float, float]:
        return x * full / 100, y * full / 100

    pen.rounded_rectangle((*at(2, 2), *at(98, 98)), radius=full * 0.2, fill=_PLATE)
    thick = max(full // 12, 1)
    pen.line((at(14, 48), at(50, 17), at(86, 48)), fill=_ROOF, width=thick, joint="curve")
    for end in ((14, 48), (86, 48)):
        x, y = at(*end)
        pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=_ROOF)
    for place, (height, colour) in enumerate(zip((20, 32, 44), _BARS, strict=True)):
        left = 22 + place * 20
        pen.rectangle((*at(left, 86 - height), *at(left + 15, 86)), fill=colour)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    import sys

    print(write(Path(sys.argv[1] if len(sys.argv) > 1 else "dist/valhalla.ico")))
