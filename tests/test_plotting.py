"""Figures show what they were given."""

import base64
import io
import re

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from matplotlib.colors import to_rgb
from PIL import Image

from aecourse import plotting, training


@pytest.fixture(autouse=True)
def clean_slate():
    with plt.rc_context():
        yield
    plt.close("all")


def test_the_style_has_colours_that_all_can_tell_apart():
    plotting.use_style()
    assert len(plt.rcParams["axes.prop_cycle"]) == 10 and plt.rcParams["image.cmap"] == "gray"


def strips(pictures):
    """Of rows of pictures as HTML: the labels, and what is in the strips, grey and alpha, as arrays."""
    page = BeautifulSoup(pictures._repr_html_(), "html.parser")
    files = (io.BytesIO(base64.b64decode(img["src"].partition("base64,")[2])) for img in page("img"))
    return [span.get_text() for span in page("span")], [np.asarray(Image.open(file)) for file in files]


def test_image_rows_show_every_image_between_black_and_white():
    rows = [torch.rand(3, 1, 28, 28), torch.rand(2, 1, 28, 28) / 2]
    labels, shown = strips(plotting.image_rows(rows, ["x", "<ŷ>"]))
    assert labels == ["x", "<ŷ>"]
    for images, strip in zip(rows, shown, strict=True):
        assert strip.shape == (28 * 3, (3 * 28 + 2) * 3, 2), "each pixel 3 × 3, a pixel of ground between two images"
        for i, image in enumerate(images):
            grey, alpha = strip[1::3, 29 * 3 * i + 1 : 29 * 3 * i + 84 : 3].transpose(2, 0, 1)
            assert np.array_equal(grey, (image[0] * 255).round()) and (alpha == 255).all()
        seen = np.zeros(strip.shape[1], bool)
        for i in range(len(images)):
            seen[29 * 3 * i : 29 * 3 * i + 84] = True
        assert (strip[:, ~seen, 1] == 0).all(), "the ground shows where no image is"


def test_a_long_row_goes_on_in_the_next_line():
    images = torch.rand(45, 1, 28, 28)
    _, (strip,) = strips(plotting.image_rows([images], ["many"]))
    assert strip.shape[:2] == ((3 * 28 + 2) * 3, (20 * 28 + 19) * 3)
    assert np.array_equal(
        strip[2 * 29 * 3 + 1 :: 3, 4 * 29 * 3 + 1 : 4 * 29 * 3 + 84 : 3, 0], (images[44, 0] * 255).round()
    )


def test_image_rows_print_as_text():
    rows = plotting.image_rows([torch.rand(3, 1, 28, 28), torch.rand(2, 1, 28, 28)], ["noisy", "x"])
    assert repr(rows).splitlines() == ["noisy  3 pictures", "x      2 pictures"]


@pytest.mark.parametrize("color", [f"C{i}" for i in range(10)] + ["black", "white", "#ffffaa"])
def test_a_dark_colour_can_be_read_on_white(color):
    with plt.style.context("petroff10"):
        given, made = to_rgb(color), plotting.dark(color)
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in made]
    contrast = 1.05 / (0.05 + np.dot(linear, (0.2126, 0.7152, 0.0722)))
    assert contrast >= 4.5
    assert contrast < 4.8 or np.allclose(made, given), "no darker than it must be"


def test_image_rows_cut_overshoot_and_refuse_another_scale():
    x = (torch.rand(3, 1, 28, 28) - 0.5).clamp(0)  # half of the pixels black
    plotting.image_rows([x + 0.3 * torch.randn_like(x), 1.2 * x], ["noisy", "linear"])
    for other, mend in ((2 * x - 1, r"\(x \+ 1\) / 2"), (512 * x, "by 255"), ((x - 0.13) / 0.31, "standardisation")):
        with pytest.raises(ValueError, match=rf"rows, 'x': expected values in \[0, 1\], got .*{mend}"):
            plotting.image_rows([other], ["x"])


