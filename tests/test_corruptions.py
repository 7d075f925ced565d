"""Each corruption does what it says, follows the seed, leaves the original alone and refuses what is no image."""

from functools import partial

import pytest
import torch

from aecourse import corruptions, data, reproducibility

CORRUPTIONS = [
    partial(corruptions.add_gaussian_noise, std=0.3),
    partial(corruptions.mask_pixels, share=0.3),
    partial(corruptions.salt_and_pepper, share=0.3),
]
EACH = pytest.mark.parametrize("corrupt", CORRUPTIONS, ids=lambda corrupt: corrupt.func.__name__)


@EACH
@pytest.mark.parametrize("shape", [(8, 1, 28, 28), (8, 3, 32, 20), (1, 1, 5, 5)], ids=str)
def test_shape_and_range_stay_and_so_does_the_original(corrupt, shape):
    x = torch.rand(shape)
    before = x.clone()
    corrupted = corrupt(x)
    assert corrupted.shape == x.shape and corrupted.dtype == x.dtype
    assert corrupted.min() >= 0 and corrupted.max() <= 1
    assert torch.equal(x, before) and not torch.equal(corrupted, x)


@EACH
def test_the_seed_decides_and_each_call_draws_anew(corrupt):
    x = torch.rand(4, 1, 28, 28)
    reproducibility.seed_everything(0)
    first, second = corrupt(x), corrupt(x)
    reproducibility.seed_everything(0)
    assert torch.equal(corrupt(x), first) and not torch.equal(first, second)


@EACH
@pytest.mark.parametrize("strength", [0, 0.0])
def test_a_strength_of_zero_corrupts_nothing(corrupt, strength):
    x = torch.rand(4, 1, 28, 28)
    (name,) = corrupt.keywords
    assert torch.equal(corrupt.func(x, **{name: strength}), x)


def test_noise_has_its_mean_and_width_before_it_is_clamped():
    torch.manual_seed(0)
    x = torch.full((200, 1, 28, 28), 0.5)
    noise = corruptions.add_gaussian_noise(x, 0.3, clamp=False) - x
    assert abs(noise.mean()) < 0.005 and abs(noise.std() - 0.3) < 0.005
    torch.manual_seed(0)
    assert torch.equal(corruptions.add_gaussian_noise(x, 0.3), (x + noise).clamp(0, 1))


def test_masks_and_salt_have_their_share():
    torch.manual_seed(0)
    x = torch.full((200, 1, 28, 28), 0.5)
    masked, salted = corruptions.mask_pixels(x, 0.25), corruptions.salt_and_pepper(x, 0.4)
    for corrupted, value, share in ((masked, 0, 0.25), (masked, 0.5, 0.75), (salted, 0, 0.2), (salted, 1, 0.2)):
        assert abs((corrupted == value).float().mean() - share) < 0.01
    assert (corruptions.mask_pixels(x, 1) == 0).all()


def test_the_channels_of_a_pixel_are_corrupted_apart():
    x = torch.full((50, 3, 8, 8), 0.5)
    for corrupt in CORRUPTIONS:
        red, green, _ = corrupt(x).unbind(1)
        assert not torch.equal(red, green)


GOOD = torch.rand(2, 1, 28, 28)
BAD = {
    "None": (None, "float32 images of shape (N, C, H, W), got None."),
    "bytes": (torch.zeros(2, 1, 28, 28, dtype=torch.uint8), "got a uint8 tensor"),
    "one image": (GOOD[0], "of shape (N, C, H, W), got a float32 tensor of shape (1, 28, 28)."),
    "rows": (GOOD.flatten(1), "got a float32 tensor of shape (2, 784)."),
    "no image": (GOOD[:0], "which is empty."),
    "0..255": (255 * GOOD, "divide images of 0..255 by 255."),
    "noise": (GOOD + 1, "expected values in [0, 1]"),
    "NaN": (GOOD / 0 * 0, "NaN"),
}


@EACH
@pytest.mark.parametrize("name", BAD)
def test_what_is_no_image_gets_a_sentence(corrupt, name):
    x, words = BAD[name]
    with pytest.raises((TypeError, ValueError)) as caught:
        corrupt(x)
    sentence = str(caught.value)
    assert sentence.startswith("x: expected") and words in sentence and sentence.endswith(".") and "\n" not in sentence


@pytest.mark.parametrize("std", [-0.1, float("nan"), float("inf"), None, "0.3", True, torch.tensor(0.3)], ids=repr)
def test_a_bad_std_gets_a_sentence(std):
    with pytest.raises((TypeError, ValueError), match=r"^std: expected a number of 0 or more, got .*\.$"):
        corruptions.add_gaussian_noise(GOOD, std)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan"), None, "0.3", True], ids=repr)
@pytest.mark.parametrize("corrupt", [corruptions.mask_pixels, corruptions.salt_and_pepper])
def test_a_bad_share_gets_a_sentence(corrupt, share):
    with pytest.raises((TypeError, ValueError), match=r"^share: expected a number from 0 to 1, got .*\.$"):
        corrupt(GOOD, share)


def test_the_names_in_data_are_the_same_functions():
    for corrupt in CORRUPTIONS:
        assert getattr(data, corrupt.func.__name__) is corrupt.func


def test_a_shift_moves_images_and_maps_by_whole_pixels():
    x = torch.arange(2.0 * 3 * 4 * 5).view(2, 3, 4, 5) + 1
    right, left = corruptions.shift(x, 2), corruptions.shift(x, -1)
    assert torch.equal(right[..., 2:], x[..., :-2]) and right[..., :2].abs().sum() == 0
    assert torch.equal(left[..., :-1], x[..., 1:]) and left[..., -1].abs().sum() == 0
    assert torch.equal(corruptions.shift(x, 0), x)


@pytest.mark.parametrize(
    ("x", "pixels", "name"), [(torch.zeros(3, 28), 1, "x"), ("x", 1, "x"), (torch.zeros(1, 1, 5, 5), 0.5, "pixels")]
)
def test_a_shift_refuses_what_it_cannot_move(x, pixels, name):
    with pytest.raises(TypeError, match=f"^{name}: expected"):
        corruptions.shift(x, pixels)
