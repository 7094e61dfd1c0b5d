"""Images a block at a time: the spectra of a whole data set need not fit the device."""

from __future__ import annotations

from collections.abc import Iterator

from nn_experiments.data.images import Images

# Of float64 spectra, with the ranks that a filter makes of them: some 150 MB.
_VALUES_PER_BLOCK = 2**22


def blocks(images: Images) -> Iterator[slice]:
    """Yield slices that together are all images, each of at least one image."""
    channels, height, width = images.shape
    size = max(1, _VALUES_PER_BLOCK // max(1, channels * height * width))
    for start in range(0, len(images), size):
        yield slice(start, start + size)
