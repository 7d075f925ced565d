"""Wrong answers that the checks of chapter 4 must reject, with part of the hint."""

import math

import torch


def against(compare, noise=None):
    """A function (model, images, stds) -> errors, from `compare(model, noisy, clean)` and the noise that it draws."""

    def errors(model, images, stds):
        def corrupt(std):
            return noise(images, std) if noise else (images + std * torch.randn_like(images)).clamp(0, 1)

        return [compare(model, corrupt(std) if std else images, images).item() for std in stds]

    return errors


def to_clean(model, noisy, clean):
    return ((model(noisy) - clean) ** 2).mean()


def levelled(levels, noise=torch.randn_like, clamp=True):
    """A corruption with `levels(x, max_std)` and `noise(x)`."""

    def corrupt(x, max_std):
        noisy = x + levels(x, max_std) * noise(x)
        return noisy.clamp(0, 1) if clamp else noisy

    return corrupt


def per_image(x, max_std):
    return max_std * torch.rand(len(x), 1, 1, 1)


def in_place(x, max_std):
    x += per_image(x, max_std) * torch.randn_like(x)
    return x.clamp(0, 1)


def density(t):
    return torch.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)


def below(t):
    return torch.special.ndtr(t)


def inside(x, std):
    a, b = -x / std, (1 - x) / std
    return x * (below(b) - below(a)) + std * (density(a) - density(b))


def upper(x, std):
    return 1 - below((1 - x) / std)


def simulated(x, std):
    return (x + std * torch.randn(20_000, *x.shape)).clamp(0, 1).mean(0)


def weighted(weights):
    """A function (x_noisy, train_images, std) that averages with `weights(distances, std)`."""

    def average(x_noisy, train_images, std):
        distances = torch.cdist(x_noisy.flatten(1), train_images.flatten(1))
        return (weights(distances, std) @ train_images.flatten(1)).view_as(x_noisy)

    return average


def bare_exponentials(distances, std):
    weights = torch.exp(-(distances**2) / (2 * std**2))
    return weights / weights.sum(1, keepdim=True)


