"""The explorer decodes in the page what PyTorch decodes, for every kind of pointer, and loads nothing."""

import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from functools import cache
from importlib import resources
from pathlib import Path
from string import Template
from unittest import mock

import pytest
import torch
from playwright.sync_api import sync_playwright
from torch import nn

from aecourse import data, explorer, models, training
from aecourse.explorer import packing
from aecourse.explorer.page import document, grid, view

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip


@pytest.fixture(scope="module")
def digits():
    return data.load_mnist().train


DEFAULT = tuple(len(p) for p in models.VanillaAutoencoder(2).encoder.parameters() if p.ndim == 2)[:-1]
WIDTHS = sorted({(256,), DEFAULT, (512, 256)})  # (256,) fits in float16, (512, 256) does not


@cache
def trained(hidden_dims):
    torch.manual_seed(0)
    model = models.VanillaAutoencoder(2, hidden_dims=hidden_dims)
    training.fit(model, data.load_mnist().train, epochs=3, seed=0, max_lr=1e-2, progress=False)
    return model


@cache
def shown_of(hidden_dims):
    return explorer.latent_explorer(trained(hidden_dims), data.load_mnist().train)._repr_html_()


@pytest.fixture(scope="module")
def model():
    return trained((256,))


@pytest.fixture(scope="module")
def shown():
    return shown_of((256,))


# ---- without a browser ----


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_the_page_is_small_and_loads_nothing(widths):
    shown = shown_of(widths)
    assert len(shown.encode()) < 800_000
    assert "http:" not in shown and "https:" not in shown and " src=" not in shown and "url(" not in shown
    assert "default-src &#x27;none&#x27;" in shown  # and the browser would refuse


def test_the_frame_is_one_tag_so_that_the_search_of_the_book_does_not_index_the_weights(shown):
    assert re.sub(r"<[^<]+?>", "", shown) == ""


def test_plain_text_says_what_is_not_shown(model, digits):
    text = repr(explorer.latent_explorer(model, data.ImageSet(*digits[:50])))
    assert re.match(r"Latent explorer: the codes of 50 training digits.* notebook", text)


@pytest.mark.parametrize(
    "variant",
    [
        models.LinearAutoencoder(2),
        models.VanillaAutoencoder(2, (256, 128)),
        models.DenoisingAutoencoder(2, (64,)),
        models.SparseAutoencoder(2, (64,)),
        models.SparseAutoencoder(2, ()),
    ],
    ids=lambda model: type(model).__name__,
)
def test_any_fully_connected_variant_has_an_explorer(variant, digits):
    assert explorer.latent_explorer(variant, data.ImageSet(*digits[:200]))._repr_html_()


def test_rounding_that_cancels_is_closer_than_plain_rounding(model):
    z = grid(torch.zeros(2), 10.0, 40)
    with torch.no_grad():
        x = model.decoder[:2](z)  # (1600, 256)
    weight = model.decoder[2].weight.detach()
    exact, plain = x @ weight.T, x @ weight.half().float().T
    (rounded,) = packing.rounded_that_cancels(weight, x, "float16")
    assert torch.equal(rounded, rounded.half().float())
    assert (x @ rounded.T - exact).abs().max() < 0.5 * (plain - exact).abs().max()

    rounded, scale = packing.rounded_that_cancels(weight, x, "int8")
    each = scale.repeat_interleave(64, dim=1)  # (784, 256), as is the weight
    whole = rounded / each
    assert (whole - whole.round()).abs().max() < 1e-4 and whole.abs().max() <= 127.0001
    plain = x @ ((weight / each).round().clamp(-127, 127) * each).T
    assert (x @ rounded.T - exact).abs().max() < 0.5 * (plain - exact).abs().max()


