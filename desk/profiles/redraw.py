"""The child that draws a picture anew: from standard input, to standard output as a small WebP.

A script of its own, started by `desk.profiles.source`, so that nothing but Pillow is loaded beside a
stranger's bytes. Exits with 1 where they are no picture.
"""

from __future__ import annotations

import io
import resource
import sys
import warnings
from typing import Final

SIDE: Final = 256
PIXELS_MAX: Final = 2048 * 2048  # as `samehand.pictures.hashing` reads at most
MEMORY_BYTES_MAX: Final = 160 * 1024 * 1024  # such a picture takes 110 MB; a desk has 512
CPU_SECONDS_MAX: Final = 2
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")


def main() -> int:
    """Draws standard input. Returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    from PIL import Image, ImageOps

    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX // 2  # Pillow refuses twice as many
    try:
        with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=FORMATS) as opened:
            opened.draft("RGB", (SIDE, SIDE))
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
        picture.thumbnail((SIDE, SIDE))
        drawn = io.BytesIO()
        picture.save(drawn, "WEBP", quality=80)
    except Exception:  # the decoders of four formats raise various exceptions, all of one meaning
        return 1
    sys.stdout.buffer.write(drawn.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