WRONG = {
    "decibels": [
        (-3.01, "sign is turned"),
        (6.02, "root of the MSE"),
        (-6.02, "better is more"),
        (10 * math.log(2), "natural logarithm"),
        (math.log(2), "without the factor 10"),
        (math.log10(2), "in bels"),
        (-math.log10(2), "in bels, and turned"),
        (0.5, "that is the ratio"),
        (2, "that is the ratio"),
        (1.0, "MSE itself cancels"),
    ],
    "score_from": [
        (lambda denoiser, x_noisy, std: (x_noisy - denoiser(x_noisy)) / std**2, "sign is turned"),
        (lambda denoiser, x_noisy, std: (denoiser(x_noisy) - x_noisy) / std, "divided by the standard deviation"),
        (lambda denoiser, x_noisy, std: (x_noisy - denoiser(x_noisy)) / std, "estimate of the noise"),
        (lambda denoiser, x_noisy, std: denoiser(x_noisy) - x_noisy, "residual alone"),
        (lambda denoiser, x_noisy, std: x_noisy - denoiser(x_noisy), "turned around"),
        (lambda denoiser, x_noisy, std: denoiser(x_noisy) / std**2, "Subtract the noisy one"),
        (lambda denoiser, x_noisy, std: (denoiser(x_noisy) - x_noisy) * std**2, "multiplied by the variance"),
        (lambda denoiser, x_noisy, std: -x_noisy / std**2, "solve Tweedie's formula"),
        (lambda denoiser, x_noisy, std: ((denoiser(x_noisy) - x_noisy) / std**2).mean(), "shape"),
    ],
    "denoising_errors": [
        (against(lambda model, noisy, clean: ((model(noisy) - noisy) ** 2).mean()), "compared with the noisy images"),
        (against(lambda model, noisy, clean: ((model(clean) - clean) ** 2).mean()), "never sees noise"),
        (against(lambda model, noisy, clean: ((model(clean) - noisy) ** 2).mean()), "input and target are swapped"),
        (against(to_clean, lambda x, std: x + std * torch.randn_like(x)), "not clamped"),
        (against(to_clean, lambda x, std: (x + std**2 * torch.randn_like(x)).clamp(0, 1)), "too weak"),
        (against(to_clean, lambda x, std: (x + std**0.5 * torch.randn_like(x)).clamp(0, 1)), "too strong"),
        (against(to_clean, lambda x, std: (x + std * torch.rand_like(x)).clamp(0, 1)), "only ever brightens"),
        (against(lambda *a: to_clean(*a).sqrt()), "those are the roots"),
        (against(lambda *a: to_clean(*a) * 784), "factor of 784"),
        (against(lambda model, noisy, clean: ((model(noisy) - clean) ** 2).sum()), "those are sums"),
        (lambda model, images, stds: against(to_clean)(model, images, sorted(stds)), "sorted the levels"),
        (lambda model, images, stds: against(to_clean)(model, images, stds)[:1], "3 levels"),
        (lambda model, images, stds: sum(against(to_clean)(model, images, stds)), "should be a list"),
        (against(lambda model, noisy, clean: (model(noisy) - clean).abs().mean()), "take the mean of"),
    ],
    "random_noise": [
        (lambda x, max_std: x, "came back as they were"),
        (levelled(lambda x, max_std: max_std), "every image gets the largest"),
        (levelled(lambda x, max_std: max_std * torch.rand(1)), "have one level"),
        (levelled(lambda x, max_std: max_std * torch.rand_like(x)), "a level for each pixel"),
        (lambda x, max_std: levelled(lambda x, m: m * torch.rand(28))(x, max_std), "by column"),
        (lambda x, max_std: levelled(lambda x, m: m * torch.rand(28, 1))(x, max_std), "by row"),
        (
            levelled(lambda x, max_std: max_std * torch.rand(len(x)) if len(x) == 28 else per_image(x, max_std)),
            "by column",
        ),
        (levelled(per_image, torch.rand_like), "never negative"),
        (levelled(per_image, lambda x: torch.randn_like(x[:1])), "the same noise"),
        (levelled(per_image, lambda x: torch.randn(len(x), 1, 1, 1)), "share one number"),
        (levelled(per_image, lambda x: 3.4641 * (torch.rand_like(x) - 0.5)), "not Gaussian"),
        (levelled(lambda x, max_std: max_std * torch.randn(len(x), 1, 1, 1)), "not torch.randn"),
        (levelled(lambda x, max_std: torch.rand(len(x), 1, 1, 1)), "more than max_std"),
        (levelled(lambda x, max_std: max_std**2 * torch.rand(len(x), 1, 1, 1)), "not its square"),
        (levelled(lambda x, max_std: max_std * torch.rand(len(x), 1, 1, 1) ** 2), "not spread evenly"),
        (levelled(per_image, clamp=False), "leave [0, 1]"),
        (in_place, "changed the images"),
    ],
    "clamped_mean": [
        (lambda x, std: x, "without clamping"),
        (inside, "upper wall"),
        (lambda x, std: inside(x, std) / (below((1 - x) / std) - below(-x / std)), "threw away"),
        (lambda x, std: x * below(x / std) + std * density(x / std), "at 0 only"),
        (lambda x, std: x + std / math.sqrt(2 * math.pi), "black pixel only"),
        (lambda x, std: inside(x, std) + below(-x / std), "swapped"),
        (lambda x, std: inside(x, std) + below(-x / std) + upper(x, std), "both walls count"),
        (lambda x, std: x * (below((1 - x) / std) - below(-x / std)) + upper(x, std), "between the walls is missing"),
        (
            lambda x, std: 2 * x * (below((1 - x) / std) - below(-x / std)) - inside(x, std) + upper(x, std),
            "a sign is turned",
        ),
        (simulated, "at random"),
        (lambda x, std: 0.005 + inside(x, std) + upper(x, std), "close, but not exact"),
        (lambda x, std: torch.full_like(x, 0.5), "three parts"),
    ],
    "training_set_optimum": [
        (weighted(lambda distances, std: torch.eye(distances.shape[1])[distances.argmin(1)]), "nearest training image"),
        (weighted(lambda distances, std: torch.full_like(distances, 1 / distances.shape[1])), "plain average"),
        (weighted(lambda distances, std: (-(distances**2) / std**2).softmax(1)), "a 2 is missing"),
        (weighted(lambda distances, std: (-(distances**2) / (2 * std)).softmax(1)), "divided by σ"),
        (weighted(lambda distances, std: (-(distances**2) / 2).softmax(1)), "σ is missing"),
        (weighted(lambda distances, std: (-distances / (2 * std**2)).softmax(1)), "not its square"),
        (weighted(lambda distances, std: (-(distances**2) / 784 / (2 * std**2)).softmax(1)), "their sum"),
        (weighted(lambda distances, std: (distances**2 / (2 * std**2)).softmax(1)), "exponent is turned"),
        (weighted(lambda distances, std: (-(distances**2) / (2 * std**2)).softmax(0)), "wrong dimension"),
        (weighted(bare_exponentials), "underflow"),
        (weighted(lambda distances, std: torch.exp(-(distances**2) / (2 * std**2))), "do not add up to 1"),
        (
            lambda x_noisy, images, std: (
                -(torch.cdist(x_noisy.flatten(1), images.flatten(1)) ** 2) / (2 * std**2)
            ).softmax(1),
            "those are weights",
        ),
        (lambda x_noisy, images, std: x_noisy, "Then average the images"),
    ],
}  # fmt: skip
