"""Wrong answers to the judged exercises on the comparison of the variants, each with a part of its hint."""

import torch


def choose(**changed):
    """The right choice, but for the named tasks: t1 to t5."""
    best = {"t1": "denoising", "t2": "convolutional", "t3": "PCA", "t4": "sparse", "t5": "none"}
    return {f"task {name}": value for name, value in (best | changed).items()}


WRONG = {
    "clean_mse": [
        (lambda model, x: model.loss(x), "own objective"),
        (lambda model, x: model.loss_parts(x)[0], "Show it the clean images"),
        (
            lambda model, x: (model(model.corrupt(x) if hasattr(model, "corrupt") else x) - x).square().mean(),
            "Show it the clean images",
        ),
        (lambda model, x: (model((x + torch.randn_like(x)).clamp(0, 1)) - x).square().mean() * 2, "take the mean of"),
        (lambda model, x: (model(x) - x).square().sum(), "that is a sum"),
        (lambda model, x: (model(x) - x).square().sum((1, 2, 3)).mean(), "factor of 784"),
        (lambda model, x: (model(x) - x).square().mean((1, 2, 3)).sum(), "over the images too"),
        (lambda model, x: (model(x) - x).square().mean().sqrt(), "RMSE"),
        (lambda model, x: (model(x) - x).abs().mean(), "absolute error"),
        (lambda model, x: (model(x) - x).mean(), "cancel each other"),
        (lambda model, x: (model(x) - x).mean() ** 2, "squared the mean difference"),
        (lambda model, x: (model(x) - x).square().mean((1, 2, 3)), "one number"),
    ],
    "choice": [
        (choose(t1="convolutional"), "worse than they came in"),
        (choose(t1="PCA"), "one network has seen it"),
        (choose(t1="vanilla"), "noisy to clean"),
        (choose(t2="vanilla"), "on *new* digits"),
        (choose(t2="denoising"), "not trained on clean digits"),
        (choose(t2="PCA"), "clean test error"),
        (choose(t3="convolutional"), "no clear gain"),
        (choose(t3="vanilla"), "no better than PCA's"),
        (choose(t4="PCA"), "hardly ever"),
        (choose(t4="denoising"), "exact zeros"),
        (choose(t5="vanilla"), "a random one means nothing"),
        (choose(t5="denoising"), "random *code*"),
        (choose(t5="convolutional"), "which codes are likely"),
        (choose(t3="t-SNE"), "choose one of"),
        (choose(t3=...), "no answer yet"),
        ({"one task": "PCA"}, "five tasks"),
    ],
}