def test_the_promise_is_checked_between_the_points_that_were_rounded_for(digits):
    with (
        mock.patch.object(packing, "round_to", wraps=packing.round_to) as rounding,
        mock.patch.object(packing, "check_agreement", wraps=packing.check_agreement) as checking,
    ):
        explorer.latent_explorer(small(), data.ImageSet(*digits[:200]))
    rounded, checked = rounding.call_args.args[2], checking.call_args.args[2]
    spacing = torch.cdist(rounded[:1], rounded[1:]).min()
    away = torch.cdist(checked, rounded).min(1).values
    assert (away > 0.1 * spacing).double().mean() > 0.9


def test_a_decoder_that_int8_cannot_hold_is_refused(digits, monkeypatch):
    model = broken(small(), lambda m: m.decoder[2].weight.mul_(1000))
    monkeypatch.setattr(packing, "FLOAT16_WEIGHTS", 0)
    sentence = r"^model: expected .* in int8 draws 99\.9 % of the pixels the same to 0\.005, got 0\.\d+; train .*\.$"
    with pytest.raises(ValueError, match=sentence):
        explorer.latent_explorer(model, data.ImageSet(*digits[:200]))


def test_one_pixel_that_is_off_is_too_many(model):
    z, (*steps, (_, weight, bias), sigmoid) = grid(torch.zeros(2), 10.0, 20), packing.decoder_steps(model)
    white = 20 * torch.eye(784)[0]  # the corner, black in every digit: one of 784 is more than one in a thousand
    packing.check_agreement(model, [*steps, ("Linear", weight, bias), sigmoid], z, "int8")
    with pytest.raises(ValueError, match="copy in int8"):
        packing.check_agreement(model, [*steps, ("Linear", weight, bias + white), sigmoid], z, "int8")


def broken(model, change):
    with torch.no_grad():
        change(model)
    return model


def small():
    torch.manual_seed(0)
    return models.VanillaAutoencoder(2, (8,))


BAD_MODELS = [
    (nn.Linear(784, 2), "expected an autoencoder"),
    ("model", "got 'model'"),
    (models.VanillaAutoencoder(32), "got latent_dim=32"),
    (models.ConvolutionalAutoencoder(2), "fully connected decoder, got a decoder with a "),
    (models.VanillaAutoencoder(2, (1024, 512)), f"at most {packing.INT8_WEIGHTS:,} weights"),
    (broken(small(), lambda m: m.decoder.insert(1, nn.Tanh())), "got a decoder with a Tanh"),
    (broken(small(), lambda m: m.decoder[2].weight[0].fill_(1e5)), "up to 65,504, got 1e+05"),
    (broken(small(), lambda m: m.decoder[2].bias[0].fill_(torch.nan)), "got nan; train again"),
    (broken(small(), lambda m: m.to_code.weight.fill_(torch.inf)), "expected finite codes"),
    (broken(small(), lambda m: m.to_code.weight.zero_()), "the same code for all digits"),
]


@pytest.mark.parametrize(("bad", "words"), BAD_MODELS, ids=[words for _, words in BAD_MODELS])
def test_another_model_gets_one_sentence_that_mends(bad, words, digits):
    with pytest.raises((TypeError, ValueError), match=re.escape(words)) as error:
        explorer.latent_explorer(bad, data.ImageSet(*digits[:200]))
    assert str(error.value).startswith("model: expected") and "train" in str(error.value)


def test_a_decoder_that_float16_draws_otherwise_is_refused(model, digits, monkeypatch):
    monkeypatch.setitem(packing.PROMISES, "float16", (0.999, 1e-9))
    with pytest.raises(ValueError, match=r"in float16 draws 99\.9 % of the pixels the same to 1e-09, got .*; train"):
        explorer.latent_explorer(model, digits)


def test_of_a_whole_data_set_the_training_digits_are_shown(model, shown):
    assert explorer.latent_explorer(model, data.load_mnist())._repr_html_() == shown


