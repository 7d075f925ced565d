"""Evidence for the comparison: the rate that all its networks share, chosen on validation digits."""

import torch

from aecourse import corruptions, metrics, models, reproducibility, training

VARIANTS = {
    "vanilla": lambda: models.VanillaAutoencoder(32, hidden_dims=(128,)),
    "denoising": lambda: models.DenoisingAutoencoder(32, hidden_dims=(128,), noise_std=0.3),
    "sparse": lambda: models.SparseAutoencoder(32, hidden_dims=(128,), top_k=16),
    "convolutional": lambda: models.ConvolutionalAutoencoder(32, channels=(4, 16)),
}


def test_the_rate_is_chosen_on_validation_digits(digits):
    """notebooks/07_comparison.ipynb: "had their lowest validation errors at 0.02"."""
    rest, validation = digits.train.split(0.1, seed=0)
    x = validation.images
    reproducibility.seed_everything(0)
    x_noisy = corruptions.add_gaussian_noise(x, 0.3)
    for name, build in VARIANTS.items():
        errors = {}
        for rate in (0.005, 0.01, 0.02, 0.04):
            reproducibility.seed_everything(0)
            model = build()
            training.fit(model, rest, epochs=30, batch_size=128, max_lr=rate, progress=False)
            if name == "denoising":  # judged by what it is for
                with torch.no_grad():
                    errors[rate] = (model(x_noisy) - x).square().mean().item()
            else:
                errors[rate] = metrics.reconstruction_mse(model, x)
        assert min(errors, key=errors.get) == 0.02, f"{name}: {errors}"
