"""The plane of 2-D codes as a page of its own: the reader moves a pointer, the page decodes it, without a kernel."""

import html
import json
from dataclasses import dataclass
from importlib import resources
from string import Template

import matplotlib.style
import torch

from aecourse.explorer import packing
from aecourse.validation import check_images, check_labels, describe

DIGIT_BYTES = 9  # at least: two float32, deflated and in base64, and a label
DRAWN = 1_500  # glyphs; more cover each other


@dataclass(frozen=True, repr=False)
class LatentExplorer:
    """A page that shows itself as the value of a cell, in JupyterLab, in Colab and in the built book.

    Args:
        page: a complete HTML document that loads nothing.
        summary: what the page shows, one sentence, for readers of plain text.
    """

    page: str
    summary: str

    def _repr_html_(self):
        # A frame keeps ids, styles and arrow keys apart from the page around it and from a second explorer.
        # Escaping < as well lets the book's search index drop the whole frame as one tag.
        return (
            f'<iframe title="{html.escape(self.summary)}" srcdoc="{html.escape(self.page)}" '
            'style="width: 100%; max-width: 650px; height: 460px; border: 0"></iframe>'
        )

    def __repr__(self):
        return f"{self.summary} It shows itself in a notebook and in the book, not in plain text."


def latent_explorer(model, digits):
    """The plane of 2-D codes, with a pointer that the page itself decodes by the trained decoder.

    Mouse, touch or arrow keys move the pointer; beside the plane stand the digit that the decoder draws
    there and, in words, how many training digits have their code within a circle around it. The circle's
    radius is a quarter of the median distance of a code from the median code, to two digits.

    First layer and biases are stored as float32. A decoder of up to 270,000 weights keeps the others as float16:
    on a grid of 97 x 97 points over the plane 99.9 % of the pixels agree with `model.decode` to 0.002. A larger one
    keeps them as int8, 64 weights of a row sharing a scale: 99.9 % of the pixels on that grid agree to 0.005.

    Args:
        model: an `Autoencoder` with latent_dim=2 whose decoder is fully connected (Linear, SiLU, ReLU, Sigmoid)
            with at most 550,000 weights, such as VanillaAutoencoder(latent_dim=2, hidden_dims=(512, 256)).
        digits: what `data.load_mnist()` returns, of which the training digits are shown; or one `ImageSet`,
            such as digits.train, that it was trained on: the page speaks of "training digits".
            All N count for the density, 1,500 are drawn.

    Returns:
        A `LatentExplorer`; as the last value of a cell it shows itself. Under 800 kB.

    Raises:
        TypeError, ValueError: if model or digits are something else, if the page would be too large, or if
            the rounded decoder draws something else than the model on that grid.
    """
    steps = packing.decoder_steps(model)
    z, labels = codes(model, digits)  # (N, 2), (N,)
    centre, side = view(z)
    storage = "float16" if packing.count_weights(steps) <= packing.FLOAT16_WEIGHTS else "int8"
    steps = packing.round_to(storage, steps, grid(centre, side, 40))
    packing.check_agreement(model, steps, grid(centre, side, 97), storage)  # most of them between the others
    content = {
        "steps": [packing.pack_step(step) for step in steps],
        "group": packing.GROUP,
        "codes": packing.pack(z),
        "labels": "".join(map(str, labels.tolist())),
        "drawn": min(DRAWN, len(z)),
        "classes": [[digit, *z[labels == digit].median(0).values.tolist()] for digit in labels.unique().tolist()],
        "corner": (centre - side / 2).tolist(),
        "side": side,
        "radius": radius(z),
        "colours": [style["color"] for style in matplotlib.style.library["petroff10"]["axes.prop_cycle"]],
    }
    explorer = LatentExplorer(
        document(content),
        f"Latent explorer: the codes of {len(z):,} training digits, and what the decoder draws between them.",
    )
    size = len(explorer._repr_html_().encode())
    if size > packing.PAGE_BYTES:
        too_many = (size - packing.PAGE_BYTES) / DIGIT_BYTES
        fit = 0.9 * (len(z) - too_many)  # other digits round and deflate a little differently
        raise ValueError(
            f"digits: expected few enough for a page of {packing.PAGE_BYTES // 1000} kB, got {len(z):,} digits, "
            f"{size // 1000} kB in all; pass fewer, such as data.ImageSet(*digits.train[:{fit // 100 * 100:.0f}])."
        )
    return explorer


@torch.no_grad()
def codes(model, digits):
    """Codes (N, 2) and labels (N,) of all digits, on the CPU."""
    digits = getattr(digits, "train", digits)  # of a whole data set
    if not hasattr(digits, "images") or not hasattr(digits, "labels"):
        raise TypeError(
            "digits: expected what data.load_mnist() returns, or an ImageSet such as digits.train, "
            f"got {describe(digits)}."
        )
    images, labels = digits.images, digits.labels
    check_images(images, "digits.images")
    check_labels(labels, len(images), "digits.labels")
    if labels.min() < 0 or labels.max() > 9:
        raise ValueError(f"digits.labels: expected 0 to 9, got {labels.min()} to {labels.max()}.")
    z = model.encode(images.to(next(model.parameters()).device)).float().cpu()  # (N, 2)
    if not z.isfinite().all():
        raise ValueError("model: expected finite codes, got NaN or infinity; train again with a lower max_lr.")
    if torch.equal(z, z[:1].expand_as(z)):
        raise ValueError("model: expected codes that differ, got the same code for all digits; train it first.")
    return z, labels.cpu()


def view(z):
    """Centre (2,) and side of the square that the page shows: all codes and a margin."""
    low, high = z.min(0).values, z.max(0).values
    return (low + high) / 2, 1.08 * (high - low).max().item()


def radius(z):
    """A quarter of the median distance of a code from the median code, to two digits."""
    return float(f"{(z - z.median(0).values).norm(dim=1).median().item() / 4:.2g}")


def grid(centre, side, n):
    """n² points that cover the view: (n², 2)."""
    t = torch.linspace(-side / 2, side / 2, n)
    return torch.cartesian_prod(centre[0] + t, centre[1] + t)


def document(content):
    """explorer.html with its style, its program and the content (a dict for JSON) in it: it loads nothing."""
    files = resources.files("aecourse.explorer")
    page, css, js = (files.joinpath(f"explorer.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    no_tags = json.dumps(content).replace("<", "\\u003c")  # "</script>" in a text would end the element it stands in
    return Template(page).substitute(css=css, content=no_tags, js=js)
