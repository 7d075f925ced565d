// `content` is what aecourse/explorer/page.py puts into the page; lengths and radius are in units of the code.
const content = JSON.parse(document.getElementById("content").textContent);

// ---- numbers ----

// Numbers come as [type, base64 of them deflated], little-endian: fewer bytes than written out in JSON.
async function unpack([kind, text]) {
  if (!window.DecompressionStream)
    document.getElementById("words").textContent =
      "The explorer needs a browser of 2023 or later: please update this one.";
  const deflated = new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))]);
  const stream = deflated.stream().pipeThrough(new DecompressionStream("deflate"));
  const numbers = await new Response(stream).arrayBuffer();
  if (kind === "float16") return Float32Array.from(new Uint16Array(numbers), half);
  return kind === "int8" ? new Int8Array(numbers) : new Float32Array(numbers);
}

// The value of a float16, which browsers of 2023 can't read: 1 bit sign, 5 bits exponent, 10 bits fraction.
function half(bits) {
  const exponent = (bits >> 10) & 31,
    fraction = bits & 1023;
  const size = exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
  return bits >> 15 ? -size : size;
}

// ---- the decoder ----

// From any number to (0, 1); SiLU needs it too.
const sigmoid = (a) => 1 / (1 + Math.exp(-a));

// Each for one number; the names are those of PyTorch's layers.
const activations = { SiLU: (a) => a * sigmoid(a), ReLU: (a) => Math.max(a, 0), Sigmoid: sigmoid };

// A layer as a function from its inputs to its outputs, unpacked once so that moving the pointer only computes.
async function stepOf({ kind, weight, scale, bias }) {
  if (kind !== "Linear") return (x) => x.map(activations[kind]);
  const b = await unpack(bias);
  let W = await unpack(weight);
  if (scale) W = scaled(W, await unpack(scale), b.length);
  return (x) => {
    const y = new Float64Array(b.length);
    for (let i = 0, k = 0; i < y.length; i++) {
      let sum = b[i];
      for (let j = 0; j < x.length; j++) sum += W[k++] * x[j];
      y[i] = sum;
    }
    return y;
  };
}

// Weights from whole numbers, of which content.group of a row share a scale; a row's last group may be shorter.
function scaled(whole, scales, rows) {
  const inputs = whole.length / rows,
    groups = scales.length / rows;
  return Float32Array.from(whole, (value, k) => {
    const row = Math.floor(k / inputs),
      group = Math.floor((k - row * inputs) / content.group);
    return value * scales[row * groups + group];
  });
}

const steps = await Promise.all(content.steps.map(stepOf));

// The 784 pixels that the decoder draws at a code.
const decode = (z1, z2) => steps.reduce((x, step) => step(x), Float64Array.of(z1, z2));

// ---- the density ----

const codes = await unpack(content.codes),
  labels = content.labels,
  N = labels.length;

// How many codes are within the circle, and which is the nearest.
function around(z1, z2) {
  let count = 0,
    nearest = 0,
    least = Infinity;
  for (let i = 0; i < N; i++) {
    const distance = Math.hypot(codes[2 * i] - z1, codes[2 * i + 1] - z2);
    if (distance <= content.radius) count++;
    if (distance < least) {
      least = distance;
      nearest = i;
    }
  }
  return { count, label: labels[nearest], distance: least };
}

// ---- words ----

const {
  side,
  corner: [low1, low2],
  radius,
} = content;
const decimals = Math.max(0, Math.ceil(-Math.log10(side / 500)));

// A coordinate with about as many decimals as the plane's pixels tell apart, and a true minus sign.
const number = (value) => value.toFixed(decimals).replace("-", "\u2212");

// The value, or the end of the range that it passed.
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// The element with this id; explorer.html has them all.
const find = (id) => document.getElementById(id);

// What `around` found, in words, which a screen reader can say too.
function sentence({ count, label, distance }) {
  const many = count === 0 ? "No training digit" : count === 1 ? "1 training digit" : `${count} training digits`;
  return `${many} within ${radius} units; the nearest is a ${label}, ${number(distance)} units away.`;
}

