"""Figures for dark pages: dark paper and light letters, and images as they are."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent / "book/_extensions"))
from dark_figures import save_dark

SIDE = 80


@pytest.fixture
def dark(tmp_path):
    """A figure, as (height, width, 3), saved and read back."""

    def save(pixels):
        Image.fromarray(pixels).save(tmp_path / "light.png")
        save_dark(tmp_path / "light.png", tmp_path / "dark.png")
        return np.asarray(Image.open(tmp_path / "dark.png"))

    return save


def paper():
    return np.full((SIDE, SIDE, 3), 255, np.uint8)


def test_paper_becomes_dark_and_an_image_stays(dark):
    figure = paper()
    figure[20:50, 20:50] = 0  # a digit's black ground
    figure[30:40, 30:40] = 255  # and its white stroke
    found = dark(figure)
    assert (found[20:50, 20:50] == figure[20:50, 20:50]).all()
    assert found[:20].max() == 0 and found[50:].max() == 0


def test_letters_lines_and_frames_become_light(dark):
    figure = paper()
    figure[5:13, 5:9] = 0  # a letter
    figure[60:62, 10:70] = 0  # a line
    figure[20:50, 20:22] = figure[48:50, 20:70] = 0  # axes without an image
    assert (dark(figure) == 255 - figure).all()


def test_colours_keep_their_hue(dark):
    figure = paper()
    figure[5:9, 5:9] = (0, 0, 128)  # a dark blue letter
    assert (dark(figure)[6, 6] == (127, 127, 255)).all()
