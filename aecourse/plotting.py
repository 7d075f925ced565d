"""Figures from tensors and histories: matplotlib only, sized for a page."""

import matplotlib.pyplot as plt
import torch

from aecourse.validation import check_codes, check_images, check_labels, describe

WIDTH = 6.5  # inches, the width of a page's text


def use_style():
    """Set matplotlib's defaults for the course: colour-blind safe colours (petroff10), no box, no grid."""
    plt.style.use(
        [
            "petroff10",
            {
                "figure.figsize": (WIDTH, 3.2),
                "figure.dpi": 130,
                "figure.constrained_layout.use": True,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.titlesize": "medium",
                "axes.titlelocation": "left",
                "font.size": 10,
                "image.cmap": "gray",
                "lines.linewidth": 2,
            },
        ]
    )


def image_rows(rows, labels):
    """Rows of digits above one another, each with its label at the left: originals, reconstructions, …

    Args:
        rows: a list of (N, 1, 28, 28) float32 tensors, shown from 0 (black) to 1 (white). Noise and reconstructions
            may leave [0, 1] and are cut there; images on another scale (0..255, [-1, 1], standardised) are refused.
        labels: one string a row.

    Returns:
        The matplotlib figure.

    Raises:
        TypeError, ValueError: if the rows are not images, or do not match the labels.
    """
    for value, name in ((rows, "rows"), (labels, "labels")):
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"{name}: expected a list with one entry a row, got {describe(value)}.")
    if not rows:
        raise ValueError("rows: expected at least one row of images, got an empty list.")
    if len(rows) != len(labels):
        raise ValueError(f"labels: expected one for each of the {len(rows)} rows, got {len(labels)}.")
    for images, label in zip(rows, labels, strict=True):
        check_images(images, f"rows, {label!r}", overshoot=True)
    columns = max(len(images) for images in rows)
    side = WIDTH * 0.85 / columns
    fig, axes = plt.subplots(
        len(rows), columns, figsize=(WIDTH, side * len(rows) + 0.15), squeeze=False, gridspec_kw={"wspace": 0.05}
    )
    for row, images, label in zip(axes, rows, labels, strict=True):
        for axis in row:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        for axis, image in zip(row, images.detach().cpu().numpy(), strict=False):
            axis.imshow(image[0], vmin=0, vmax=1)
        row[0].set_ylabel(label, rotation="horizontal", ha="right", va="center")
    return fig


def error_curves(history, title="", ax=None):
    """Clean pixel MSE after each epoch, training and test, labelled at the end of each curve.

    Args:
        history: a `training.History`.
        title: what was trained.
        ax: the axes to draw on; None for a figure of its own.

    Returns:
        The axes.

    Raises:
        TypeError: if `history` is something else.
    """
    if not hasattr(history, "train_mse"):
        raise TypeError(f"history: expected what training.fit returns, got {describe(history)}.")
    ax = ax or plt.subplots()[1]
    epochs = range(1, len(history.train_mse) + 1)
    for name, errors in (("train", history.train_mse), ("test", history.test_mse)):
        if errors:
            (line,) = ax.plot(epochs, errors)
            ax.annotate(f" {name} {errors[-1]:.4f}", (epochs[-1], errors[-1]), color=line.get_color(), va="center")
    ax.set(xlabel="epoch", ylabel="clean pixel MSE", title=title, ylim=(0, None))
    ax.margins(x=0.02)
    return ax


def code_scatter(z, labels, ax=None, title=""):
    """Codes of length 2, each drawn as its own digit in its class colour.

    Args:
        z: (N, 2) float32.
        labels: (N,) whole numbers 0..9.

    Returns:
        The axes.

    Raises:
        TypeError, ValueError: if codes or labels are something else.
    """
    check_codes(z, 2)
    check_labels(labels, len(z))
    if labels.min() < 0 or labels.max() > 9:
        raise ValueError(f"labels: expected digits 0 to 9, got {labels.min()} to {labels.max()}.")
    ax = ax or plt.subplots(figsize=(WIDTH, WIDTH * 0.8))[1]
    for digit in torch.unique(labels).tolist():
        of_class = z[labels == digit].detach().cpu()
        ax.scatter(*of_class.T, marker=f"${digit}$", s=28, linewidths=0.4, color=f"C{digit}")
    ax.set(xlabel="$z_1$", ylabel="$z_2$", title=title)
    return ax
