"""The defaults are what the search chose, by its own rule, from the table in the book."""

import inspect
import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from aecourse import choice, data, models, training
from aecourse.choice import FIRST, Candidate, Row, chosen

PAGE = Path(__file__).parent.parent / "book/defaults.md"


def candidate(widths, max_lr, **changes):
    return Candidate(widths, replace(FIRST, max_lr=max_lr, **changes))


def rows_of_the_page():
    """{variant: [(Row, whether it is marked as chosen)]}; a row's weights are those of its candidate's model."""
    searches = {search.variant: search for search in choice.SEARCHES}
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 8 or cells[0] not in searches:
            continue
        variant, widths, max_lr, batch_size, epochs, train, validation, mark = cells
        widths = () if widths == "none" else tuple(map(int, widths.split("-")))
        model = searches[variant].build(widths)
        weights = sum(parameter.numel() for parameter in model.parameters())
        tried = candidate(widths, float(max_lr), batch_size=int(batch_size), epochs=int(epochs))
        found.setdefault(variant, []).append((Row(tried, float(train), float(validation), weights), bool(mark)))
    return found


PAGE_ROWS = rows_of_the_page()
# What a class builds by default, for each variant of the search that chooses a default.
DEFAULTS = {
    "linear": models.LinearAutoencoder,
    "vanilla, d = 2": lambda: models.VanillaAutoencoder(2),
    "vanilla, d = 8": lambda: models.VanillaAutoencoder(8),
    "vanilla, d = 32": models.VanillaAutoencoder,
    "denoising": models.DenoisingAutoencoder,
    "sparse, top 16": models.SparseAutoencoder,
    "convolutional": models.ConvolutionalAutoencoder,
    "variational": models.VariationalAutoencoder,
}


def test_the_page_holds_every_search():
    assert list(PAGE_ROWS) == [search.variant for search in choice.SEARCHES]
    for search in choice.SEARCHES:
        tried = {row.candidate for row, _ in PAGE_ROWS[search.variant]}
        assert tried >= {candidate(widths, rate) for widths in search.widths for rate in search.rates}


@pytest.mark.parametrize("variant", PAGE_ROWS)
def test_the_page_marks_what_the_rule_takes(variant):
    # The page has four digits: of two rows that look alike the rule may have seen that one is lower.
    taken = chosen([row for row, _ in PAGE_ROWS[variant]])
    marked = [row for row, mark in PAGE_ROWS[variant] if mark]
    if math.isinf(taken.validation):
        assert not marked  # nothing that was tried fulfils the task
    else:
        assert [(row.weights, row.validation) for row in marked] == [(taken.weights, taken.validation)]


@pytest.mark.parametrize("variant", DEFAULTS)
def test_the_chosen_row_is_the_default(variant):
    (marked,) = [row.candidate for row, mark in PAGE_ROWS[variant] if mark]
    model = DEFAULTS[variant]()
    assert getattr(model, "hidden_dims", getattr(model, "channels", ())) == marked.widths
    recommended = {"batch_size": model.batch_size, "max_lr": model.max_lr}
    defaults = {name: parameter.default for name, parameter in inspect.signature(training.fit).parameters.items()}
    assert asdict(marked.settings).items() <= (defaults | recommended).items()


def test_the_sparse_default_keeps_numbers_because_that_was_better_than_a_penalty():
    best = {variant: min(row.validation for row, _ in rows) for variant, rows in PAGE_ROWS.items()}
    penalised = [error for variant, error in best.items() if variant.startswith("sparse, λ")]
    assert len(penalised) == 3 and best["sparse, top 16"] < min(penalised)
    assert models.SparseAutoencoder(32).top_k == 16


def test_the_rule():
    rows = [
        Row(candidate((512,), 1e-2), 0.0, 0.0100, 800),
        Row(candidate((256,), 1e-3), 0.0, 0.0109, 400),
        Row(candidate((256,), 1e-2), 0.0, 0.0105, 400),
        Row(candidate((128,), 1e-2), 0.0, 0.0111, 200),
        Row(candidate((64,), 1e-2), 0.0, float("inf"), 100),
    ]
    assert chosen(rows) == rows[2]  # the smallest within a tenth, and its better rate
    assert chosen(rows[:1] + rows[3:]) == rows[0]  # 0.0111 is more than a tenth above


def test_a_search_tries_all_pairs_then_batches_then_epochs_and_never_sees_a_test_digit():
    train, validation = data.ImageSet(*data.load_mnist().train[:300]).split(0.2, seed=0)
    search = choice.Search(
        "small",
        lambda widths: models.VanillaAutoencoder(2, widths),
        choice.clean_error,
        widths=((4,), (8,)),
        rates=(1e-3, 1e-2),
        batch_sizes=(128,),
        epochs=(1,),
    )
    tried, best = choice.search_through(search, train, validation)
    assert len(tried) == 6 and best in [row.candidate for row in tried]
    assert tried[4].candidate.settings.batch_size == 128 and tried[5].candidate.settings.epochs == 1
    assert "test" not in inspect.signature(choice.search_through).parameters
    assert ".test" not in inspect.getsource(choice)


def test_a_sparse_code_without_zeros_is_not_chosen():
    images = data.load_mnist().train.images[:50]
    dense = models.SparseAutoencoder(8, (4,), sparsity_weight=1e-6, code="linear")
    assert choice.sparse_error(dense, images) == float("inf")
    assert choice.sparse_error(models.SparseAutoencoder(8, (4,), top_k=4), images) < 1


def test_the_errors_are_those_of_the_task():
    images = data.load_mnist().train.images[:50]
    identity = torch.nn.Identity()
    assert choice.clean_error(identity, images) == 0
    assert 0.03 < choice.noisy_error(identity, images) < 0.09  # clamping takes up to half of 0.3 squared
