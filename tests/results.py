"""Make the results that README.md and book/intro.md show: four figures, and the numbers that stand beside them.

    python tests/results.py

It trains the networks anew, as the chapters do (about a minute on one core), draws book/figures/NAME.png and
NAME-dark.png, writes every number to book/figures/results.json, and README's table of the repairs. What else the
pages say is written by hand: `tests/test_results.py` holds it to that file and to the chapters, which assert the same
numbers on every run. It asks for this command when this file has changed, or when a number doesn't come out again.
"""

import ast
import hashlib
import io
import json
import os
import re
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import torch
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from PIL import Image

from aecourse import data, metrics, models, reproducibility, training

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "book/figures"
KEPT = FOLDER / "results.json"

# The chapter that tells the whole story of a result; its numbers agree with those that the chapter asserts.
CHAPTER = {
    "plane": "08_latent_space",
    "lengths": "03_pca",
    "denoising": "04_denoising",
    "sampling": "09_random_sampling",
}
LENGTHS = (1, 2, 4, 8, 16, 32)
SEEDS = (0, 1, 2)
STEPS = ("N(0, I)", "N(0, τ²I)", "N(μ, I)", "N(μ, τ²I)", "N(μ, Σ)", "mixture")
MEASURES = ("Fréchet distance", "precision", "recall")
# The rows of the picture, which has no room for every step.
IN_WORDS = {
    "N(0, I)": "random codes",
    "N(μ, τ²I)": "size and place",
    "N(μ, Σ)": "one Gaussian",
    "mixture": "a mixture",
    "real digits": "real digits",
}

TABLE = re.compile(r"^\| Codes drawn from .*(?:\n\|.*)*", re.MULTILINE)  # in README

# What each mode draws with. Paper is transparent, so a figure has the colour of the page that it is on.
LIGHT = {"ink": "#24292f", "quiet": "#59636e", "blue": "#1f6fb5", "orange": "#b35900", "mix": (0, 0.25)}
DARK = {"ink": "#e6edf3", "quiet": "#a0aab4", "blue": "#6cb0ee", "orange": "#ffa94d", "mix": (1, 0.3)}
WIDTH = 5.5  # inches


# The four results: each trains what it needs and returns its numbers and a function that draws.


def plane(digits):
    """784 numbers through 2: where the digits go, and whether neighbours agree."""
    model = trained(models.VanillaAutoencoder, 2, digits)
    codes = {"autoencoder": model, "PCA": models.fit_pca(digits.train.images, 2)}
    numbers = {f"kNN accuracy, {name}": neighbours_agree(coder, digits) for name, coder in codes.items()}
    z = encode(model, digits.test.images)

    def draw(look):
        fig, ax = plt.subplots(figsize=(WIDTH, 4.1))
        margin = 0.03 * (z.amax(0) - z.amin(0))
        (left, low), (right, high) = (z.amin(0) - margin).tolist(), (z.amax(0) + margin).tolist()
        ax.set(xlim=(left, right), ylim=(low, high), xticks=[], yticks=[])
        ax.set(xlabel="first number of the code", ylabel="second number")
        ax.spines[:].set_visible(False)
        size = torch.tensor([WIDTH / (right - left), 4.1 / (high - low)])  # inches a unit
        for i in apart(z * size, 0.13):
            stroke = digits.test.images[i, 0].numpy()
            picture = torch.zeros(28, 28, 4).numpy()
            picture[..., :3], picture[..., 3] = class_colour(digits.test.labels[i], look), stroke
            ax.add_artist(AnnotationBbox(OffsetImage(picture, zoom=0.48), z[i].tolist(), frameon=False))
        return fig

    return numbers, draw


