"""For dark pages: a figure's paper and letters inverted, and the images in it left as they are."""

import numpy as np
from PIL import Image
from scipy import ndimage

PAPER = 250  # what is lighter, in all three colours, is paper
SMALLEST = 12  # pixels: what is lower or narrower is a letter or a line
SOLID = 0.75  # the share of its rectangle that an image fills at least; axes with their ticks fill less


def invert(pixels):
    """Light to dark and dark to light, hue and strength of a colour kept."""
    return 255 - pixels.max(-1, keepdims=True) - pixels.min(-1, keepdims=True) + pixels


def images_in(pixels):
    """The rectangles of a figure that hold an image, as a mask."""
    parts, _ = ndimage.label((pixels < PAPER).any(-1), np.ones((3, 3)))
    mask = np.zeros(parts.shape, bool)
    for number, place in enumerate(ndimage.find_objects(parts), start=1):
        large = min(edge.stop - edge.start for edge in place) >= SMALLEST
        if large and (parts[place] == number).mean() >= SOLID:
            mask[place] = True
    return mask


def save_dark(source, target):
    """Write the figure in the file `source` to `target` as a dark page shows it."""
    pixels = np.asarray(Image.open(source).convert("RGB")).astype(int)
    pixels = np.where(images_in(pixels)[..., None], pixels, invert(pixels))
    Image.fromarray(pixels.astype(np.uint8)).save(target, optimize=True)
