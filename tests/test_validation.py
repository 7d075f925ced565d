"""Bad input to any public function: one sentence with what was expected and what came."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aecourse import data, losses, metrics, models, plotting, training

MODEL = models.VanillaAutoencoder(latent_dim=3, hidden_dims=(8,))
IMAGES, LABELS, CODES = torch.rand(4, 1, 28, 28), torch.arange(4), torch.rand(4, 3)
SET = data.ImageSet(IMAGES, LABELS)
FEATURES = metrics.classifier_features(IMAGES, LABELS)
VAE = models.VariationalAutoencoder(latent_dim=3, hidden_dims=(8,))
DENSITY = models.fit_latent_density(MODEL, torch.rand(100, 1, 28, 28))

dtypes = st.sampled_from([torch.float32, torch.float64, torch.int64, torch.uint8, torch.bool])
shapes = st.lists(st.sampled_from([0, 1, 2, 3, 28]), max_size=5).map(tuple)
others = st.sampled_from([None, "digits", 3, 2.5, True, [[0.0]], np.zeros((2, 1, 28, 28)), SET, object()])
not_finite = st.sampled_from([float("nan"), float("inf"), -float("inf")])


def is_image_batch(x):
    return x.dtype == torch.float32 and x.dim() == 4 and x.shape[1:] == (1, 28, 28) and len(x) > 0


@st.composite
def bad_images(draw):
    """Anything but finite float32 images of shape (N, 1, 28, 28)."""
    if draw(st.booleans()):
        return draw(others)
    if draw(st.booleans()):
        images = IMAGES.clone()
        images[draw(st.integers(0, 3)), 0, draw(st.integers(0, 27)), 5] = draw(not_finite)
        return images
    images = torch.zeros(draw(shapes), dtype=draw(dtypes))
    return images if not is_image_batch(images) else images.double()


@st.composite
def bad_codes(draw):
    """Anything but finite float32 codes of shape (N, 3)."""
    if draw(st.booleans()):
        return draw(others)
    codes = torch.zeros(draw(shapes), dtype=draw(dtypes))
    good = codes.dtype == torch.float32 and codes.dim() == 2 and codes.shape[1] == 3 and len(codes) > 0
    return codes.double() if good else codes


@st.composite
def bad_sizes(draw):
    return draw(st.one_of(st.integers(max_value=0), st.floats(), st.booleans(), st.none(), st.text(max_size=3)))


def refuses(function, *arguments):
    """The call raises TypeError or ValueError with one sentence."""
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*arguments)
    sentence = str(caught.value)
    assert "expected" in sentence and "\n" not in sentence and sentence.endswith("."), sentence


WITH_IMAGES = {
    "encode": MODEL.encode,
    "forward": MODEL,
    "loss": MODEL.loss,
    "reconstruction_mse": lambda x: metrics.reconstruction_mse(MODEL, x),
    "reconstruction_errors": lambda x: metrics.reconstruction_errors(MODEL, x),
    "reconstruction_auc": lambda x: metrics.reconstruction_auc(MODEL, x, IMAGES),
    "reconstruction_auc of outliers": lambda x: metrics.reconstruction_auc(MODEL, IMAGES, x),
    "classifier_features": lambda x: metrics.classifier_features(x, LABELS),
    "features": FEATURES,
    "posterior": VAE.posterior,
    "variational loss": VAE.loss,
    "denoising loss": models.DenoisingAutoencoder(body=MODEL).loss,
    "fit_latent_density": lambda x: models.fit_latent_density(MODEL, x),
    "image_rows": lambda x: plotting.image_rows([x], ["x"]),
    "reconstruction": lambda x: losses.reconstruction(x, IMAGES),
    "reconstruction of": lambda x: losses.reconstruction(IMAGES, x),
    "gaussian_nll": lambda x: losses.gaussian_nll(x, IMAGES, 1.0),
    "bernoulli_nll": lambda x: losses.bernoulli_nll(x, IMAGES),
    "fit": lambda x: training.fit(MODEL, None if x is SET else x, progress=False),
}
# A digit has a black background, and that is how another scale shows where noise and overshoot are welcome.
DIGITS = (2 * IMAGES - 1).clamp(0)
OTHER_SCALES = {
    "0..255": (255 * DIGITS, "divide images of 0..255 by 255"),
    "[-1, 1]": (2 * (DIGITS / DIGITS.max()) - 1, r"\(x \+ 1\) / 2"),
    "standardised": ((DIGITS - 0.1307) / 0.3081, r"x \* std \+ mean"),
    "centred": (DIGITS - 0.5, r"x \* std \+ mean"),
}
OVERSHOOT = {
    "noise": DIGITS + torch.randn_like(DIGITS),
    "a little too dark": DIGITS - 0.1 * torch.rand_like(DIGITS),
    "a little too bright": 1.2 * IMAGES,
    "rounding": DIGITS - 5e-7,
}
WELCOME_OVERSHOOT = ("encode", "forward", "posterior", "features", "image_rows")
TAKES_DATA = (
    "loss",
    "variational loss",
    "denoising loss",
    "reconstruction_mse",
    "reconstruction_errors",
    "reconstruction_auc",
    "reconstruction_auc of outliers",
    "classifier_features",
    "reconstruction of",
)
WITH_CODES = {
    "decode": MODEL.decode,
    "knn_accuracy": lambda z: metrics.knn_accuracy(z, LABELS, CODES, LABELS, 1),
    "knn_accuracy of test codes": lambda z: metrics.knn_accuracy(CODES, LABELS, z, LABELS, 1),
    "linear_probe_accuracy": lambda z: metrics.linear_probe_accuracy(z, LABELS, CODES, LABELS),
    "linear_probe_accuracy of test codes": lambda z: metrics.linear_probe_accuracy(CODES, LABELS, z, LABELS),
    "precision_recall": lambda z: metrics.precision_recall(z, CODES, 1),
    "precision_recall of samples": lambda z: metrics.precision_recall(CODES, z, 1),
    "frechet_distance": lambda z: metrics.frechet_distance(z, CODES),
    "frechet_distance of samples": lambda z: metrics.frechet_distance(CODES, z),
    "kl_divergence": lambda z: losses.kl_divergence(z, CODES),
    "kl_divergence, logvar": lambda z: losses.kl_divergence(CODES, z),
    "reparameterize": lambda z: VAE.reparameterize(z, CODES),
}
WITH_A_SIZE = {
    "latent_dim": models.VanillaAutoencoder,
    "linear latent_dim": models.LinearAutoencoder,
    "hidden_dims": lambda width: models.VanillaAutoencoder(2, (width,)),
    "n_neighbors": lambda k: metrics.knn_accuracy(CODES, LABELS, CODES, LABELS, k),
    "neighbours of samples": lambda k: metrics.precision_recall(CODES, CODES, k),
    "samples of the prior": VAE.sample,
    "samples of a density": DENSITY.sample,
    "codes of a density": DENSITY.sample_codes,
    "epochs": lambda epochs: training.fit(MODEL, SET, epochs=epochs, progress=False),
}


@pytest.mark.parametrize("name", WITH_IMAGES)
@settings(max_examples=60, deadline=None)
@given(images=bad_images())
def test_bad_images_are_refused(name, images):
    refuses(WITH_IMAGES[name], images)


@pytest.mark.parametrize("scale", OTHER_SCALES)
@pytest.mark.parametrize("name", WELCOME_OVERSHOOT + TAKES_DATA)
def test_images_on_another_scale_are_refused_with_the_mend(name, scale):
    images, mend = OTHER_SCALES[scale]
    with pytest.raises(ValueError, match=rf"expected values in \[0, 1\], got .*{mend}.*\.$"):
        WITH_IMAGES[name](images)


@pytest.mark.parametrize("images", OVERSHOOT.values(), ids=OVERSHOOT)
@pytest.mark.parametrize("name", WELCOME_OVERSHOOT)
def test_noise_and_overshoot_may_be_encoded_and_shown(name, images):
    WITH_IMAGES[name](images)


@pytest.mark.parametrize("name", TAKES_DATA)
def test_data_must_be_grey_values_up_to_rounding(name):
    for images in (OVERSHOOT["noise"], OVERSHOOT["a little too dark"], OVERSHOOT["a little too bright"]):
        refuses(WITH_IMAGES[name], images)
    WITH_IMAGES[name](OVERSHOOT["rounding"])


def test_an_image_set_and_a_density_refuse_another_scale():
    for images, mend in OTHER_SCALES.values():
        for call in (data.ImageSet, lambda x: models.fit_latent_density(MODEL, x.repeat(25, 1, 1, 1))):
            with pytest.raises(ValueError, match=mend):
                call(images)


@pytest.mark.parametrize("name", WITH_CODES)
@settings(max_examples=60, deadline=None)
@given(codes=bad_codes())
def test_bad_codes_are_refused(name, codes):
    refuses(WITH_CODES[name], codes)


@pytest.mark.parametrize("name", WITH_A_SIZE)
@settings(max_examples=40, deadline=None)
@given(size=bad_sizes())
def test_bad_sizes_are_refused(name, size):
    refuses(WITH_A_SIZE[name], size)


@settings(max_examples=60, deadline=None)
@given(images=bad_images())
def test_an_image_set_refuses_what_is_no_image(images):
    if isinstance(images, np.ndarray) or (isinstance(images, torch.Tensor) and images.dtype == torch.uint8):
        return  # arrays and uint8 are welcome where the shape is right; the next test has the wrong ones
    refuses(data.ImageSet, images, LABELS)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (LABELS, IMAGES),  # the wrong way round
        (IMAGES, LABELS[:3]),
        (IMAGES, LABELS.float()),
        (IMAGES * 255, LABELS),
        (IMAGES - 1, LABELS),
        (torch.zeros(4, 28, 27, dtype=torch.uint8), LABELS),
        (torch.zeros(0, 1, 28, 28, dtype=torch.uint8), LABELS[:0]),
        (torch.zeros(4, 3, 28, 28, dtype=torch.uint8), LABELS),
        (np.zeros((4, 28, 28)), LABELS),
    ],
)
def test_an_image_set_refuses_what_does_not_fit(images, labels):
    refuses(data.ImageSet, images, labels)


@pytest.mark.parametrize(
    "settings_",
    [
        {"batch_size": 0},
        {"max_lr": 0},
        {"max_lr": float("inf")},
        {"optimizer": "sgd"},
        {"schedule": None},
        {"test": IMAGES},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_fit_refuses_bad_settings_before_it_trains(settings_):
    before = [p.clone() for p in MODEL.parameters()]
    refuses(lambda: training.fit(MODEL, SET, progress=False, **settings_))
    assert all(torch.equal(a, b) for a, b in zip(before, MODEL.parameters(), strict=True))


@pytest.mark.parametrize(
    "call",
    [
        lambda: data.load_mnist("huge"),
        lambda: SET.split(0.1, seed=0),
        lambda: SET.split(0.5, seed=0.5),
        lambda: data.load_mnist("full", folder=3),
        lambda: training.fit("model", SET),
        lambda: models.VanillaAutoencoder(2, 512),
        lambda: models.VanillaAutoencoder(2, "512"),
        lambda: metrics.reconstruction_mse("model", IMAGES),
        lambda: metrics.two_nn_dimension(torch.zeros(5, 3)),
        lambda: metrics.two_nn_dimension(IMAGES),
        lambda: metrics.knn_accuracy(CODES, LABELS.float(), CODES, LABELS, 1),
        lambda: metrics.knn_accuracy(CODES, LABELS, CODES, LABELS, 5),
        lambda: plotting.image_rows([], []),
        lambda: plotting.image_rows([IMAGES], ["a", "b"]),
        lambda: plotting.error_curves([0.1, 0.2]),
        lambda: plotting.code_scatter(CODES, LABELS),
        lambda: losses.reconstruction(IMAGES, IMAGES[:2]),
    ],
)
def test_other_bad_input_is_refused(call):
    refuses(call)
