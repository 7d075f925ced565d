"""Figures and tables from tensors, histories and numbers, sized for a page."""

from dataclasses import dataclass
from html import escape

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


@dataclass(frozen=True)
class Table:
    """What `table` returns: it shows itself as HTML in Jupyter, Colab and the book, and prints as aligned text.

    Attributes:
        caption: what the numbers are, with their unit.
        columns: the heads of the columns, without that of the rows.
        cells: for each row its head and its texts.
        best: the places (row, column), counted from 0, that are marked.
    """

    caption: str
    columns: list
    cells: dict
    best: frozenset = frozenset()

    def __repr__(self):
        texts = [["", *self.columns]]
        for i, (head, row) in enumerate(self.cells.items()):
            texts.append([head, *(f"{text}{'*' if (i, j) in self.best else ' '}" for j, text in enumerate(row))])
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in texts]
        return "\n".join([self.caption, *lines, *["* the best"][: len(self.best)]])

    def _repr_html_(self):
        """Styles are inline, since JupyterLab and Colab bring none; a narrow screen scrolls the table, not the page."""
        number = "text-align: right; font-variant-numeric: tabular-nums; padding: 0.25em 0.7em; vertical-align: bottom"
        head = "text-align: left; font-weight: normal; padding: 0.25em 0.7em 0.25em 0; min-width: 5em"
        rows = []
        for i, (name, row) in enumerate(self.cells.items()):
            marked = [
                f"<strong>{escape(text)}</strong>" if (i, j) in self.best else escape(text)
                for j, text in enumerate(row)
            ]
            values = "".join(f'<td style="{number}; white-space: nowrap">{text}</td>' for text in marked)
            rows.append(f'<tr><th scope="row" style="{head}">{_unbroken(name)}</th>{values}</tr>')
        columns = "".join(f'<th scope="col" style="{number}">{_unbroken(column)}</th>' for column in self.columns)
        caption = escape(self.caption) + (". <strong>Bold</strong>: the best." if self.best else "")
        return (  # no <caption>: it would be as narrow as the table, and scroll with it
            f'<div style="padding-bottom: 0.4em">{caption}</div>'
            f'<div style="overflow-x: auto" tabindex="0" role="region" aria-label="{escape(self.caption)}">'
            '<table class="course-table" style="border-collapse: collapse; margin: 0">'
            f'<thead style="border-bottom: 1px solid currentColor"><tr><td></td>{columns}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>"
        )


def _unbroken(head):
    """A head for HTML, which a narrow column may break anywhere but within "d = 32"."""
    return escape(head).replace(" = ", "&nbsp;=&nbsp;")


def table(rows, caption, form=".4f", lowest=(), highest=()):
    """A table of numbers, with heads, a caption and the best marked.

    Args:
        rows: {head of a row: {head of a column: value}}, all with the same columns. A value is a number, a text, a list
            of numbers (shown as "lowest to highest", one for each seed), or None for none.
        caption: what the numbers are, with their unit.
        form: how numbers are written, as after the colon in an f-string; or {head of a column: form}.
        lowest, highest: columns in which the lowest, or the highest, number is marked; of a list its mean counts.

    Returns:
        A `Table`; the last line of a cell shows it.

    Raises:
        TypeError, ValueError: if rows are no such dictionaries, differ in their columns, or a column is not there.
    """
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise TypeError(f"rows: expected {{row: {{column: value}}}}, got {describe(rows)}.")
    if not rows:
        raise ValueError("rows: expected at least one row, got an empty dictionary.")
    columns = list(next(iter(rows.values())))
    for name, row in rows.items():
        if list(row) != columns:
            raise ValueError(f"rows, {name!r}: expected the columns {columns}, as in the first row, got {list(row)}.")
    forms = form if isinstance(form, dict) else dict.fromkeys(columns, form)
    for name, chosen in (("form", forms), ("lowest", lowest), ("highest", highest)):
        if isinstance(chosen, str) or not set(chosen) <= set(columns):
            raise ValueError(f"{name}: expected columns out of {columns}, got {chosen!r}.")
    best = set()
    for pick, chosen in ((min, lowest), (max, highest)):
        for column in chosen:
            values = {i: _mean(row[column]) for i, row in enumerate(rows.values()) if _mean(row[column]) is not None}
            target = pick(values.values())
            best |= {(i, columns.index(column)) for i, value in values.items() if value == target}
    cells = {str(name): [_text(row[column], forms.get(column, "")) for column in columns] for name, row in rows.items()}
    return Table(caption, [str(column) for column in columns], cells, frozenset(best))


def _mean(value):
    """The number that a cell competes with, None for a text."""
    if isinstance(value, (list, tuple)):
        return sum(float(number) for number in value) / len(value) if value else None
    return None if value is None or isinstance(value, str) else float(value)


def _text(value, form):
    """How a cell is written; a tensor of one number is a number."""
    if isinstance(value, (list, tuple)):
        low, high = (_text(pick(value), form) for pick in (min, max)) if value else ("–", "–")
        return low if low == high else f"{low} to {high}"
    if value is None or isinstance(value, str):
        return value or "–"
    return format(value.item() if hasattr(value, "item") else value, form)
