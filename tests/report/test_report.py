"""The report: its structure, its words, that it asks for nothing, and that a browser shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from alsatian import ALS, ImplicitALS, Recommender, cli
from alsatian.data import Interactions
from alsatian.evaluation import metrics, splits
from alsatian.report import make_report, write_report
from alsatian.report._held_out import hold_out
from alsatian.report._html import column
from alsatian.report._svg import Frame, _ticks, level
from listeners import frame, interactions

VOID = {"meta", "br", "line", "circle", "rect", "polyline"}
SECTIONS = [
    "The data",
    "The fit",
    "Error on held-out cells",
    "Singular values of W Zᵀ",
    "A map of the items",
    "Neighbours of the best-known items",
    "Example users",
    "How to make it again",
]


class Structure(HTMLParser):
    """Headings, ids and links of a page; fails where an element is not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.ids, self.links, self.images, self.captions = [], [], [], [], [], 0
        self.tags = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "a":
            self.links.append(attrs["href"])
        if tag == "svg":
            self.images.append(attrs)
        if tag not in VOID or tag in ("circle", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and re.fullmatch("h[1-3]", self.open[-1]):
            self.headings.append((self.open[-1], data))


@pytest.fixture(scope="module")
def ratings():
    return Recommender(ALS(4, bias="both", random_state=0, dtype="float32")).fit(frame(users=60, items=30))


@pytest.fixture(scope="module")
def plays():
    return Recommender(ImplicitALS(4, random_state=0)).fit(interactions(users=60, items=30))


@pytest.mark.parametrize("kind", ["ratings", "plays"])
def test_the_structure_of_the_page(kind, request):
    page = make_report(request.getfixturevalue(kind), title="Films & more")
    found = Structure(page)
    assert [text for level, text in found.headings if level == "h2"] == SECTIONS
    assert [text for level, text in found.headings if level == "h1"] == ["Films & more"]
    assert len(found.ids) == len(set(found.ids))
    assert {link.removeprefix("#") for link in found.links} <= set(found.ids)
    assert found.images
    assert all(image["role"] == "img" and len(image["aria-label"]) > 20 for image in found.images)
    tables = [tag for tag, _ in found.tags].count("table")
    assert tables == page.count("<caption>")
    assert dict(found.tags)["html"] == {"lang": "en"}
    assert "nan" not in re.sub(r"<[^>]*>", " ", page).lower().split()


def test_the_page_asks_for_nothing(ratings):
    page = make_report(ratings, held_out=0)
    found = Structure(page)
    assert not {"script", "img", "link", "iframe", "object"} & {tag for tag, _ in found.tags}
    assert not re.search(r"https?:|url\(|@import", page)
    assert "default-src 'none'" in page
    assert not any("src" in attrs or "onclick" in attrs for _, attrs in found.tags)


def test_names_are_escaped_and_shown(ratings):
    titles = {item: f"<b>Song {item}</b>" for item in ratings.items_.to_list()}
    page = make_report(ratings, titles=titles, held_out=0)
    assert "<b>" not in page
    best = ratings.items_[int(np.argmax(np.bincount(ratings.interactions_.columns)))]
    assert f"&lt;b&gt;Song {best}&lt;/b&gt;" in page
    Structure(page)


def test_errors_are_those_of_a_fit_that_has_not_seen_the_cells(ratings):
    page = make_report(ratings, held_out=0.2, random_state=3)
    split = splits.random_per_user(ratings.interactions_, test=0.2, seed=3)
    model = ALS(4, bias="both", random_state=0, dtype="float32").fit(split.train.csr)
    found = metrics.rmse(split.test.values, model.predict_cells(split.test.rows, split.test.columns))
    shown = re.search(r'<th scope="row">this model</th><td class="n">([\d.]+)</td>', page)
    assert float(shown[1]) == pytest.approx(float(found), abs=1e-3)
    assert f"{len(split.train):,} are left" in page


def test_lists_are_judged_beside_the_best_known_items(plays):
    page = make_report(plays, held_out=0.2, random_state=3)
    held = hold_out(plays, 0.2, 3)
    who = held.split.test_users
    lists = held.recommender.recommend(held.split.train.users.values[who], n=10).positions
    found = metrics.ndcg(metrics.judge(lists, held.split.test, users=who), 10)
    assert f'<th scope="row">this model</th><td class="n">{found.mean:.4f}</td>' in page
    assert "the best-known items" in page


def test_the_best_known_items_are_unseen_ones():
    from alsatian.report._held_out import _popular

    known = Interactions.from_arrays(["a", "a", "b", "b", "c"], ["x", "y", "x", "z", "x"])
    assert _popular(known, np.array([0, 2]))[:, :3].tolist() == [[2, -1, -1], [1, 2, -1]]


def test_reasons_and_what_makes_it_again(ratings):
    page = make_report(ratings, held_out=0, call="alsatian report m.alsatian")
    assert "alsatian report m.alsatian" in page
    assert "ALS(bias=&#x27;both&#x27;, dtype=&#x27;float32&#x27;, n_components=4, random_state=0)" in page
    assert "because of" in page
    assert re.search(r"\(\+[\d.]+\)", page)
    without = make_report(Recommender(ALS(2)).fit(interactions()), held_out=0)
    assert "has no seed of its own" in without


def test_scores_are_the_base_plus_what_items_add(ratings, plays):
    page = make_report(ratings, held_out=0)
    assert "A score is the base (the mean of all, and what the item has by itself) plus the sum of" in page
    lists = re.findall(r"is shown, and what adds most to it</caption>.*?</table>", page)
    assert len(lists) == 3
    for shown in lists:
        assert '<th scope="col" class="n">score</th><th scope="col" class="n">base</th>' in shown
        user = re.search(rf"What user (u\d+) {re.escape(shown)}", page)[1]
        rows = re.findall(r'<th scope="row">(\d+)</th><td class="n">([\d.−]+)</td><td class="n">([\d.−]+)</td>', shown)
        assert len(rows) == 6
        for item, score, base in rows:
            told = ratings.explain(user, int(item))
            assert float(score.replace("−", "-")) == pytest.approx(told.score, abs=6e-3)
            assert float(base.replace("−", "-")) == pytest.approx(told.base, abs=6e-3)
    without = make_report(plays, held_out=0)
    assert "A score is the sum of what each of a user&#x27;s items adds." in without
    assert ">base</th>" not in without


@pytest.mark.parametrize(
    "known",
    [
        Interactions.from_arrays([1, 2], ["x", "x"]),
        Interactions.from_arrays([1, 1, 1], ["x", "y", "z"], [1, 1, 2]),
        Interactions.from_arrays(["u"] * 50, list(range(50)), np.geomspace(1, 1e6, 50)),
        Interactions.from_arrays([1, 1, 2], ["x", "y", "x"], timestamp=[5, 6, 7]),
        Interactions.from_matrix([[1.0, -1.0], [2.0, 0.5]]),
    ],
)
@pytest.mark.parametrize("k", [1, 3])
def test_small_and_odd_data(known, k):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for model in (ALS(k, random_state=0), ImplicitALS(k, random_state=0)):
            Structure(make_report(Recommender(model).fit(known), held_out=0))


def test_what_is_refused(ratings):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(ValueError, match="held_out must be a share"):
        make_report(ratings, held_out=1.0)
    with pytest.raises(NotFittedError):
        make_report(Recommender())


def test_round_values():
    assert _ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert _ticks(-0.3, 0.2) == [-0.3, -0.2, -0.1, 0, 0.1, 0.2]
    assert len(_ticks(2, 2.0001)) >= 2
    assert Frame((1, 1), (2, 2), ("x", "y")).svg("one point", "only").count("<figure")


def test_on_the_command_line(ratings, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    ratings.save("m.alsatian")
    (tmp_path / "titles.csv").write_text("item,title\n" + "".join(f"{n},Song {n}\n" for n in range(100, 130)))
    assert cli.main(["report", "m.alsatian", "--items", "titles.csv", "--held-out", "0.2"]) == 0
    assert capsys.readouterr().out.startswith("m.html, ")
    page = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert "Song 104" in page
    assert "alsatian report m.alsatian -o m.html --items titles.csv --held-out 0.2 --random-state 0" in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.alsatian", "m.html", "titles.csv"]


def _browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name) is not None:
            return name
    return pytest.skip("no Chromium is installed (Debian's package chromium)")


def test_a_browser_shows_it_and_asks_for_nothing(ratings, tmp_path):
    browser = _browser()
    path = tmp_path / "report.html"
    write_report(ratings, path)
    common = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    try:
        dumped = subprocess.run(
            [*common, "--enable-logging=stderr", "--v=0", "--dump-dom", path.as_uri()],
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.skip("the browser does not start here")
    if dumped.returncode != 0 or "<html" not in dumped.stdout:
        pytest.skip(f"the browser does not run here: {dumped.stderr[-200:]}")
    for heading in SECTIONS:
        assert heading in dumped.stdout
    assert "CONSOLE" not in dumped.stderr
    shot = tmp_path / "report.png"
    subprocess.run(
        [*common, "--hide-scrollbars", "--window-size=900,1400", f"--screenshot={shot}", path.as_uri()],
        capture_output=True, timeout=90, check=True,
    )  # fmt: skip
    from matplotlib.image import imread

    pixels = imread(shot)[..., :3]
    assert pixels.shape[:2] == (1400, 900)
    accent = np.abs(pixels - np.array([0xA9, 0x21, 0x3F]) / 255).max(axis=2) < 0.02
    blue = np.abs(pixels - np.array([0x1F, 0x5A, 0x8A]) / 255).max(axis=2) < 0.02
    dark_scheme = pixels.mean() < 0.5
    assert dark_scheme or (accent.sum() > 500 and blue.sum() > 2000)  # lines of the headings, bars of the charts


@pytest.mark.parametrize("model", [ALS(2, bias="both", random_state=0), ImplicitALS(1, random_state=0)])
@pytest.mark.parametrize("rows", [[("a", "x", 3.0)], [(f"u{n}", f"x{n}", n % 5 + 1.0) for n in range(20)]])
@pytest.mark.filterwarnings("ignore:.*of which nothing is known")
def test_a_small_model_has_a_report_too(model, rows):
    users, items, values = zip(*rows, strict=True)
    page = make_report(Recommender(model).fit(Interactions.from_arrays(users, items, values)))
    assert (
        "Nothing could be held out: for a share of 10% a user needs 5 cells or more, and none has more than 1." in page
    )
    assert not re.search(r"(?<![\d,.])1 (users|items|cells|components)\b", page)
    assert [title for level, title in Structure(page).headings if level == "h2"] == SECTIONS


def test_the_calls_fit_the_model_again(ratings):
    page = make_report(ratings, held_out=0)
    code = re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)
    assert code[0].startswith("alsatian fit SOURCE --model ratings --n-components 4 --random-state 0")
    assert "interactions = Interactions.from_frame(table)" in code[1]
    assert "60 users, 30 items" in code[1]
    compile(unescape(code[1]), "report", "exec")
    without = make_report(Recommender(ALS(2, absent="zero", random_state=0)).fit(interactions()), held_out=0)
    assert "alsatian fit has no option for absent=&#x27;zero&#x27;: use the Python." in without


def test_both_directions_of_the_map_have_one_scale():
    for x, y in (((0, 10), (-0.1, 0.1)), ((-1, 1), (0, 30)), ((0, 0), (0, 0))):
        wide, high, size = level(x, y, 920, (300, 600))
        frame = Frame(wide, high, ("x", "y"), size)
        assert frame.right(1.0) - frame.right(0.0) == pytest.approx(frame.up(0.0) - frame.up(1.0))
        assert wide[0] <= x[0] <= x[1] <= wide[1]
        assert high[0] <= y[0] <= y[1] <= high[1]
        assert 300 <= size[1] <= 600


def test_what_is_for_screens_is_not_printed(plays):
    page = make_report(plays, held_out=0)
    assert ' <span class="screen">Point at one for its name.</span></figcaption>' in page
    paper = page[page.index("@media print") :].split("</style>")[0]
    assert ".screen{display:none}" in paper
    assert "h2+p,.lead" in paper


def test_a_name_goes_to_the_left_where_the_right_is_taken():
    frame = Frame((0, 10), (0, 10), ("x", "y"))
    frame.write(5, 5, "one")
    left, _, right, _ = frame.place(5, 5, "two")
    assert left < right < frame.right(5)
    frame.write(5, 5, "two")
    assert frame.place(5, 5, "three") is None


def test_times_that_count_from_1970_are_dates():
    known = Interactions.from_arrays([1, 1, 2], ["x", "y", "x"], timestamp=[978300760, 978300761, 978300762])
    page = make_report(Recommender(ImplicitALS(2, random_state=0)).fit(known), held_out=0)
    assert "From 2000-12-31 22:12:40 to 2000-12-31 22:12:42." in page
    assert "9783007" not in page


def test_times_at_midnight_are_dates_alone():
    known = Interactions.from_arrays([1, 1, 2], ["x", "y", "x"], timestamp=[978307200, 978393600, 978307200])
    page = make_report(Recommender(ImplicitALS(2, random_state=0)).fit(known), held_out=0)
    assert "From 2001-01-01 to 2001-01-02." in page


def test_the_rows_that_close_the_fit_are_no_iteration(ratings):
    page = make_report(ratings, held_out=0)
    told = re.findall(r"<title>iteration (\d+): loss", page)
    assert [int(n) for n in told] == list(range(1, ratings.model_.n_iter_ + 1))
    assert page.count("<title>closing rows, after the last iteration: loss") == 1
    assert page.count('aria-hidden="true">closing rows</text>') == 1


def test_the_map_shows_the_origin(plays):
    page = make_report(plays, held_out=0)
    chart = page[page.index('aria-label="Map of the items') :].split("</svg>")[0]
    lines = re.findall(r'class="ideal" points="([\d.-]+),([\d.-]+) ([\d.-]+),([\d.-]+)"', chart)
    (left, level, right, _), (upright, top, _, bottom) = sorted(lines, key=lambda p: p[0] == p[2])
    assert float(left) < float(upright) < float(right)
    assert min(float(top), float(bottom)) < float(level) < max(float(top), float(bottom))
    for x, y in re.findall(r'class="item" cx="([\d.]+)" cy="([\d.]+)"', chart):
        assert float(left) <= float(x) <= float(right)
        assert min(float(top), float(bottom)) <= float(y) <= max(float(top), float(bottom))


def test_names_are_as_wide_as_their_letters_and_stay_on_the_chart():
    frame = Frame((0, 10), (0, 10), ("x", "y"))
    narrow, wide = frame.box(5, 5, "ab"), frame.box(5, 5, "作品")
    assert wide[2] - wide[0] > 1.5 * (narrow[2] - narrow[0])
    assert not frame.is_free(frame.box(9.9, 5, "a" * 60))
    frame.write(5, 5, "one")
    assert not frame.is_free(frame.box(5.1, 5.1, "two"))
    assert frame.is_free(frame.box(1, 1, "two"))


def test_numbers_of_a_column_have_as_many_decimals():
    assert column([1.0, 0.5, float("nan")]) == ["1.000", "0.500", "–"]
    assert column([12345.678, 1.5]) == ["12,346", "2"]
    assert column([]) == []
    assert column([0.0, 3.0]) == ["0", "3"]


def test_on_paper_and_on_narrow_screens(ratings):
    page = make_report(ratings, held_out=0)
    paper = page[page.index("@media print") :].split("</style>")[0]
    for kept in (".facts", ".wide", "figure", "tr"):
        assert re.search(rf"(^|[,}}]){re.escape(kept)}(,[^{{}}]*)?\{{break-inside:avoid", paper, re.MULTILINE)
    assert page.count('class="wide long"') == 1
    assert "background-attachment:local,local,scroll,scroll" in page
