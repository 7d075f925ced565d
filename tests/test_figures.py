"""The drawn figures: readable in light and dark and on a phone, in one palette, and their numbers are true."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch

from aecourse import metrics

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
FIGURES = NOTEBOOKS / "figures"
SVG = "{http://www.w3.org/2000/svg}"
TEXT = {"#222", "#1d5f99", "#8f1801"}  # ink, encoder, decoder: each at least 4.5 : 1 on the paper and its tints
PALETTE = TEXT | {"#fff", "#ffffff", "#3f90da", "#bd1f01", "#ffa90e", "#717581", "none"}


def drawing(name):
    return ElementTree.fromstring((FIGURES / name).read_text(encoding="utf-8"))


def faults(source):
    """What is wrong with a drawing, a line each."""
    root = ElementTree.fromstring(source)
    for tag in ("title", "desc"):
        found = root.find(SVG + tag)
        if found is None or not (found.text or "").strip():
            yield f"no <{tag}>"
    width = float(root.get("viewBox", "0 0 0 0").split()[2])
    if not 0 < width <= 720:
        yield f"the drawing is {width:g} wide: at most 720, or its text is too small on a phone"
    if len(source.encode()) >= 20_000:
        yield "20 kB or more"
    if re.search(r"<(script|style|image|use|foreignObject|a)\b|href|@import|url\((?!#)|\son\w+=", source):
        yield "a script, a style or something from outside"
    for element in root.iter():
        if float(element.get("font-size", 13)) < 13:
            yield f"a text smaller than 13: {''.join(element.itertext())!r}"
        for colour in (element.get("fill"), element.get("stroke")):
            if colour and colour not in PALETTE:
                yield f"{colour} is not in the palette"
        if element.tag == SVG + "text" and element.get("fill") not in TEXT:
            yield f"a text too light to read: {''.join(element.itertext())!r}"


@pytest.mark.parametrize("path", sorted(FIGURES.glob("*.svg")), ids=lambda path: path.stem)
def test_a_drawing_is_sound(path):
    assert not list(faults(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", sorted(FIGURES.glob("*.svg")), ids=lambda path: path.stem)
def test_a_drawing_is_used(path):
    assert any(
        f"(figures/{path.name})" in notebook.read_text(encoding="utf-8") for notebook in NOTEBOOKS.glob("*.ipynb")
    )


SOUND = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 90" font-size="16"><title>A dot</title>'
    '<desc>One dot.</desc><text fill="#222">dot</text><circle r="3" fill="#3f90da"/></svg>'
)


@pytest.mark.parametrize(
    "old, new",
    [
        ("<title>A dot</title>", ""),
        ("One dot.", " "),
        ("680", "900"),
        ('font-size="16"', 'font-size="12"'),
        ("#3f90da", "#00ff00"),
        ('<text fill="#222">', '<text fill="#ffa90e">'),
        ('<text fill="#222">', "<text>"),
        ("<circle", '<image href="dot.png"/><circle'),
        ("<circle", "<script/><circle"),
        ("One dot.", "One dot. " * 3000),
    ],
)
def test_a_fault_is_found(old, new):
    assert not list(faults(SOUND))
    assert list(faults(SOUND.replace(old, new)))


def places(elements, left, right):
    return torch.tensor([place for place in elements if left < place[0] < right])


def test_the_balls_give_the_precision_and_recall_that_are_written_there():
    """balls.svg: 3 of 5 and 2 of 4, by the package's own measure with one neighbour."""
    root = drawing("balls.svg")
    dots = [(c, float(c.get("cx")), float(c.get("cy"))) for c in root.iter(SVG + "circle")]
    squares = [(float(r.get("x")) + 6.5, float(r.get("y")) + 6.5) for r in root.iter(SVG + "rect") if r.get("x")]
    for left, right in ((0, 340), (340, 680)):
        real = places([(x, y) for c, x, y in dots if c.get("r") == "7" and y < 320], left, right)
        made = places([place for place in squares if place[1] < 320], left, right)
        assert (len(real), len(made)) == (4, 5)
        assert metrics.precision_recall(real, made, n_neighbors=1) == pytest.approx((3 / 5, 2 / 4))
        balls = [(x, y, float(c.get("r"))) for c, x, y in dots if c.get("fill-opacity") and left < x < right]
        for x, y, radius in balls:
            centres = real if left == 0 else made
            distances = (centres - torch.tensor([x, y])).norm(dim=1).sort().values
            assert distances[0] < 0.1 and distances[1] == pytest.approx(radius, abs=0.1)
        assert len(balls) == (4 if left == 0 else 5)


def test_the_points_of_pca_keep_and_lose_what_is_written_there():
    """pca_worked.svg: each point's squares, their sums, and that the diagonal is the principal direction."""
    words = " ".join(text.text for text in drawing("pca_worked.svg").iter(SVG + "text")).replace("−", "-")
    rows = re.findall(r"\((-?\d), (-?\d)\) (\d+) (\d+) (\d+)\b", words)
    table = torch.tensor([[float(number) for number in row] for row in rows])
    points, written = table[:, :2], table[:, 2:]
    assert len(points) == 5 and points.sum(0).tolist() == [0, 0]
    kept, lost = points.sum(1) ** 2 / 2, (points[:, 0] - points[:, 1]) ** 2 / 2
    assert torch.equal(written, torch.stack([kept, lost, (points**2).sum(1)], 1))
    assert re.search(r"sum (\d+) (\d+) (\d+)", words).groups() == ("60", "8", "68")
    assert written.sum(0).tolist() == [60, 8, 68]
    _, _, directions = torch.linalg.svd(points)
    assert directions[0].abs().tolist() == pytest.approx([0.5**0.5] * 2)
