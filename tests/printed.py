"""Small PDFs for tests, written by hand: type at places, ruled lines, pictures of pages.

Type is Courier, of which every character is 0.6 of the size wide, so a test knows where its lines
end.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 595, 842
LEFT = 70.0
WIDE = 75
"""Characters of 10 points that fit between the margins."""


@dataclass(slots=True)
class Sheet:
    """One page in the making; places are points from its top left corner."""

    drawn: list[str] = field(default_factory=list)
    picture: Image.Image | None = None
    turn: int = 0

    def type(
        self, text: str, y: float, *, x: float = LEFT, size: float = 10, bold: bool = False
    ) -> None:
        """Set one line with its baseline ``y`` below the top of the page."""
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        font = "B" if bold else "R"
        self.drawn.append(f"BT /{font} {size} Tf {x} {HEIGHT - y} Td ({escaped}) Tj ET")

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a straight line."""
        self.drawn.append(f"0.5 w {x0} {HEIGHT - y0} m {x1} {HEIGHT - y1} l S")

    def grid(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        """Draw the rules of a table."""
        for y in ys:
            self.rule(xs[0], y, xs[-1], y)
        for x in xs:
            self.rule(x, ys[0], x, ys[-1])

    def lines(
        self, text: str, y: float, *, x: float = LEFT, wide: int = WIDE, size: float = 10
    ) -> float:
        """Set text in lines of at most ``wide`` characters; where the next line would stand."""
        for line in wrapped(text, wide):
            self.type(line, y, x=x, size=size)
            y += 1.2 * size
        return y


def wrapped(text: str, wide: int) -> list[str]:
    """Words in lines of at most ``wide`` characters, where they are not longer themselves."""
    found: list[str] = []
    for word in text.split():
        if found and len(found[-1]) + 1 + len(word) <= wide:
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def pdf(sheets: Sequence[Sheet]) -> bytes:
    """The bytes of a PDF with these pages."""
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    for name in ("Courier", "Courier-Bold"):
        entry = f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
        objects.append(entry.encode())
    kids: list[int] = []
    for sheet in sheets:
        content = "\n".join(sheet.drawn)
        across, down = WIDTH, HEIGHT
        if sheet.picture is not None and sheet.picture.width > sheet.picture.height:
            across, down = down, across
        images = ""
        if sheet.picture is not None:
            objects.append(_image(sheet.picture))
            images = f" /XObject << /I {len(objects)} 0 R >>"
            content += f"\nq {across} 0 0 {down} 0 0 cm /I Do Q"
        stream = zlib.compress(content.encode("cp1252"))
        head = f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + stream + b"\nendstream")
        box = f"/MediaBox [0 0 {across} {down}] /Rotate {sheet.turn}"
        fonts = f"/Resources << /Font << /R 3 0 R /B 4 0 R >>{images} >>"
        page = f"<< /Type /Page /Parent 2 0 R {box} {fonts} /Contents {len(objects)} 0 R >>"
        objects.append(page.encode())
        kids.append(len(objects))
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<< /Type /Pages /Kids [{listed}] /Count {len(kids)} >>".encode()
    return _file(objects)


def _image(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.convert("L").save(buffer, "JPEG", quality=90)
    data = buffer.getvalue()
    head = (
        f"<< /Type /XObject /Subtype /Image /Width {picture.width} /Height {picture.height}"
        " /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode"
        f" /Length {len(data)} >>\nstream\n"
    )
    return head.encode() + data + b"\nendstream"


def _file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode()
    return bytes(out)


def photographed(lines: Sequence[str], size: int = 34) -> Image.Image:
    """A picture of a page with these lines on it, at about 150 dots an inch."""
    picture = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size)
    for position, line in enumerate(lines):
        draw.text((120, 150 + position * 1.5 * size), line, fill=0, font=font)
    return picture
