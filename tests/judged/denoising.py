"""Wrong answers to the judged exercises on denoising, each with a part of its hint."""

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


WRONG = {
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
        (in_place, "changed the tensor"),
    ],
}
