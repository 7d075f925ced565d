"""Figures and tables from tensors, histories and numbers, sized for a page."""

import base64
from dataclasses import dataclass
from html import escape
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import to_rgb
from PIL import Image

from aecourse.validation import check_codes, check_images, check_labels, describe

WIDTH = 5.5  # inches: narrow enough that a figure's letters can be read on a phone
PIXELS_ACROSS = 528  # of a row of pictures in a browser, the same 5.5 inches
PICTURES_IN_A_LINE = 20  # a longer row goes on in the next line


def use_style():
    """Set matplotlib's defaults for the course: colour-blind safe colours (petroff10), no box, no grid."""
    plt.style.use(
        [
            "petroff10",
            {
                "figure.figsize": (WIDTH, 2.8),
                "figure.dpi": 160,
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


@dataclass(frozen=True)
class Pictures:
    """What `image_rows` returns: it shows itself as HTML in Jupyter, Colab and the book, and prints as text.

    Attributes:
        rows: for each its label and its images, (N, H, W) uint8.
    """

    rows: tuple

    def __repr__(self):
        width = max(len(label) for label, _ in self.rows)
        return "\n".join(f"{label.ljust(width)}  {len(images)} pictures" for label, images in self.rows)

    def _repr_html_(self):
        """Styles are inline, since JupyterLab and Colab bring none; on a narrow screen a label stands above its row."""
        columns = min(PICTURES_IN_A_LINE, max(len(images) for _, images in self.rows))
        room = 0.55 * max(len(label) for label, _ in self.rows) + 0.5
        across = min(PIXELS_ACROSS, 64 * columns)
        strips = []
        for label, images in self.rows:
            alt = f"{label or 'the row above, continued'}: {len(images)} pictures"
            strips.append(
                '<div style="display: flex; flex-wrap: wrap; align-items: center; column-gap: 0.6em">'
                f'<span style="width: {room:.1f}em; line-height: 1.3; font-size: 0.9em">{escape(label)}</span>'
                f'<img src="data:image/png;base64,{_strip(images, columns)}" alt="{escape(alt)}" '
                f'style="flex: 1 1 {min(240, across)}px; min-width: 0; max-width: {across}px; '
                'margin: 0 0 2px; padding: 0; background: none"></div>'
            )
        width = f"max-width: calc({across}px + {room + 0.6:.1f}em)"
        label = escape("Rows of pictures: " + ", ".join(label for label, _ in self.rows if label))
        return f'<div class="course-pictures" role="group" aria-label="{label}" style="{width}">{"".join(strips)}</div>'


def _strip(images, columns):
    """Images beside one another, `columns` in a line, as a PNG in base64. The ground shows between them."""
    number, height, width = images.shape
    lines = -(-number // columns)
    sharp = 3  # a pixel becomes 3 × 3, so that a browser that shows the strip larger does not blur it
    grey = np.zeros((lines * columns, height * sharp, width * sharp), np.uint8)
    grey[:number] = images.numpy().repeat(sharp, 1).repeat(sharp, 2)
    seen = np.zeros_like(grey)
    seen[:number] = 255
    gap = ((0, 0), (0, sharp), (0, sharp))
    layers = [
        np.pad(layer, gap).reshape(lines, columns, *np.add(layer.shape[1:], sharp)).swapaxes(1, 2)
        for layer in (grey, seen)
    ]
    layers = [layer.reshape(lines * (height + 1) * sharp, -1)[:-sharp, :-sharp] for layer in layers]
    file = BytesIO()
    Image.fromarray(np.stack(layers, -1), "LA").save(file, "PNG", compress_level=6)
    return base64.b64encode(file.getvalue()).decode()


def image_rows(rows, labels):
    """Rows of digits above one another, each with its label at the left: originals, reconstructions, …

    Args:
        rows: a list of (N, 1, 28, 28) float32 tensors, shown from 0 (black) to 1 (white). Noise and reconstructions
            may leave [0, 1] and are cut there; images on another scale (0..255, [-1, 1], standardised) are refused.
        labels: one string a row, plain text; an empty one goes on with the row above.

    Returns:
        `Pictures`; the last line of a cell shows them.

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
    shown = []
    for images, label in zip(rows, labels, strict=True):
        check_images(images, f"rows, {label!r}", overshoot=True)
        grey = (images.detach().cpu()[:, 0].clamp(0, 1) * 255).round().to(torch.uint8)  # (N, 28, 28)
        shown.append((str(label), grey))
    return Pictures(tuple(shown))


def dark(color):
    """The colour, darkened where it must be so that letters in it can be read on white.

    Contrast is at least 4.5 to 1 (WCAG 2.2, success criterion 1.4.3).

    Args:
        color: any colour that matplotlib knows, for example "C1".

    Returns:
        Red, green and blue, each in [0, 1].

    Raises:
        ValueError: if it is no colour.
    """
    color = np.array(to_rgb(color))
    while True:
        linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
        if 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05) >= 4.5:
            return tuple(color.tolist())
        color = color * 0.98


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
            ax.annotate(
                f" {name} {errors[-1]:.4f}", (epochs[-1], errors[-1]), color=dark(line.get_color()), va="center"
            )
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
    ax = ax or plt.subplots(figsize=(WIDTH, WIDTH * 0.85))[1]
    for digit in torch.unique(labels).tolist():
        of_class = z[labels == digit].detach().cpu()
        ax.scatter(*of_class.T, marker=f"${digit}$", s=28, linewidths=0.4, color=dark(f"C{digit}"))
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
        opponents = [name for name in self.cells if name.startswith("PCA")]
        if len(opponents) == len(self.cells):  # of nobody
            opponents = []
        rows = []
        for i, (name, row) in enumerate(self.cells.items()):
            marked = [
                f"<strong>{escape(text)}</strong>" if (i, j) in self.best else escape(text)
                for j, text in enumerate(row)
            ]
            values = "".join(f'<td style="{number}; white-space: nowrap">{text}</td>' for text in marked)
            italic = "; font-style: italic" if name in opponents else ""
            rows.append(f'<tr><th scope="row" style="{head}{italic}">{_unbroken(name)}</th>{values}</tr>')
        columns = "".join(f'<th scope="col" style="{number}">{_unbroken(column)}</th>' for column in self.columns)
        marks = ["<strong>Bold</strong>: the best"] * bool(self.best)
        marks += [f"<em>{'italic' if marks else 'Italic'}</em>: the opponent"] * bool(opponents)
        caption = escape(self.caption) + (f". {'; '.join(marks)}" if marks else "")
        return (  # no <caption>: it would be as narrow as the table, and scroll with it
            f'<div style="padding-bottom: 0.4em">{caption}</div>'
            f'<div style="overflow-x: auto" tabindex="0" role="group" aria-label="{escape(self.caption)}">'
            '<table class="course-table" style="border-collapse: collapse; margin: 0">'
            f'<thead style="border-bottom: 1px solid currentColor"><tr><td></td>{columns}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>"
        )


def _unbroken(head):
    """A head for HTML, which a narrow column may break anywhere but within "d = 32"."""
    return escape(head).replace(" = ", "&nbsp;=&nbsp;")


def table(rows, caption, form=".4f", lowest=(), highest=()):
    """A table of numbers, with heads, a caption and the best marked; so are rows of PCA, the course's opponent.

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
