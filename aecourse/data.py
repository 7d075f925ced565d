"""The images: the only module that touches the disk or the network."""

import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

# The chapters call the corruptions by these names too.
from aecourse.corruptions import add_gaussian_noise, mask_pixels, salt_and_pepper  # noqa: F401
from aecourse.validation import (
    IMAGE_SHAPE,
    check_choice,
    check_images,
    check_labels,
    check_share,
    check_whole_number,
    describe,
)

EMBEDDED = Path(__file__).with_name("mnist5000") / "mnist5000.npz"
EMBEDDED_SHA256 = "31ec1dfb0bfab9bc887493e60ae74e14d0ac7dd08a2317edfdbc8c9306ff6dff"


class ImageSet(Dataset):
    """Images with labels, in memory as uint8, turned to float32 in [0, 1] when they are asked for.

    Index it with a number, a slice or a tensor of indices: `images, labels = digits.train[:64]`, or
    `images, = faces[:64]` where there are no labels.

    Args:
        images: (N, 1, 28, 28) or (N, 28, 28); uint8 in 0..255 or float32 in [0, 1]. Float images
            stay float: nothing is rounded.
        labels: (N,) whole numbers; None where there are none.

    Raises:
        TypeError, ValueError: if shapes, types or ranges differ, or there are no images.
    """

    def __init__(self, images, labels=None):
        images, labels = (torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in (images, labels))
        if isinstance(images, torch.Tensor) and images.dim() == 3:
            images = images.unsqueeze(1)  # (N, 1, 28, 28)
        if isinstance(images, torch.Tensor) and images.dtype == torch.uint8:
            if images.numel() == 0 or tuple(images.shape[1:]) != IMAGE_SHAPE:
                raise ValueError(f"images: expected a non-empty set of shape (N, 1, 28, 28), got {describe(images)}.")
        else:
            check_images(images)
        if labels is not None:
            check_labels(labels, len(images))
            labels = labels.long()
        self._pixels, self.labels = images, labels

    def __len__(self):
        return len(self._pixels)

    def __getitem__(self, index):
        images = as_float(self._pixels[index])
        return (images,) if self.labels is None else (images, self.labels[index])

    def batch(self, indices):
        """The images at a tensor of indices, without labels; faster than `self[indices]`."""
        return as_float(self._pixels.index_select(0, indices))

    @property
    def images(self):
        """All images, a fresh (N, 1, 28, 28) float32 tensor in [0, 1]."""
        return as_float(self._pixels)

    def to(self, device):
        """The same set on another device."""
        moved = object.__new__(ImageSet)
        moved._pixels, moved.labels = self._pixels.to(device), None if self.labels is None else self.labels.to(device)
        return moved

    @property
    def device(self):
        """Where the images are kept, a `torch.device`."""
        return self._pixels.device

    def split(self, share, seed):
        """Cut off a share of the images by lot: `train, validation = digits.train.split(0.1, seed=0)`.

        With labels each class gives its share, to within one image. Both parts are copies in the set's own order,
        the same for a seed on every machine; the global random generators are neither used nor moved.

        Args:
            share: of the images for the second part, between 0 and 1; it has round(share · N).
            seed: a whole number of 0 or more.

        Returns:
            (rest, part), two `ImageSet`s.

        Raises:
            TypeError, ValueError: on bad input, or if a part would be empty.
        """
        check_share(share, "share")
        check_whole_number(seed, "seed", minimum=0)
        n = round(share * len(self))
        if not 0 < n < len(self):
            raise ValueError(
                f"share: expected one that leaves an image in both parts of {len(self):,}, got {share}, "
                f"which puts {n:,} in the second."
            )
        lot = np.random.RandomState(seed % 2**32).permutation(len(self))  # NumPy keeps its numbers for good
        classes = np.zeros(len(self), dtype=int) if self.labels is None else self.labels.cpu().numpy()
        _, members, counts = np.unique(classes[lot], return_inverse=True, return_counts=True)  # members: class of each
        wanted = np.floor(share * counts).astype(int)
        wanted[np.argsort(wanted - share * counts, kind="stable")[: n - wanted.sum()]] += 1  # the largest remainders
        chosen = torch.zeros(len(self), dtype=torch.bool)
        for member, count in enumerate(wanted):
            chosen[lot[members == member][:count]] = True
        return tuple(
            ImageSet(self._pixels[kept], None if self.labels is None else self.labels[kept])
            for kept in (~chosen.to(self.device), chosen.to(self.device))
        )

    def __repr__(self):
        return f"ImageSet of {len(self):,} images"