def lengths(digits, lengths=LENGTHS):
    """PCA and the autoencoder, code by code: the error and the classes, on test digits."""
    x = digits.test.images
    numbers, curves = {}, {}
    for name, build in {
        "PCA": lambda d: models.fit_pca(digits.train.images, d),
        "autoencoder": lambda d: trained(models.VanillaAutoencoder, d, digits, epochs=8),
    }.items():
        coders = [build(d) for d in lengths]
        curves[name] = (
            [metrics.reconstruction_mse(coder, x) for coder in coders],
            [neighbours_agree(coder, digits) for coder in coders],
        )
        for d, error, agree in zip(lengths, *curves[name], strict=True):
            numbers |= {f"MSE, {name}, d = {d}": error, f"kNN accuracy, {name}, d = {d}": agree}
    flat = [part.flatten(1) for part in (digits.train.images, x)]
    pixels = metrics.knn_accuracy(flat[0], digits.train.labels, flat[1], digits.test.labels)
    numbers["kNN accuracy, pixels"] = pixels

    def draw(look):
        fig, axes = plt.subplots(1, 2, figsize=(WIDTH, 2.7))
        for which, (ax, places) in enumerate(
            zip(axes, (((5, 0.046), (1, 0.022)), ((3.4, 0.5), (1, 0.83))), strict=True)
        ):
            for (name, curve), colour, place in zip(curves.items(), ("blue", "orange"), places, strict=True):
                ax.plot(lengths, curve[which], "o-", color=look[colour], markersize=4)
                ax.text(*place, name, color=look[colour])
            ax.set_xscale("log", base=2)
            ax.set_xticks(lengths, lengths)
            ax.set_xlabel("numbers in the code")
        axes[0].set(title="Pixel error", ylim=(0, 0.068))
        axes[1].set(title="Classes kept apart (kNN)", ylim=(0.2, 1))
        axes[1].axhline(pixels, color=look["quiet"], linewidth=1, linestyle=":")
        axes[1].text(1, pixels + 0.015, "all 784 pixels", color=look["quiet"], fontsize="small")
        return fig

    return numbers, draw


def denoising(digits):
    """Noisy digits, what a network makes of them, and what a matrix does."""
    x = digits.test.images
    model = trained(models.DenoisingAutoencoder, 32, digits, epochs=15)
    reproducibility.seed_everything(1)
    data.add_gaussian_noise(x, 0.15)  # the chapter draws weaker noise first
    noisy = data.add_gaussian_noise(x, 0.3)
    reproducibility.seed_everything(2)
    given = data.add_gaussian_noise(digits.train.images, 0.3).flatten(1)
    matrix = torch.linalg.lstsq(with_one(given), digits.train.images.flatten(1)).solution  # (785, 784)
    by_matrix = (with_one(noisy.flatten(1)) @ matrix).clamp(0, 1).view_as(x)
    with torch.no_grad():
        rows = {"noisy": noisy, "linear map": by_matrix, "autoencoder": model(noisy), "clean": x}
        numbers = {f"MSE, {name}": mse(rows[name], x) for name in ("noisy", "linear map", "autoencoder")}
        numbers["MSE, autoencoder, clean digits given"] = mse(model(x), x)
    shown = [(digits.test.labels == digit).nonzero()[0].item() for digit in range(2, 10)]

    def draw(look):
        scores = {name: [f"{numbers[f'MSE, {name}']:.4f}"] for name in ("noisy", "linear map", "autoencoder")}
        return draw_rows(look, {name: images[shown] for name, images in rows.items()}, ["error"], scores)

    return numbers, draw


