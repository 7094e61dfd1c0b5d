"""What an image's mode does not tell: each kind is read as it is meant, or refused by name."""

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn_experiments.data import folders
from theory.common.errors import UserError

HEIGHT, WIDTH = 5, 4
_ORIENTATION = 274


def colors(seed=0, channels=3):
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, channels), np.uint8)


def png(array, color_type):
    """A PNG of 16 bits a channel, which Pillow does not write in color (PNG 1.2, section 2.3)."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    height, width = array.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in chunks)


def tiff(array, order):
    """A TIFF of 16 bits a channel in RGB, or in CMYK if there are four (TIFF 6.0, section 2)."""
    height, width, channels = array.shape
    data = array.astype(f"{order}u2").tobytes()
    after = 8 + 2 + 12 * 9 + 4  # header, number of entries, entries, no further directory
    short, long = 3, 4
    entries = [
        (256, short, 1, width), (257, short, 1, height), (258, short, channels, after),
        (259, short, 1, 1), (262, short, 1, 2 if channels == 3 else 5),
        (273, long, 1, after + 2 * channels), (277, short, 1, channels),
        (278, short, 1, height), (279, long, 1, len(data)),
    ]  # fmt: skip
    packed = [
        struct.pack(f"{order}HHI", tag, kind, count)
        + struct.pack(order + ("HH" if kind == short and count == 1 else "I"), *_of(kind, count, v))
        for tag, kind, count, v in entries
    ]
    begin = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    bits = struct.pack(f"{order}{channels}H", *[16] * channels)
    number = struct.pack(f"{order}H", len(entries))
    return begin + number + b"".join(packed) + struct.pack(f"{order}I", 0) + bits + data


def _of(kind, count, value):
    return (value, 0) if kind == 3 and count == 1 else (value,)


def ppm(kind, largest, value):
    numbers = np.full((HEIGHT, WIDTH, 3 if kind == 6 else 1), value)
    return (
        b"P%d %d %d %d\n" % (kind, WIDTH, HEIGHT, largest)
        + numbers.astype(">u2" if largest > 255 else np.uint8).tobytes()
    )


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def read(tmp_path, name, content):
    """Read a folder whose one image to train on is this, and its path."""
    for part, file in (("train", name), ("test", "test.png")):
        (tmp_path / part / "cat").mkdir(parents=True, exist_ok=True)
        path = tmp_path / part / "cat" / file
        path.write_bytes(content if part == "train" else saved(Image.fromarray(colors()), "PNG"))
    train, _ = folders.read_own(tmp_path)
    return train.pixels[0].permute(1, 2, 0).numpy()


# Where the first row and the first column of what is stored are shown: EXIF 2.3, tag 274.
TURNED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_a_turned_image_is_read_upright(orientation, kind, tmp_path):
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    upright = colors()
    # What is stored is what is turned to the upright one; of turns by 90° the other's inverse.
    undone = {6: 8, 8: 6}.get(orientation, orientation)
    stored = Image.fromarray(np.ascontiguousarray(TURNED[undone](upright)))
    options = {"lossless": True} if kind == "WEBP" else {}
    content = saved(stored, kind, exif=exif, **options)
    assert np.array_equal(read(tmp_path, f"x.{kind.lower()}", content), upright)


def test_a_turned_photograph_beside_upright_ones_has_their_size(tmp_path):
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    gray = np.repeat(np.arange(16, dtype=np.uint8)[:, None] * 16, 8, axis=1)  # dark above
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(gray, 1)))
    upright = {"b.jpg": (Image.fromarray(gray), {}), "a.jpg": (turned, {"exif": exif})}
    for part in ("train", "test"):
        folder = tmp_path / part / "cat"
        folder.mkdir(parents=True)
        for name, (image, options) in upright.items():
            (folder / name).write_bytes(saved(image, "JPEG", quality=100, **options))
    train, _ = folders.read_own(tmp_path)
    assert train.shape == (1, 16, 8)
    # A JPEG of the best quality is off by a level or two.
    assert (train.pixels.float() - train.pixels[1].float()).abs().max() <= 3


WIDE = np.full((HEIGHT, WIDTH, 4), 200, np.uint16)
SMALL = Image.fromarray(colors())
CLEAR = Image.new("RGBA", (WIDTH, HEIGHT), (1, 2, 3, 4))
PALETTE = SMALL.convert("P", palette=Image.Palette.ADAPTIVE)
PICTURES = {"save_all": True, "append_images": [Image.fromarray(colors(1))]}
REFUSED = {
    "16 bits, RGB": ("x.png", png(WIDE[..., :3], 2), r"16 bits \(Pillow's mode RGB\)"),
    "16 bits, gray": ("x.png", png(WIDE[..., :1], 0), "16 bits .* mode I;16"),
    "16 bits, RGBA": ("x.png", png(WIDE, 6), "transparency"),
    "16 bits, gray and alpha": ("x.png", png(WIDE[..., :2], 4), "transparency"),
    "16 bits, little-endian": ("x.tif", tiff(WIDE[..., :3], "<"), "16 bits .* mode RGB"),
    "16 bits, big-endian": ("x.tif", tiff(WIDE[..., :3], ">"), "16 bits .* mode RGB"),
    "16 bits, CMYK": ("x.tif", tiff(WIDE, "<"), "16 bits .* mode CMYK"),
    "10 bits, gray": ("x.pgm", ppm(5, 1023, 200), "32 bits .* mode I"),
    "10 bits, RGB": ("x.ppm", ppm(6, 1023, 200), "10 bits .* mode RGB"),
    "32 bits": ("x.tif", saved(Image.new("I", (WIDTH, HEIGHT), 9), "TIFF"), "32 bits .* mode I"),
    "floats": ("x.tif", saved(Image.new("F", (WIDTH, HEIGHT), 9), "TIFF"), "32 bits .* mode F"),
    "L*a*b*": ("x.tif", saved(Image.new("LAB", (WIDTH, HEIGHT)), "TIFF"), "mode LAB"),
    "RGBA": ("x.png", saved(SMALL.convert("RGBA"), "PNG"), r"transparency .* mode RGBA"),
    "LA": ("x.png", saved(SMALL.convert("LA"), "PNG"), "transparency .* mode (LA|RGBA)"),
    "WebP's alpha": ("x.webp", saved(CLEAR, "WEBP"), "transparency"),
    "one transparent color": (
        "x.png", saved(SMALL, "PNG", transparency=(1, 2, 3)), r"transparency .* mode RGB\)",
    ),
    "one transparent gray": (
        "x.png", saved(SMALL.convert("L"), "PNG", transparency=7), r"transparency .* mode L\)",
    ),
    "a palette with transparency": (
        "x.png", saved(PALETTE, "PNG", transparency=3), r"transparency .* mode P\)",
    ),
    "an animated PNG": ("x.png", saved(SMALL, "PNG", **PICTURES), "2 pictures"),
    "an animated WebP": ("x.webp", saved(SMALL, "WEBP", lossless=True, **PICTURES), "2 pictures"),
    "a TIFF of pages": ("x.tif", saved(SMALL, "TIFF", **PICTURES), "2 pictures"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_could_be_read_in_more_than_one_way_is_refused_by_name(kind, tmp_path):
    name, content, message = REFUSED[kind]
    with pytest.raises(UserError, match=message) as told:
        read(tmp_path, name, content)
    assert str(tmp_path / "train/cat" / name) in str(told.value)
    assert "\n" not in str(told.value)


def test_the_first_of_a_photographs_pictures_is_the_photograph(tmp_path):
    plain = saved(SMALL, "JPEG", quality=100)
    several = saved(SMALL, "MPO", quality=100, **PICTURES)
    with Image.open(io.BytesIO(several)) as image:
        assert (image.format, image.n_frames) == ("MPO", 2)
    assert np.array_equal(read(tmp_path, "x.jpg", several), read(tmp_path, "x.jpg", plain))


def test_fewer_bits_are_spread_over_the_whole_range(tmp_path):
    one = Image.fromarray(colors()[..., 0] > 127)
    assert one.mode == "1"
    expected = np.where(np.asarray(one), 255, 0)[..., None]
    for name, kind in (("x.png", "PNG"), ("x.tif", "TIFF"), ("x.bmp", "BMP")):
        found = read(tmp_path, name, saved(one, kind))
        assert np.array_equal(found, np.broadcast_to(expected, found.shape))
        (tmp_path / "train/cat" / name).unlink()
    for value, level in ((0, 0), (5, 85), (15, 255)):
        assert (read(tmp_path, "x.ppm", ppm(6, 15, value)) == level).all()


def test_a_palette_is_looked_up(tmp_path):
    assert np.array_equal(
        read(tmp_path, "x.png", saved(PALETTE, "PNG")), np.asarray(PALETTE.convert("RGB"))
    )


def test_cmyk_is_made_rgb_without_a_profile(tmp_path):
    inks = colors(channels=4)
    found = read(tmp_path, "x.tif", saved(Image.fromarray(inks, "CMYK"), "TIFF"))
    light = 255 - inks.astype(float)
    assert np.abs(found - light[..., :3] * light[..., 3:] / 255).max() <= 1


def test_color_profiles_are_not_applied(tmp_path):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    content = saved(SMALL, "PNG", icc_profile=profile)
    assert np.array_equal(read(tmp_path, "x.png", content), colors())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "PPM"])
def test_a_damaged_file_is_read_or_refused_by_name(kind, tmp_path):
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    options = {} if kind in ("BMP", "PPM") else {"exif": exif}
    whole = saved(SMALL.transpose(Image.Transpose.ROTATE_90), kind, **options)
    draw = np.random.default_rng(0)
    cut = [whole[:k] for k in range(0, len(whole), max(1, len(whole) // 40))]
    flipped = []
    for _ in range(120):
        spoilt = bytearray(whole)
        spoilt[draw.integers(len(whole))] ^= 1 << int(draw.integers(8))
        flipped.append(bytes(spoilt))
    told = 0
    for content in (*cut, *flipped):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's own, of what it could still read
                read(tmp_path, f"x.{kind.lower()}", content)
        except UserError as error:
            assert "x." in str(error)  # noqa: PT017
            told += 1
    assert told >= len(cut) - 1  # the file is whole without its last few bytes, perhaps


@pytest.mark.parametrize(
    "name", ["a b", "ünï", "猫", "[x]*?", "$a_b$", "100%", "-o", "a\nb", "a\\b"]
)
def test_folders_may_have_any_name(name, tmp_path):
    for part in ("train", "test"):
        path = tmp_path / name / part / name / "1.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(saved(SMALL, "PNG"))
    train, _ = folders.read_own(Path(tmp_path / name))
    assert np.array_equal(train.pixels[0].permute(1, 2, 0).numpy(), colors())