// Where the pointer is, for the reader and for the screen reader alike.
const place = () => `z\u2081 = ${number(z[0])}, z\u2082 = ${number(z[1])}`;

find("plane").setAttribute(
  "aria-label",
  `Plane of the codes of ${N.toLocaleString("en")} training digits, ` +
    "two numbers each, drawn as its digit in the colour of its class. Arrow keys move the pointer that is decoded.",
);
find("help").append(` The circle has a radius of ${radius} units.`);
find("classes").textContent =
  "Where the classes are: " +
  content.classes.map(([digit, z1, z2]) => `${digit} around ${number(z1)}, ${number(z2)}`).join("; ") +
  ".";

// ---- the plane ----

const plane = find("plane"),
  pen = plane.getContext("2d"),
  map = document.createElement("canvas");
const margin = { left: 40, bottom: 36, rest: 4 };

// Pixels along a side of the square, less the axes; asked anew each time, since the page may be resized.
const inner = () => plane.clientWidth - margin.left - margin.rest;

// From a code's first number to pixels from the left.
const across = (z1) => margin.left + ((z1 - low1) / side) * inner();

// From a code's second number to pixels from the top: z₂ points up, pixels count down.
const down = (z2) => margin.rest + (1 - (z2 - low2) / side) * inner();

// A colour of the stylesheet, so that the canvas follows dark mode too.
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// A class's colour with a quarter of ink, for the pale ones; both as #rrggbb.
const readable = (colour, ink) =>
  "#" +
  [1, 3, 5]
    .map((at) => {
      const channel = (hex) => parseInt(hex.slice(at, at + 2), 16);
      return Math.round(0.75 * channel(colour) + 0.25 * channel(ink))
        .toString(16)
        .padStart(2, "0");
    })
    .join("");

// Places for the classes' names: at the median code of each, pushed apart where they would cover each other.
function classLabels() {
  const spots = content.classes.map(([digit, z1, z2]) => ({ digit, x: across(z1), y: down(z2) }));
  for (let round = 0; round < 50; round++) {
    for (const a of spots)
      for (const b of spots) {
        const gap = Math.hypot(a.x - b.x, a.y - b.y),
          push = (25 - gap) / 2;
        if (a === b || push <= 0) continue;
        const [right, up] = gap ? [(a.x - b.x) / gap, (a.y - b.y) / gap] : [1, 0];
        a.x += push * right;
        a.y += push * up;
        b.x -= push * right;
        b.y -= push * up;
      }
    for (const spot of spots) {
      spot.x = clamp(spot.x, margin.left + 12, margin.left + inner() - 12);
      spot.y = clamp(spot.y, margin.rest + 12, margin.rest + inner() - 12);
    }
  }
  return spots;
}