def test_other_digits_get_one_sentence(model, digits):
    for bad in (digits.images, data.load_mnist, None):
        with pytest.raises(TypeError, match=r"digits: expected .* an ImageSet such as digits\.train, got"):
            explorer.latent_explorer(model, bad)
    with pytest.raises(ValueError, match="expected 0 to 9, got 10"):
        explorer.latent_explorer(model, data.ImageSet(digits.images[:5], digits.labels[:5] + 10))
    brightness = torch.linspace(0.5, 1, 40_000)[:, None, None, None]  # codes that differ deflate as codes do
    many = data.ImageSet(digits.images.repeat(10, 1, 1, 1) * brightness, digits.labels.repeat(10))
    with pytest.raises(ValueError, match=r"a page of 800 kB, got 40,000 digits, \d+ kB in all; pass fewer") as error:
        explorer.latent_explorer(model, many)
    fit = int(re.search(r"data\.ImageSet\(\*digits\.train\[:(\d+)\]\)", str(error.value))[1])
    assert 4_000 < fit < 40_000 and explorer.latent_explorer(model, data.ImageSet(*many[:fit]))


# ---- the page's files ----

FILES = {kind: resources.files("aecourse.explorer") / f"explorer.{kind}" for kind in ("html", "css", "js")}
OF_A_PAGE = re.compile(r"<(!doctype|html|main|style|script)|function \w*\(|=> |\bconst \w|\{\n\s+[\w-]+: .*;")


def in_file(kind):
    return FILES[kind].read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", FILES)
def test_the_files_are_in_the_package_and_are_installed_with_it(kind):
    assert in_file(kind).strip()
    settings = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    setuptools = settings["tool"]["setuptools"]
    assert "aecourse.explorer" in setuptools["packages"]
    assert any(fnmatch(f"explorer.{kind}", pattern) for pattern in setuptools["package-data"]["aecourse.explorer"])


@pytest.mark.parametrize("kind", FILES)
def test_what_is_of_a_page_is_recognised(kind):
    assert OF_A_PAGE.search(in_file(kind))


def test_no_python_file_holds_a_part_of_the_page():
    python = [file for file in resources.files("aecourse.explorer").iterdir() if file.name.endswith(".py")]
    assert len(python) > 1
    assert not [file.name for file in python if OF_A_PAGE.search(file.read_text(encoding="utf-8"))]


def test_every_place_of_the_page_is_filled(model, digits):
    page = explorer.latent_explorer(model, data.ImageSet(*digits[:200])).page
    assert set(Template(in_file("html")).get_identifiers()) == {"css", "content", "js"}
    assert not re.search(r"\$\w", page)
    assert in_file("css") in page and in_file("js") in page


def test_no_text_ends_the_element_that_it_stands_in():
    assert "</style" not in in_file("css") and "</script" not in in_file("js") and "<!--" not in in_file("js")
    empty, nasty = document({"labels": ""}), document({"labels": "</script><!-- $js ${css}"})
    assert nasty.count("<") == empty.count("<")
    assert r'{"labels": "\u003c/script>\u003c!-- $js ${css}"}' in nasty  # and is not taken for a place to fill