def sampling(digits):
    """Random codes, decoded: each step of the repair and its three scores, with three seeds."""
    features = metrics.classifier_features(digits.train.images, digits.train.labels)
    reference, held = digits.test.split(0.5, seed=0)
    real = features(reference.images)
    numbers, rows = {}, {}

    def score(name, images):
        made = features(images)
        found = (metrics.frechet_distance(real, made), *metrics.precision_recall(real, made))
        for measure, value in zip(MEASURES, found, strict=True):
            numbers.setdefault(f"{measure}, {name}", []).append(float(value))

    for seed in SEEDS:
        model = trained(models.VanillaAutoencoder, 32, digits, seed=seed)
        for name, z in repaired(model, digits.train.images, seed).items():
            with torch.no_grad():
                images = model.decode(z)
            score(name, images)
            if seed == SEEDS[0]:
                rows[name] = images[:6]
    score("real digits", held.images)
    rows["real digits"] = held.images[:6]

    def draw(look):
        shown = {IN_WORDS[name]: images for name, images in rows.items() if name in IN_WORDS}
        scores = {}
        for name, words in IN_WORDS.items():
            distance, *shares = (numbers[f"{measure}, {name}"][0] for measure in MEASURES)
            scores[words] = [f"{distance:.{0 if distance > 10 else 1}f}", *(f"{share:.2f}" for share in shares)]
        return draw_rows(look, shown, ["Fréchet", "precision", "recall"], scores)

    return numbers, draw


def repaired(model, images, seed):
    """{step of the repair: 500 codes}, as the chapter draws them."""
    with torch.no_grad():
        z = model.encode(images)
    reproducibility.seed_everything(seed)
    noise = torch.randn(500, 32)
    mean, covariance = z.mean(0), torch.cov(z.T)
    if seed == SEEDS[0]:
        reproducibility.seed_everything(seed)  # on its first network the chapter takes one step at a time
    density = models.fit_latent_density(model, images, "mixture")
    codes = (
        noise,
        (z.square().sum(1).mean() / 32).sqrt() * noise,
        mean + noise,
        mean + (covariance.trace() / 32).sqrt() * noise,
        mean + noise @ torch.linalg.cholesky(covariance).T,
        density.sample_codes(500),
    )
    return dict(zip(STEPS, codes, strict=True))


RESULTS = {"plane": plane, "lengths": lengths, "denoising": denoising, "sampling": sampling}


# What they share.


def trained(kind, latent_dim, digits, seed=0, **settings):
    reproducibility.seed_everything(seed)
    model = kind(latent_dim)
    training.fit(model, digits.train, seed=seed, progress=False, **settings)
    return model


def encode(model, images):
    with torch.no_grad():
        return model.encode(images)


def neighbours_agree(model, digits):
    """kNN accuracy of test codes among training codes."""
    codes = encode(model, digits.train.images), encode(model, digits.test.images)
    return metrics.knn_accuracy(codes[0], digits.train.labels, codes[1], digits.test.labels)


def mse(images, clean):
    return (images - clean).square().mean().item()


def with_one(flat):
    return torch.cat([flat, torch.ones(len(flat), 1)], dim=1)


def apart(points, distance):
    """Indices of points, first come first served, of which no two are nearer to each other."""
    taken = []
    for i, point in enumerate(points):
        if not taken or (points[taken] - point).norm(dim=1).min() > distance:
            taken.append(i)
    return taken


def class_colour(digit, look):
    """The digit's colour of petroff10, a little nearer to the ink."""
    towards, share = look["mix"]
    cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    return [(1 - share) * c + share * towards for c in matplotlib.colors.to_rgb(cycle[digit])]