def as_float(pixels):
    """Grey values 0..255 (uint8) as a fresh float32 tensor in [0, 1]; float images are copied."""
    return pixels.float().div_(255) if pixels.dtype == torch.uint8 else pixels.clone()


@dataclass(frozen=True)
class Split:
    """A data set cut in two: `train` and `test`, each an `ImageSet`."""

    train: ImageSet
    test: ImageSet

    @property
    def all(self):
        """Train and test together, in that order; with labels where both have them."""
        labels = [self.train.labels, self.test.labels]
        return ImageSet(
            torch.cat([self.train._pixels, self.test._pixels]),
            None if any(part is None for part in labels) else torch.cat(labels),
        )


def load_mnist(size="embedded", folder=None):
    """Handwritten digits (LeCun et al. 1998).

    Args:
        size: "embedded" for 5,000 digits that come with the course (4,000 train, 1,000 test, the same
            number of each class, no network); "full" for all 60,000 and 10,000 through torchvision.
        folder: where the full set is kept; None: the variable AECOURSE_DATA, then the user's cache.

    Returns:
        A `Split`.

    Raises:
        OSError: if the embedded file is damaged, or the full set is neither at hand nor to be had.
    """
    check_choice(size, "size", ("embedded", "full"))
    if size == "full":
        return _load_torchvision("MNIST", folder)
    content = EMBEDDED.read_bytes()
    if hashlib.sha256(content).hexdigest() != EMBEDDED_SHA256:
        raise OSError(f"The embedded digits in {EMBEDDED} are damaged (their SHA-256 differs): reinstall aecourse.")
    with np.load(EMBEDDED) as arrays:
        train, test = (
            ImageSet(arrays[f"{part}_images"], arrays[f"{part}_labels"].astype(np.int64)) for part in ("train", "test")
        )
    return Split(train, test)


def load_fashion_mnist(folder=None):
    """Pictures of clothes in the shape of MNIST (Xiao et al. 2017, arXiv:1708.07747): 60,000 and 10,000.

    Args, returns, raises: as `load_mnist("full")`.
    """
    return _load_torchvision("FashionMNIST", folder)


def _cache_folder(folder):
    """Where full data sets are kept: the argument, then AECOURSE_DATA, then the user's cache."""
    import platformdirs  # here, not above: the embedded digits do without

    if not (folder is None or isinstance(folder, (str, os.PathLike))):
        raise TypeError(f"folder: expected a path or None, got {describe(folder)}.")
    return Path(folder or os.environ.get("AECOURSE_DATA") or platformdirs.user_cache_dir("aecourse"))


def _load_torchvision(name, folder):
    """Load a 28 × 28 data set of torchvision, downloading it on first use."""
    from torchvision import datasets  # here, not above: the embedded digits do without

    folder = _cache_folder(folder)
    raw = folder / name / "raw"
    before = {path: path.stat().st_mtime_ns for path in raw.glob("*")}
    dataset = getattr(datasets, name)
    try:
        # torchvision unpacks only files with the checksum of its own mirror; by hand, any whole copy will do.
        for packed in raw.glob("*-ubyte.gz"):
            if not packed.with_suffix("").exists():
                try:
                    datasets.utils.extract_archive(str(packed))
                except (OSError, EOFError, zlib.error):  # a damaged copy: torchvision will fetch it anew
                    packed.with_suffix("").unlink(missing_ok=True)
        parts = [dataset(folder, train=train, download=True) for train in (True, False)]
    except BaseException as error:
        for path in raw.glob("*"):
            if path.stat().st_mtime_ns != before.get(path):  # perhaps half-written
                path.unlink()
        if not isinstance(error, Exception):  # Ctrl-C: tidied up, not renamed
            raise
        files = ", ".join(Path(url).name for url, _ in dataset.resources)
        reason = " ".join(str(error).split())
        raise OSError(
            f"{name} was not found whole in {raw} and could not be downloaded ({reason}): connect to a network, "
            f"or put {files} into that folder by hand, or use data.load_mnist(), which needs no network."
        ) from error
    return Split(*(ImageSet(part.data, part.targets) for part in parts))
