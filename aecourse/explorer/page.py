"""The plane of 2-D codes as a page of its own: the reader moves a pointer, the page decodes it, without a kernel."""

import html
import json
from dataclasses import dataclass

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
        PAGE.replace("GROUP", str(packing.GROUP)).replace("CONTENT", json.dumps(content)),
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


PAGE = r"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<title>Latent explorer</title>
<style>
  :root { --paper: #ffffff; --ink: #1d1d1f; --faint: #5f6368; --accent: #0b57d0; color-scheme: light; }
  :root.dark { --paper: #14171c; --ink: #e8eaed; --faint: #a9afb8; --accent: #8ab4f8; color-scheme: dark; }
  * { box-sizing: border-box; }
  body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
  main { display: flex; flex-wrap: wrap; gap: 16px; padding: 8px; max-width: 650px; }
  .plane { flex: 1 1 320px; max-width: 410px; }
  .there { flex: 1 1 192px; }
  canvas { display: block; border-radius: 4px; }
  #plane { width: 100%; aspect-ratio: 1; touch-action: none; cursor: crosshair; }
  #plane:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
  #digit { width: 192px; max-width: 100%; aspect-ratio: 1; image-rendering: pixelated; border: 1px solid var(--faint); }
  p { margin: 8px 0 0; }
  #where { font-variant-numeric: tabular-nums; font-weight: 600; }
  #words { min-height: 4.4em; }
  #help { color: var(--faint); font-size: 13px; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  @media (max-width: 545px) {
    main { gap: 8px; }
    .there { display: grid; grid-template-columns: 112px 1fr; column-gap: 12px; align-content: start; }
    #digit { width: 112px; grid-row: 1 / 4; }
    #help { grid-column: 1 / 3; }
    .there p { margin-top: 0; }
  }
</style>
<main>
  <div class="plane">
    <canvas id="plane" tabindex="0" role="application" aria-roledescription="map of codes"
      aria-describedby="help classes"></canvas>
  </div>
  <div class="there">
    <canvas id="digit" width="28" height="28" role="img"></canvas>
    <p id="where"></p>
    <p id="words"></p>
    <p id="help">Point at the plane with mouse or finger, or use the arrow keys (with Shift, larger steps).</p>
  </div>
  <p id="classes" class="unseen"></p>
  <p id="live" class="unseen" aria-live="polite"></p>
  <noscript>The explorer decodes in the page and needs JavaScript: please allow it.</noscript>
</main>
<script type="module">
const content = CONTENT;

// ---- numbers ----
async function unpack([kind, text]) {
  if (!window.DecompressionStream) document.getElementById("words").textContent =
    "The explorer needs a browser of 2023 or later: please update this one.";
  const deflated = new Blob([Uint8Array.from(atob(text), c => c.charCodeAt(0))]);
  const stream = deflated.stream().pipeThrough(new DecompressionStream("deflate"));
  const numbers = await new Response(stream).arrayBuffer();
  if (kind === "float16") return Float32Array.from(new Uint16Array(numbers), half);
  return kind === "int8" ? new Int8Array(numbers) : new Float32Array(numbers);
}
function half(bits) {  // 1 bit sign, 5 bits exponent, 10 bits fraction
  const exponent = bits >> 10 & 31, fraction = bits & 1023;
  const size = exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
  return bits >> 15 ? -size : size;
}

// ---- the decoder ----
const sigmoid = a => 1 / (1 + Math.exp(-a));
const activations = { SiLU: a => a * sigmoid(a), ReLU: a => Math.max(a, 0), Sigmoid: sigmoid };
async function stepOf({ kind, weight, scale, bias }) {
  if (kind !== "Linear") return x => x.map(activations[kind]);
  const b = await unpack(bias);
  let W = await unpack(weight);
  if (scale) W = scaled(W, await unpack(scale), b.length);
  return x => {
    const y = new Float64Array(b.length);
    for (let i = 0, k = 0; i < y.length; i++) {
      let sum = b[i];
      for (let j = 0; j < x.length; j++) sum += W[k++] * x[j];
      y[i] = sum;
    }
    return y;
  };
}
function scaled(whole, scales, rows) {  // GROUP weights of a row share a scale
  const inputs = whole.length / rows, groups = scales.length / rows;
  return Float32Array.from(whole, (value, k) => {
    const row = Math.floor(k / inputs), group = Math.floor((k - row * inputs) / GROUP);
    return value * scales[row * groups + group];
  });
}
const steps = await Promise.all(content.steps.map(stepOf));
const decode = (z1, z2) => steps.reduce((x, step) => step(x), Float64Array.of(z1, z2));  // 784 pixels

// ---- the density ----
const codes = await unpack(content.codes), labels = content.labels, N = labels.length;
function around(z1, z2) {  // how many codes are within the circle, and which is the nearest
  let count = 0, nearest = 0, least = Infinity;
  for (let i = 0; i < N; i++) {
    const distance = Math.hypot(codes[2 * i] - z1, codes[2 * i + 1] - z2);
    if (distance <= content.radius) count++;
    if (distance < least) { least = distance; nearest = i; }
  }
  return { count, label: labels[nearest], distance: least };
}

// ---- words ----
const { side, corner: [low1, low2], radius } = content;
const decimals = Math.max(0, Math.ceil(-Math.log10(side / 500)));
const number = value => value.toFixed(decimals).replace("-", "\u2212");
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const find = id => document.getElementById(id);
function sentence({ count, label, distance }) {
  const many = count === 0 ? "No training digit" : count === 1 ? "1 training digit" : `${count} training digits`;
  return `${many} within ${radius} units; the nearest is a ${label}, ${number(distance)} units away.`;
}
const place = () => `z\u2081 = ${number(z[0])}, z\u2082 = ${number(z[1])}`;
find("plane").setAttribute("aria-label", `Plane of the codes of ${N.toLocaleString("en")} training digits, ` +
  "two numbers each, drawn as its digit in the colour of its class. Arrow keys move the pointer that is decoded.");
find("help").append(` The circle has a radius of ${radius} units.`);
find("classes").textContent = "Where the classes are: " +
  content.classes.map(([digit, z1, z2]) => `${digit} around ${number(z1)}, ${number(z2)}`).join("; ") + ".";

// ---- the plane ----
const plane = find("plane"), pen = plane.getContext("2d"), map = document.createElement("canvas");
const margin = { left: 40, bottom: 36, rest: 4 };
const inner = () => plane.clientWidth - margin.left - margin.rest;  // pixels of the square, less the axes
const across = z1 => margin.left + (z1 - low1) / side * inner();
const down = z2 => margin.rest + (1 - (z2 - low2) / side) * inner();
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const readable = (colour, ink) => "#" + [1, 3, 5].map(at => {  // a quarter of ink, for the pale ones
  const channel = hex => parseInt(hex.slice(at, at + 2), 16);
  return Math.round(0.75 * channel(colour) + 0.25 * channel(ink)).toString(16).padStart(2, "0");
}).join("");

function classLabels() {  // at the median code of each class, pushed apart where they would cover each other
  const spots = content.classes.map(([digit, z1, z2]) => ({ digit, x: across(z1), y: down(z2) }));
  for (let round = 0; round < 50; round++) {
    for (const a of spots) for (const b of spots) {
      const gap = Math.hypot(a.x - b.x, a.y - b.y), push = (25 - gap) / 2;
      if (a === b || push <= 0) continue;
      const [right, up] = gap ? [(a.x - b.x) / gap, (a.y - b.y) / gap] : [1, 0];
      a.x += push * right, a.y += push * up, b.x -= push * right, b.y -= push * up;
    }
    for (const spot of spots) {
      spot.x = clamp(spot.x, margin.left + 12, margin.left + inner() - 12);
      spot.y = clamp(spot.y, margin.rest + 12, margin.rest + inner() - 12);
    }
  }
  return spots;
}

function drawMap() {  // all that stays while the pointer moves
  const width = plane.clientWidth, scale = devicePixelRatio || 1, ink = css("--ink"), paper = css("--paper");
  if (!width) return;  // hidden, for example in a closed dropdown
  const height = inner() + margin.rest + margin.bottom;
  for (const canvas of [plane, map]) Object.assign(canvas, { width: width * scale, height: height * scale });
  plane.style.aspectRatio = `${width} / ${height}`;
  const draw = map.getContext("2d");
  pen.scale(scale, scale);
  draw.scale(scale, scale);
  draw.fillStyle = paper;
  draw.fillRect(0, 0, width, height);
  draw.textAlign = "center";
  draw.textBaseline = "middle";
  const colours = content.colours.map(colour => readable(colour, ink));

  draw.font = "600 9px system-ui, sans-serif";
  draw.globalAlpha = 0.75;
  for (let i = 0; i < content.drawn; i++) {
    const at = Math.floor(i * N / content.drawn);
    draw.fillStyle = colours[labels[at]];
    draw.fillText(labels[at], across(codes[2 * at]), down(codes[2 * at + 1]));
  }
  draw.globalAlpha = 1;

  draw.font = "700 14px system-ui, sans-serif";
  for (const { digit, x, y } of classLabels()) {
    draw.beginPath();
    draw.arc(x, y, 10, 0, 2 * Math.PI);
    Object.assign(draw, { fillStyle: paper, strokeStyle: colours[digit], lineWidth: 3 });
    draw.fill();
    draw.stroke();
    draw.fillStyle = ink;
    draw.fillText(digit, x, y + 1);
  }

  Object.assign(draw, { font: "12px system-ui, sans-serif", fillStyle: css("--faint"), strokeStyle: css("--faint") });
  draw.lineWidth = 1;
  draw.strokeRect(margin.left, margin.rest, inner(), inner());
  const power = 10 ** Math.floor(Math.log10(side / 3)), step = [5, 2, 1].find(s => s * power <= side / 3) * power;
  const tick = value => (Math.round(value / step) * step).toFixed(Math.max(0, -Math.floor(Math.log10(step))))
    .replace("-", "\u2212");
  for (let t = Math.ceil(low1 / step) * step; t < low1 + side; t += step)
    draw.fillText(tick(t), across(t), down(low2) + 12);
  draw.textAlign = "right";
  for (let t = Math.ceil(low2 / step) * step; t < low2 + side; t += step)
    draw.fillText(tick(t), margin.left - 5, down(t));
  draw.textAlign = "center";
  draw.fillStyle = ink;
  draw.fillText("z\u2081 (units of the code)", margin.left + inner() / 2, height - 8);
  draw.save();
  draw.translate(9, margin.rest + inner() / 2);
  draw.rotate(-Math.PI / 2);
  draw.fillText("z\u2082", 0, 0);
  draw.restore();
  drawPointer();
}

function drawPointer() {
  const x = across(z[0]), y = down(z[1]), ring = radius / side * inner();
  pen.drawImage(map, 0, 0, plane.clientWidth, plane.clientWidth * map.height / map.width);
  for (const [colour, width] of [[css("--paper"), 5], [css("--ink"), 2]]) {
    Object.assign(pen, { strokeStyle: colour, lineWidth: width });
    pen.beginPath();
    pen.arc(x, y, ring, 0, 2 * Math.PI);
    for (const [right, up] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(x + 2 * right, y + 2 * up);
      pen.lineTo(x + 7 * right, y + 7 * up);
    }
    pen.stroke();
  }
}

// ---- the pointer ----
let z = content.classes[0].slice(1), waiting = false, announcement;
function move(z1, z2) {
  z = [clamp(z1, low1, low1 + side), clamp(z2, low2, low2 + side)];
  if (!waiting) requestAnimationFrame(show);
  waiting = true;
}
function show() {
  waiting = false;
  const image = new ImageData(28, 28), words = sentence(around(...z));
  decode(...z).forEach((value, i) => {
    const gray = Math.round(255 * value);
    image.data.set([gray, gray, gray, 255], 4 * i);  // clamps to 0..255
  });
  find("digit").getContext("2d").putImageData(image, 0, 0);
  find("where").textContent = place();
  find("words").textContent = words;
  drawPointer();
  clearTimeout(announcement);  // spoken only once the pointer rests
  announcement = setTimeout(() => {
    find("live").textContent = `${place()}: ${words}`;
    find("digit").setAttribute("aria-label", `What the decoder draws at ${place()}`);
  }, 300);
}
function follow(event) {
  const box = plane.getBoundingClientRect();
  move(low1 + (event.clientX - box.left - margin.left) / inner() * side,
    low2 + (1 - (event.clientY - box.top - margin.rest) / inner()) * side);
}
plane.addEventListener("pointerdown", follow);
plane.addEventListener("pointermove", follow);
plane.addEventListener("keydown", event => {
  const to = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (!to || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const step = side / (event.shiftKey ? 20 : 100);
  move(z[0] + step * to[0], z[1] + step * to[1]);
});

// ---- the page around the frame ----
function host() {  // the frame's element, where the page around allows a look
  try { return window.frameElement; } catch { return null; }
}
function isDark() {
  if (!host()) return matchMedia("(prefers-color-scheme: dark)").matches;
  const { documentElement, body } = host().ownerDocument;
  const { theme } = documentElement.dataset, { jpThemeLight } = body.dataset;
  if (theme) return theme === "dark";  // the book
  if (jpThemeLight) return jpThemeLight === "false";  // JupyterLab
  const [red, green, blue] = getComputedStyle(body).color.match(/[\d.]+/g).map(Number);
  return (red + green + blue) / 3 > 127;  // Colab and others: light text stands on a dark page
}
function followTheme() {
  document.documentElement.classList.toggle("dark", isDark());
  drawMap();
}
if (host()) {
  const around = host().ownerDocument, observer = new MutationObserver(followTheme);
  for (const element of [around.documentElement, around.body]) observer.observe(element, { attributes: true });
  new ResizeObserver(([{ target }]) => { host().style.height = `${target.offsetHeight}px`; })
    .observe(document.querySelector("main"));
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", followTheme);
new ResizeObserver(drawMap).observe(plane);
followTheme();
show();
window.explorer = { decode, move, around, radius, position: () => z };
</script>
</html>
"""