def test_error_curves_label_their_ends():
    history = training.History([0.3, 0.2], [0.3, 0.2], [0.3, 0.21], [0.4, 0.31])
    axes = plotting.error_curves(history, "a title")
    assert [line.get_ydata().tolist() for line in axes.lines] == [[0.3, 0.21], [0.4, 0.31]]
    assert [text.get_text().strip() for text in axes.texts] == ["train 0.2100", "test 0.3100"]
    assert axes.get_xlabel() == "epoch" and axes.get_title(loc="left") + axes.get_title() == "a title"


def test_code_scatter_draws_each_code_as_its_digit():
    z, labels = torch.rand(20, 2), torch.arange(20) % 10
    axes = plotting.code_scatter(z, labels)
    drawn = np.concatenate([np.asarray(points.get_offsets()) for points in axes.collections])
    assert len(axes.collections) == 10 and np.allclose(np.sort(drawn, 0), np.sort(z.numpy(), 0))


ROWS = {
    "PCA": {"test": 0.0102, "kNN": 0.93, "note": None},
    "vanilla": {"test": [0.0098, 0.0091], "kNN": torch.tensor(0.95), "note": "<3 seeds>"},
}
FORMS = {"test": ".4f", "kNN": ".1%"}


def test_a_table_prints_as_aligned_text():
    table = plotting.table(ROWS, "Clean pixel MSE", FORMS, lowest=["test"], highest=["kNN"])
    assert repr(table).splitlines() == [
        "Clean pixel MSE",
        "                      test     kNN        note",
        "PCA                0.0102   93.0%           –",
        "vanilla  0.0091 to 0.0098*  95.0%*  <3 seeds>",
        "* the best",
    ]


def test_a_table_is_a_table_in_a_page():
    html = plotting.table(ROWS, "MSE & more", FORMS, lowest=["test"])._repr_html_()
    assert html.count("<tr>") == 3 and html.count('scope="row"') == 2 and html.count('scope="col"') == 3
    assert "&lt;3 seeds&gt;" in html and ">MSE &amp; more. <strong>Bold</strong>" in html
    assert html.count("<strong>0.0091 to 0.0098</strong>") == 1 and html.count("<strong>") == 2
    assert "<strong>" not in plotting.table(ROWS, "MSE", FORMS)._repr_html_()


@pytest.mark.parametrize(
    ("names", "lowest", "marks"),
    [
        (["PCA", "vanilla"], [], ". <em>Italic</em>: the opponent</div>"),
        (["vanilla", "PCA, d = 2"], ["test"], ". <strong>Bold</strong>: the best; <em>italic</em>: the opponent</div>"),
        (["PCA", "PCA, d = 2"], [], "Pixel MSE</div>"),
        (["vanilla", "sparse"], [], "Pixel MSE</div>"),
    ],
)
def test_a_table_marks_pca_where_it_is_the_opponent(names, lowest, marks):
    html = plotting.table({name: {"test": 0.1} for name in names}, "Pixel MSE", lowest=lowest)._repr_html_()
    assert marks in html
    heads = BeautifulSoup(html, "html.parser").select('th[scope="row"]')
    assert ["italic" in head["style"] for head in heads] == ["PCA" in n and "opponent" in marks for n in names]


def test_a_narrow_page_breaks_no_equation_in_a_head():
    assert ">PCA, d&nbsp;=&nbsp;32</th>" in plotting.table({"PCA, d = 32": {"MSE": 0.1}}, "MSE")._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], "c"), "rows: expected {row: {column: value}}"),
        (({}, "c"), "at least one row"),
        (({"a": {"x": 1}, "b": {"y": 1}}, "c"), "rows, 'b': expected the columns"),
        (({"a": {"x": 1}}, "c", ".4f", "x"), "lowest: expected columns out of"),
        (({"a": {"x": 1}}, "c", ".4f", ["y"]), "lowest: expected columns out of"),
        (({"a": {"x": 1}}, "c", {"y": ".4f"}), "form: expected columns out of"),
    ],
)
def test_a_table_of_something_else_is_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        plotting.table(*arguments)