def test_the_program_is_valid_javascript(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on PATH to check the program with")
    program = tmp_path / "explorer.mjs"  # .mjs: a module, as in the page
    program.write_text(in_file("js"), encoding="utf-8")
    checked = subprocess.run([node, "--check", program], capture_output=True, encoding="utf-8")
    assert checked.returncode == 0, checked.stderr


# ---- in a browser ----


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on PATH to open the explorer in")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, shown, tmp_path):
    """A function that opens explorers in one page from file:// and returns the page and their frames."""
    problems, contexts = [], []

    def only_files(route):
        if route.request.url.startswith("file:"):
            return route.continue_()
        problems.append(f"asks for {route.request.url}")
        return route.abort()

    def open_page(*explorers, **options):
        context = browser.new_context(**{"viewport": {"width": 700, "height": 700}} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.route("**/*", only_files)
        file = tmp_path / "page.html"
        file.write_text(
            f"<!doctype html><html lang='en'><title>x</title>{''.join(explorers or [shown])}", encoding="utf-8"
        )
        page.goto(file.as_uri())
        frames = page.frames[1:]
        for frame in frames:
            until(frame, "window.explorer && document.getElementById('words').textContent")
        return page, frames

    yield open_page
    for context in contexts:
        context.close()
    assert not problems


STATE = """() => {
    const digit = document.getElementById('digit'), z = explorer.position();
    return {
        z, radius: explorer.radius, decoded: [...explorer.decode(...z)],
        canvas: [...digit.getContext('2d').getImageData(0, 0, 28, 28).data],
        where: document.getElementById('where').textContent,
        words: document.getElementById('words').textContent,
        live: document.getElementById('live').textContent,
    };
}"""
NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def until(frame, condition):
    """Wait for a condition; Playwright's own wait evaluates strings, which the explorer's policy forbids."""
    frame.evaluate(f"""async () => {{
        const end = performance.now() + 15000;
        while (!({condition})) {{
            if (performance.now() > end) throw new Error("waited in vain");
            await new Promise(requestAnimationFrame);
        }}
    }}""")


def state(frame):
    """What one explorer shows, once it has drawn."""
    frame.evaluate(NEXT_FRAME)
    return frame.evaluate(STATE)


def assert_is_promised(decoded, x_hat, model):
    """Pixels (N, 784) agree: all to 0.002, better than promised, of a large decoder 99.9 % to 0.005."""
    error = (decoded - x_hat).abs()
    if sum(p.numel() for p in model.decoder.parameters() if p.ndim == 2) <= 270_000:
        assert error.max() < 2e-3
    else:
        assert (error < 5e-3).double().mean() > 0.999


def assert_agrees(seen, model, digits):
    """The decoded floats, the canvas and the words are those of PyTorch at the same code."""
    z = torch.tensor([seen["z"]])
    with torch.no_grad():
        x_hat, z_all = model.decode(z).flatten(), model.encode(digits.images)
    decoded = torch.tensor(seen["decoded"])
    assert (decoded - x_hat).abs().max() < 2e-3

    canvas = torch.tensor(seen["canvas"]).reshape(784, 4)
    gray = (255 * decoded.double()).add(0.5).floor().clamp(0, 255)
    assert (canvas[:, 3] == 255).all() and (canvas[:, :3] == gray[:, None]).all()

    distances = (z_all.double() - torch.tensor(seen["z"], dtype=torch.float64)).norm(dim=1)  # (N,)
    count = int((distances <= seen["radius"]).sum())
    many = {0: "No training digit", 1: "1 training digit"}.get(count, f"{count} training digits")
    assert seen["words"].startswith(f"{many} within {seen['radius']:g} units; ")
    label, away = re.search(r"the nearest is a (\d), ([\d.]+) units away\.$", seen["words"]).groups()
    assert int(label) == digits.labels[distances.argmin()] and abs(float(away) - distances.min()) < 0.01
    return count


def box_of(frame):
    return frame.locator("#plane").bounding_box()


def test_the_mouse_moves_the_decoded_code(opened, model, digits):
    page, (frame,) = opened()
    box, counts, seen = box_of(frame), set(), []
    for across, down in ((0.2, 0.1), (0.35, 0.4), (0.5, 0.5), (0.95, 0.05), (0.15, 0.85), (0.7, 0.6)):
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        seen.append(state(frame))
        counts.add(assert_agrees(seen[-1], model, digits))
    assert len({s["where"] for s in seen}) == 6 and len({tuple(s["canvas"]) for s in seen}) == 6
    assert 0 in counts and len(counts) > 2  # an empty place and crowded ones


def test_a_point_on_the_plane_is_the_code_under_the_mouse(opened, model, digits):
    page, (frame,) = opened()
    box = box_of(frame)
    inner = box["width"] - 44  # less the axis at the left, 40, and the rim at the right, 4
    page.mouse.move(box["x"] + 40, box["y"] + 4)
    top_left = state(frame)["z"]
    page.mouse.move(box["x"] + 40 + inner - 0.5, box["y"] + 4 + inner - 0.5)
    bottom_right = state(frame)["z"]
    with torch.no_grad():
        centre, side = view(model.encode(digits.images))
    assert torch.allclose(torch.tensor(top_left), centre + torch.tensor([-side / 2, side / 2]), atol=0.01 * side)
    assert torch.allclose(torch.tensor(bottom_right), centre + torch.tensor([side / 2, -side / 2]), atol=0.01 * side)


def test_the_arrow_keys_move_the_decoded_code(opened, model, digits):
    page, (frame,) = opened()
    page.keyboard.press("Tab")
    assert frame.evaluate("document.activeElement.id") == "plane"
    assert frame.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    steps = {}
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown", "Shift+ArrowRight"):
        before = state(frame)["z"]
        page.keyboard.press(key)
        seen = state(frame)
        assert_agrees(seen, model, digits)
        steps[key] = torch.tensor(seen["z"]) - torch.tensor(before)
    step = steps["ArrowRight"][0].item()
    assert step > 0
    expected = {"ArrowUp": (0, 1), "ArrowLeft": (-1, 0), "ArrowDown": (0, -1), "Shift+ArrowRight": (5, 0)}
    for key, direction in expected.items():
        assert torch.allclose(steps[key], step * torch.tensor(direction), atol=1e-4 * step), key
    for _ in range(25):
        page.keyboard.press("Shift+ArrowRight")
    assert_agrees(state(frame), model, digits)  # stops at the edge


def test_a_finger_moves_the_decoded_code(opened, model, digits):
    page, (frame,) = opened(has_touch=True, viewport={"width": 380, "height": 700})
    box = box_of(frame)
    before = state(frame)["z"]
    page.touchscreen.tap(box["x"] + 0.6 * box["width"], box["y"] + 0.3 * box["height"])
    seen = state(frame)
    assert seen["z"] != before
    assert_agrees(seen, model, digits)
    assert frame.evaluate("getComputedStyle(document.getElementById('plane')).touchAction") == "none"


def test_a_screen_reader_hears_the_words_once_the_pointer_rests(opened):
    page, (frame,) = opened()
    until(frame, "document.getElementById('live').textContent")
    spoken = frame.evaluate("""async () => {
        const said = new Set(), [z1, z2] = explorer.position();
        for (let i = 0; i < 10; i++) {
            explorer.move(z1 + i / 10, z2);
            await new Promise(requestAnimationFrame);
            said.add(document.getElementById('live').textContent);
        }
        return said.size;
    }""")
    assert spoken == 1  # nothing new on the way
    before = state(frame)["live"]
    frame.locator("#plane").focus()
    page.keyboard.press("Shift+ArrowUp")
    until(frame, f"document.getElementById('live').textContent !== {before!r}")
    seen = state(frame)
    until(frame, f"document.getElementById('live').textContent.startsWith({seen['where']!r})")
    seen = state(frame)
    assert seen["live"] == f"{seen['where']}: {seen['words']}"
    attributes = frame.evaluate("""() => [document.getElementById('live').ariaLive,
        ...['plane', 'digit'].map(id => document.getElementById(id).getAttribute('aria-label')),
        document.getElementById('classes').textContent, frameElement.title]""")
    polite, plane, digit, classes, title = attributes
    assert polite == "polite" and "4,000 training digits" in plane and seen["where"] in digit
    assert re.findall(r"(\d) around", classes) == list("0123456789") and title.startswith("Latent explorer")


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_the_page_decodes_between_the_points_that_were_rounded_for(opened, widths, digits):
    model = trained(widths)
    with torch.no_grad():
        centre, side = view(model.encode(digits.images))
        z = grid(centre, side * 38 / 39, 39)  # the middles of the 39 x 39 cells between 40 x 40 points
        z = z[torch.randperm(len(z), generator=torch.Generator().manual_seed(0))[:400]]
        x_hat = model.decode(z).flatten(1)
    assert torch.cdist(z, grid(centre, side, 40)).min() > 0.01 * side
    _, (frame,) = opened(shown_of(widths))
    decoded = frame.evaluate("codes => codes.map(z => [...explorer.decode(...z)])", z.tolist())
    assert_is_promised(torch.tensor(decoded), x_hat, model)


def test_groups_that_end_within_a_row_have_their_own_scales(opened, digits, monkeypatch):
    torch.manual_seed(0)
    model = models.VanillaAutoencoder(2, (150, 100))  # groups of 64 and 36; of 64, 64 and 22
    with torch.no_grad():
        for layer in (model.decoder[2], model.decoder[4]):
            layer.weight *= 12 * torch.rand(len(layer.weight), 1) * torch.rand(layer.weight.shape[1])
    monkeypatch.setattr(packing, "FLOAT16_WEIGHTS", 0)
    _, (frame,) = opened(explorer.latent_explorer(model, data.ImageSet(*digits[:200]))._repr_html_())
    seen = state(frame)
    with torch.no_grad():
        x_hat = model.decode(torch.tensor([seen["z"]])).flatten()
    assert x_hat.std() > 0.05  # a wrong scale would be seen
    assert (torch.tensor(seen["decoded"]) - x_hat).abs().quantile(0.999) < 5e-3


def test_a_browser_that_cannot_inflate_says_so(browser, shown, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(shown, encoding="utf-8")
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(file.as_uri())
    frame = page.frames[1]
    until(frame, "document.getElementById('words').textContent")
    assert "needs a browser of 2023 or later" in frame.locator("#words").text_content()
    page.close()


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_decoding_is_fast(opened, widths):
    _, (frame,) = opened(shown_of(widths))
    milliseconds = frame.evaluate("""() => {
        const times = [];
        for (let i = 0; i < 20; i++) {
            const start = performance.now();
            explorer.decode(i / 10, 1);
            times.push(performance.now() - start);
        }
        return times.sort((a, b) => a - b)[10];
    }""")
    assert milliseconds < 10


CONTRASTS = """() => {
    const luminance = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number)
        .map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const paper = luminance(getComputedStyle(document.body).backgroundColor);
    const ratios = ['where', 'words', 'help'].map(id => {
        const ink = luminance(getComputedStyle(document.getElementById(id)).color);
        return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    });
    return { paper, ratios };
}"""


THEMES = {  # how a page around the explorer becomes dark
    "book": "dark => { document.documentElement.dataset.theme = dark ? 'dark' : 'light' }",
    "JupyterLab": "dark => { document.body.dataset.jpThemeLight = !dark }",
    "Colab": "dark => { document.body.style.color = dark ? '#d5d5d5' : 'black' }",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", THEMES)
def test_it_is_readable_in_the_dark_and_follows_the_page_around_it(opened, place, scheme):
    page, (frame,) = opened(color_scheme=scheme)
    seen = {}
    for theme in ("light", "dark", "light"):
        page.evaluate(THEMES[place], theme == "dark")
        until(frame, f"document.documentElement.classList.contains('dark') === {str(theme == 'dark').lower()}")
        seen[theme] = frame.evaluate(CONTRASTS)
        assert min(seen[theme]["ratios"]) >= 4.5
    assert seen["dark"]["paper"] < 0.05 < 0.9 < seen["light"]["paper"]


@pytest.mark.parametrize("width", [700, 360])
def test_it_fits_its_page(opened, width):
    page, (frame,) = opened(viewport={"width": width, "height": 700})
    frame.evaluate(NEXT_FRAME)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside = frame.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    outside = frame.evaluate("[frameElement.clientWidth, frameElement.clientHeight]")
    assert inside[0] <= outside[0] <= 650 and inside[1] <= outside[1]


def test_two_explorers_on_a_page_do_not_meet(opened, shown, model, digits):
    linear = models.LinearAutoencoder(2)
    few = data.ImageSet(*digits[:200])
    other = explorer.latent_explorer(linear, few)._repr_html_()
    _, frames = opened(shown, other)
    first = state(frames[0])
    frames[1].locator("#plane").click()
    seen = state(frames[1])
    assert_agrees(seen, linear, few)
    assert state(frames[0])["z"] == first["z"]
    assert_agrees(first, model, digits)