def draw_rows(look, rows, heads, scores):
    """Rows of digits, each with its name at the left and its scores at the right."""
    side, left = 0.42, 1.2  # inches: a digit, and the names
    end = left + side * len(next(iter(rows.values())))
    columns = [end + 0.64 + 0.7 * i for i in range(len(heads))]
    width, height = columns[-1] + 0.05, side * len(rows) + 0.3
    fig = plt.figure(figsize=(width, height), layout="none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.axis("off")
    for x, head in zip(columns, heads, strict=True):
        ax.text(x, -0.1, head, ha="right", va="center", fontsize="small", color=look["quiet"])
    for i, (name, images) in enumerate(rows.items()):
        strip = images[:, 0].clamp(0, 1).permute(1, 0, 2).flatten(1)  # (28, 28 N)
        ax.imshow(strip, extent=(left, end, (i + 0.97) * side, (i + 0.03) * side), cmap="gray", vmin=0, vmax=1)
        ax.text(left - 0.1, (i + 0.5) * side, name, ha="right", va="center")
        for x, text in zip(columns, scores.get(name, ()), strict=False):
            ax.text(x, (i + 0.5) * side, text, ha="right", va="center")
    ax.set(xlim=(0, width), ylim=(height - 0.3, -0.3), aspect="auto")
    return fig


def repair_table(numbers):
    """README's table of the repairs, in Markdown."""
    what = (
        "random codes",
        "the right size",
        "the right place",
        "both",
        "and the right shape",
        "a mixture of Gaussians",
    )
    names = dict(zip(STEPS, what, strict=True)) | {"real digits": "other real digits"}
    lines = ["| Codes drawn from | | Fréchet distance | precision | recall |", "|---|---|---|---|---|"]
    for name, words in names.items():
        cells = []
        for measure, form in zip(MEASURES, (".1f", ".2f", ".2f"), strict=True):
            ends = [f"{pick(numbers[f'{measure}, {name}']):{form}}" for pick in (min, max)]
            cells.append(" to ".join(dict.fromkeys(ends)))
        code = "–" if name == "real digits" else name
        lines.append(f"| {code} | {words} | {' | '.join(cells)} |")
    return "\n".join(lines)


# Drawing, keeping, and telling whether what is kept is old.


def picture(draw, look):
    """The PNG of a figure, of few colours, so that it is light."""
    style = {
        "font.size": 10.5,
        "figure.constrained_layout.use": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": "medium",
        "axes.titlelocation": "left",
        "lines.linewidth": 2,
    } | dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), look["ink"])
    with plt.style.context(["default", "petroff10", style]):
        fig = draw(look)
        drawn = io.BytesIO()
        fig.savefig(drawn, dpi=200, transparent=True)
        plt.close(fig)
    few = Image.open(drawn).convert("RGBA").quantize(96, method=Image.Quantize.FASTOCTREE)
    light = io.BytesIO()
    few.save(light, "PNG", optimize=True)
    return light.getvalue()


def significant(numbers):
    """Five digits are more than the pages show."""
    return {
        name: [float(f"{v:.5g}") for v in value] if isinstance(value, list) else float(f"{value:.5g}")
        for name, value in numbers.items()
    }


def code_only(source):
    """Source without docstrings, comments on lines of their own, and blank lines: what can change a number."""
    lines = source.splitlines()
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            text = node.body[0]
            lines[text.lineno - 1 : text.end_lineno] = [""] * (text.end_lineno - text.lineno + 1)
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))


def digest():
    """One hash of what is drawn, and of what: this file's code and the digits.

    The package is not in it: most of its edits change no number, and those that do are found by the numbers.
    """
    code = code_only(Path(__file__).read_text(encoding="utf-8"))
    return hashlib.sha256(f"{code}\n{data.EMBEDDED_SHA256}".encode()).hexdigest()


def main():
    digits = data.load_mnist()
    kept = {"made from": digest(), "figures": {}, "numbers": {}}
    for name, make in RESULTS.items():
        numbers, draw = make(digits)
        kept["numbers"][name] = significant(numbers)
        for file, look in ((f"{name}.png", LIGHT), (f"{name}-dark.png", DARK)):
            png = picture(draw, look)
            (FOLDER / file).write_bytes(png)
            kept["figures"][file] = hashlib.sha256(png).hexdigest()
            print(f"book/figures/{file}: {len(png) / 1000:.0f} kB")
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    readme = ROOT / "README.md"
    text = TABLE.sub(lambda _: repair_table(kept["numbers"]["sampling"]), readme.read_text(encoding="utf-8"))
    readme.write_text(text, encoding="utf-8")
    print(f"{KEPT.relative_to(ROOT).as_posix()}: {sum(map(len, kept['numbers'].values()))} numbers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