// Draws all that stays while the pointer moves onto a canvas of its own: a move then copies one image.
function drawMap() {
  const width = plane.clientWidth,
    scale = devicePixelRatio || 1,
    ink = css("--ink"),
    paper = css("--paper");
  if (!width) return; // hidden, for example in a closed dropdown
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
  const colours = content.colours.map((colour) => readable(colour, ink));

  draw.font = "600 9px system-ui, sans-serif";
  draw.globalAlpha = 0.75;
  for (let i = 0; i < content.drawn; i++) {
    const at = Math.floor((i * N) / content.drawn);
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
  const power = 10 ** Math.floor(Math.log10(side / 3)),
    step = [5, 2, 1].find((s) => s * power <= side / 3) * power;
  // A multiple of the step as text, without the rounding errors that adding steps leaves behind.
  const tick = (value) =>
    (Math.round(value / step) * step).toFixed(Math.max(0, -Math.floor(Math.log10(step)))).replace("-", "\u2212");
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

// Draws the circle and the cross over the map, in paper under ink so that they stand out on both.
function drawPointer() {
  const x = across(z[0]),
    y = down(z[1]),
    ring = (radius / side) * inner();
  pen.drawImage(map, 0, 0, plane.clientWidth, (plane.clientWidth * map.height) / map.width);
  for (const [colour, width] of [
    [css("--paper"), 5],
    [css("--ink"), 2],
  ]) {
    Object.assign(pen, { strokeStyle: colour, lineWidth: width });
    pen.beginPath();
    pen.arc(x, y, ring, 0, 2 * Math.PI);
    for (const [right, up] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      pen.moveTo(x + 2 * right, y + 2 * up);
      pen.lineTo(x + 7 * right, y + 7 * up);
    }
    pen.stroke();
  }
}

// ---- the pointer ----

let z = content.classes[0].slice(1),
  waiting = false,
  announcement;

// Moves the pointer, at most to the edge; draws once a frame, however many events a mouse sends.
function move(z1, z2) {
  z = [clamp(z1, low1, low1 + side), clamp(z2, low2, low2 + side)];
  if (!waiting) requestAnimationFrame(show);
  waiting = true;
}

// Shows the pointer's code everywhere: as a digit, as numbers, in words, on the plane.
function show() {
  waiting = false;
  const image = new ImageData(28, 28),
    words = sentence(around(...z));
  decode(...z).forEach((value, i) => {
    const gray = Math.round(255 * value);
    image.data.set([gray, gray, gray, 255], 4 * i); // clamps to 0..255
  });
  find("digit").getContext("2d").putImageData(image, 0, 0);
  find("where").textContent = place();
  find("words").textContent = words;
  drawPointer();
  clearTimeout(announcement); // spoken only once the pointer rests
  announcement = setTimeout(() => {
    find("live").textContent = `${place()}: ${words}`;
    find("digit").setAttribute("aria-label", `What the decoder draws at ${place()}`);
  }, 300);
}

// Takes the pointer to where mouse or finger is: `across` and `down`, the other way round.
function follow(event) {
  const box = plane.getBoundingClientRect();
  move(
    low1 + ((event.clientX - box.left - margin.left) / inner()) * side,
    low2 + (1 - (event.clientY - box.top - margin.rest) / inner()) * side,
  );
}

plane.addEventListener("pointerdown", follow);
plane.addEventListener("pointermove", follow);
plane.addEventListener("keydown", (event) => {
  const to = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (!to || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const step = side / (event.shiftKey ? 20 : 100);
  move(z[0] + step * to[0], z[1] + step * to[1]);
});

// ---- the page around the frame ----

// The frame's element, where the page around allows a look; else null.
function host() {
  try {
    return window.frameElement;
  } catch {
    return null;
  }
}

// Whether the page around is dark, which each place says in its own way; the system is asked only without one.
function isDark() {
  if (!host()) return matchMedia("(prefers-color-scheme: dark)").matches;
  const { documentElement, body } = host().ownerDocument;
  const { theme } = documentElement.dataset,
    { jpThemeLight } = body.dataset;
  if (theme) return theme === "dark"; // the book
  if (jpThemeLight) return jpThemeLight === "false"; // JupyterLab
  const [red, green, blue] = getComputedStyle(body)
    .color.match(/[\d.]+/g)
    .map(Number);
  return (red + green + blue) / 3 > 127; // Colab and others: light text stands on a dark page
}

// Takes on the theme of the page around, and draws anew, since a canvas keeps its old colours.
function followTheme() {
  document.documentElement.classList.toggle("dark", isDark());
  drawMap();
}

if (host()) {
  const around = host().ownerDocument,
    observer = new MutationObserver(followTheme);
  for (const element of [around.documentElement, around.body]) observer.observe(element, { attributes: true });
  new ResizeObserver(([{ target }]) => {
    host().style.height = `${target.offsetHeight}px`;
  }).observe(document.querySelector("main"));
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", followTheme);
new ResizeObserver(drawMap).observe(plane);
followTheme();
show();
window.explorer = { decode, move, around, radius, position: () => z }; // for the tests, and for the curious
