"""The list of references is the list of what the book and the package cite: no more, no less.

A source is cited by a link ([Vincent 2011](https://doi.org/10.1162/NECO_a_00142)), in code by doi:... or arXiv:...,
and its entry in book/references.bib holds the same DOI, arXiv number or address. Prose pages may cite by its key.
"""

import re
from pathlib import Path

import nbformat
import pytest
from pybtex.database import parse_string

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\((https?://(?:[^\s()]|\([^\s()]*\))+)\)")
ADDRESS = re.compile(r"https?://(?:[^\s()<>\"'`]|\([^\s()]*\))+")
BY_KEY = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
IN_CODE = re.compile(r"\b(?:doi:|arXiv:)(?:[^\s()]|\([^\s()]*\))+", re.IGNORECASE)
# Places to go, not works to cite.
NOT_SOURCES = re.compile(
    r"https?://(github\.com/autoencoder-course|creativecommons\.org|download\.pytorch\.org|127\.0\.0\.1|localhost"
    r"|[\w.-]*readthedocs\.io|docs\.[\w.-]+|www\.w3\.org)"
)


def identity(address):
    """A DOI as doi:..., an arXiv number as arxiv:..., any other address without its scheme and last slash."""
    address = address.strip().rstrip(".,;:").casefold()
    if match := re.search(r"(?:doi\.org/|^doi:)(10\.\d{4,9}/.+)", address):
        return f"doi:{match[1]}"
    if match := re.search(r"(?:arxiv\.org/(?:abs|pdf)/|^arxiv:)([\w./-]+?)(?:v\d+)?(?:\.pdf)?$", address):
        return f"arxiv:{match[1]}"
    return re.sub(r"^https?://(www\.)?", "", address).rstrip("/")


def entries(bib):
    """{key: (identities, surname of the first author, year)}."""
    found = {}
    for key, entry in parse_string(bib, "bibtex").entries.items():
        identities = {identity(f"doi:{entry.fields['doi']}")} if "doi" in entry.fields else set()
        identities |= {identity(f"arxiv:{entry.fields['eprint']}")} if "eprint" in entry.fields else set()
        identities |= {identity(entry.fields["url"])} if "url" in entry.fields else set()
        identities |= {identity(other) for other in re.findall(r"[\w-]+\.[\w.-]+/\S+", entry.fields.get("note", ""))}
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        surname = " ".join(people[0].last_names) if people else ""
        found[key] = identities | {f"key:{key}"}, surname, entry.fields.get("year", "")
    return found


def citations(texts):
    """[(where, text of the link or None, identity)] for everything that is cited in {where: text}."""
    found = []
    for where, text in texts.items():
        linked = LINK.findall(text)
        found += [(where, label, identity(target)) for label, target in linked if not NOT_SOURCES.match(target)]
        rest = LINK.sub(" ", text)
        bare = [m for m in ADDRESS.findall(rest) if not NOT_SOURCES.match(m)] + IN_CODE.findall(rest)
        found += [(where, None, identity(target)) for target in bare]
        found += [(where, None, f"key:{key.strip()}") for keys in BY_KEY.findall(text) for key in keys.split(",")]
    return found


def cites(cited, identities):
    """Whether an address is one of an entry's; a chapter of a book lies below the book's own address."""
    return any(cited == own or (":" not in own and cited.startswith(own + "/")) for own in identities)


def plain(name):
    """A name for comparison: no braces, no accents written in TeX, lower case."""
    return re.sub(r"[{}\\\"']", "", name).casefold()


def problems(bib, texts):
    """One sentence for each source without an entry, each entry that nobody cites, each wrong name or year."""
    listed, cited = entries(bib), citations(texts)
    for where, label, address in cited:
        matches = [key for key, (identities, *_) in listed.items() if cites(address, identities)]
        if not matches:
            yield f"{where}: {address} is not in references.bib"
        for key in matches:
            _, surname, year = listed[key]
            named = re.search(r"\b(1[89]|20)\d\d\b", label or "")
            if named and named[0] != year:
                yield f"{where}: [{label}] says {named[0]}, references.bib has {year} for {key}"
            if named and re.match(r"[A-ZÅÄÖ]", label) and plain(surname) not in plain(label):
                yield f"{where}: [{label}] does not name {surname}, the first author of {key}"
    for key, (identities, *_) in listed.items():
        if len(identities) == 1:
            yield f"references.bib: {key} has neither doi nor eprint nor url"
        elif not any(cites(address, identities) for _, _, address in cited):
            yield f"references.bib: nothing cites {key}"
    addresses = [own for identities, *_ in listed.values() for own in identities]
    for own in sorted({own for own in addresses if addresses.count(own) > 1}):
        yield f"references.bib: two entries have {own}"


def course():
    """{path: text} of all that may cite: notebooks, pages, the package, the README."""
    texts = {}
    for path in sorted(ROOT.glob("notebooks/**/*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        texts[path.relative_to(ROOT).as_posix()] = "\n\n".join(cell.source for cell in cells)
    for pattern in ("book/*.md", "aecourse/**/*.py", "tests/evidence/*.py", "README.md"):
        texts |= {
            path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(ROOT.glob(pattern))
        }
    return texts


def test_the_references_are_what_is_cited():
    found = list(problems((ROOT / "book/references.bib").read_text(encoding="utf-8"), course()))
    assert not found, "\n" + "\n".join(found)


def test_the_references_are_in_alphabetical_order():
    keys = re.findall(r"^@\w+\{(\S+),$", (ROOT / "book/references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    assert keys == sorted(keys)
    assert all(re.fullmatch(r"[a-z]+\d{4}[a-z]+", key) for key in keys), "a key is: first author, year, a word"


# It can fail: two entries with what cites them, and every way to spoil them.

BIB = """
@article{vincent2011connection, author = {Vincent, Pascal}, year = {2011}, doi = {10.1162/NECO_a_00142}}
@book{goodfellow2016deep, author = {Goodfellow, Ian}, year = {2016}, url = {https://www.deeplearningbook.org}}
@misc{gao2024scaling, author = {Gao, Leo}, year = {2024}, eprint = {2406.04093}}
@misc{mohapatra2026parts, author = {Mohapatra, S.}, year = {2026}, url = {https://a.com/3}, note = {Part 1: a.com/1}}
"""
TEXTS = {
    "a.ipynb": "As [Vincent (2011)](https://doi.org/10.1162/neco_a_00142) and "
    "[section 5.5](https://www.deeplearningbook.org/contents/ml.html) say.",
    "b.py": '"""Keeps the k largest (Gao et al. 2024, arXiv:2406.04093). See https://www.a.com/1."""',
}


def test_sources_and_entries_that_agree_pass():
    assert list(problems(BIB, TEXTS)) == []
    assert list(problems(BIB, {**TEXTS, "b.py": "(https://a.com/3)", "c.md": "See {cite:t}`gao2024scaling`."})) == []


@pytest.mark.parametrize(
    ("fragment", "bib", "texts"),
    [
        ("c.md: key:tishby1999 is not", BIB, {**TEXTS, "c.md": "{cite:p}`gao2024scaling, tishby1999`"}),
        ("a.ipynb: doi:10.1162/neco_a_00142 is not", BIB.replace("NECO_a", "NECO_b"), TEXTS),
        ("b.py: arxiv:2406.04093 is not", BIB.replace("2406", "2407"), TEXTS),
        ("b.py: doi:10.1016/0893-6080(89)9-2 is not", BIB, {**TEXTS, "b.py": "(doi:10.1016/0893-6080(89)9-2)."}),
        ("c.md: distill.pub/2016 is not", BIB, {**TEXTS, "c.md": "See https://distill.pub/2016/."}),
        ("nothing cites gao2024scaling", BIB, {**TEXTS, "b.py": ""}),
        ("has neither doi", BIB.replace("eprint", "note"), TEXTS),
        ("says 2010", BIB, {**TEXTS, "c.md": "[Vincent (2010)](https://doi.org/10.1162/NECO_a_00142)"}),
        ("does not name Vincent", BIB, {**TEXTS, "c.md": "[Hyvärinen (2011)](https://doi.org/10.1162/NECO_a_00142)"}),
        ("two entries have arxiv:2406.04093", BIB + "@misc{gao2025, eprint = {2406.04093}}", TEXTS),
    ],
)
def test_what_does_not_agree_is_found(fragment, bib, texts):
    assert any(fragment in sentence for sentence in problems(bib, texts)), list(problems(bib, texts))
