from __future__ import annotations

import hashlib
import io
import os
import sys
import threading
import zipfile
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler

import numpy as np
import pytest

from alsatian.datasets import fetch_movielens
from alsatian.datasets._download import Source, cache_folder
from alsatian.datasets.movielens import SOURCES

FOLDS = {f"u{i}.{part}": "1\t5\t3\t10\n" for i in range(1, 6) for part in ("base", "test")}
SMALL_100K = {
    "u.data": "7\t5\t3\t10\n1\t5\t4\t11\n7\t2\t1\t12\n",
    "u.item": "2|Amélie (2001)|x\n3|Unrated (1990)|x\n5|Heat (1995)|x\n",
    "README": "terms",
    **FOLDS,
    "u2.base": "7\t5\t3\t10\n7\t2\t1\t12\n",
    "u2.test": "1\t5\t4\t11\n",
}
SMALL_1M = {
    "ratings.dat": "1::30::5::100\n2::10::3::101\n",
    "movies.dat": "10::Léon: The Professional (1994)::Drama\n30::Seven::Crime\n",
    "README": "terms",
}


def make_zip(path, files, folder="ml-100k/"):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(folder + name, text.encode("latin-1"))
    return Source(path.as_uri(), hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest())


def put(folder, files):
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_bytes(text.encode("latin-1"))


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("ALSATIAN_DATA", raising=False)
    return tmp_path / "home"


def check_small_100k(films):
    assert films.users.tolist() == [1, 7]
    assert films.items.tolist() == [2, 5]
    assert films.titles.tolist() == ["Amélie (2001)", "Heat (1995)"]
    np.testing.assert_array_equal(films.X.toarray(), [[0, 4], [1, 3]])
    assert films.timestamps.tolist() == [10, 11, 12]


def test_downloads_once_then_reads_the_copy(home, tmp_path):
    source = make_zip(tmp_path / "a.zip", SMALL_100K)
    check_small_100k(fetch_movielens("100k", data_home=home, sources={"100k": source}))
    (tmp_path / "a.zip").unlink()
    check_small_100k(fetch_movielens("100k", data_home=home, sources={"100k": source}))
    assert [path.name for path in home.iterdir()] == ["ml-100k"]


def test_downloads_over_http(home, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    source = make_zip(site / "a.zip", SMALL_1M, "ml-1m/")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            base = f"http://127.0.0.1:{server.server_port}"
            films = fetch_movielens("1m", data_home=home, sources={"1m": Source(f"{base}/a.zip", source.md5)})
            absent = {"100k": Source(f"{base}/b.zip", source.md5)}
            with pytest.raises(OSError, match=r"Could not download .*b.zip: HTTP Error 404"):
                fetch_movielens("100k", data_home=home, sources=absent)
        finally:
            server.shutdown()
            thread.join()
    assert films.titles.tolist() == ["Léon: The Professional (1994)", "Seven"]
    assert films.timestamps.tolist() == [100, 101]
    np.testing.assert_array_equal(films.X.toarray(), [[0, 5], [3, 0]])


def test_a_wrong_checksum_leaves_nothing(home, tmp_path):
    source = make_zip(tmp_path / "a.zip", SMALL_100K)
    bad = Source(source.url, "0" * 32)
    with pytest.raises(OSError, match=f"came with MD5 {source.md5}, but {'0' * 32} is published"):
        fetch_movielens("100k", data_home=home, sources={"100k": bad})
    assert not home.exists()


def test_no_network_says_what_to_do(home):
    nowhere = {"100k": Source("http://127.0.0.1:9/ml-100k.zip", "0" * 32)}
    with pytest.raises(OSError, match=r"Could not download .*Check the network .*unpack it so that .*ml-100k"):
        fetch_movielens("100k", data_home=home, sources=nowhere)
    assert not home.exists()


def test_a_download_that_fails_takes_away_no_folder_that_was_there_before(home):
    nowhere = {"100k": Source("http://127.0.0.1:9/ml-100k.zip", "0" * 32)}
    home.mkdir()
    with pytest.raises(OSError, match="Could not download"):
        fetch_movielens("100k", data_home=home / "deep" / "er", sources=nowhere)
    assert list(home.iterdir()) == []


def test_members_never_land_outside(home, tmp_path):
    source = make_zip(tmp_path / "a.zip", SMALL_100K | {"x/../../../u.item": SMALL_100K["u.item"]}, "../../")
    check_small_100k(fetch_movielens("100k", data_home=home / "deep" / "er", sources={"100k": source}))
    everything = {path.name for path in tmp_path.rglob("*") if path.is_file()} - {"a.zip"}
    assert everything == {path.name for path in (home / "deep" / "er" / "ml-100k").iterdir()}


def test_an_archive_of_other_files_is_refused(home, tmp_path):
    source = make_zip(tmp_path / "a.zip", {"other.txt": "x"})
    with pytest.raises(OSError, match=r"no file 'u.data'; it holds other.txt"):
        fetch_movielens("100k", data_home=home, sources={"100k": source})


def test_a_half_copy_is_completed(home, tmp_path):
    put_folder = home / "ml-100k"
    home.mkdir()
    put(put_folder, {"notes.txt": "mine"})
    source = make_zip(tmp_path / "a.zip", SMALL_100K)
    check_small_100k(fetch_movielens("100k", data_home=home, sources={"100k": source}))
    assert (put_folder / "notes.txt").read_text() == "mine"


def test_the_environment_names_the_folder(home, monkeypatch):
    home.mkdir()
    put(home / "ml-100k", SMALL_100K)
    monkeypatch.setenv("ALSATIAN_DATA", str(home))
    check_small_100k(fetch_movielens(download=False))


def test_the_cache_is_the_last_resort(home, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    assert cache_folder() == home / "alsatian"
    with pytest.raises(FileNotFoundError, match=r"no MovieLens 1m in .*alsatian.*download=True"):
        fetch_movielens("1m", download=False)


def test_unknown_name(home):
    with pytest.raises(ValueError, match="name='20m' is not a set"):
        fetch_movielens("20m", data_home=home)


def test_folds_share_the_index_space(home):
    home.mkdir()
    put(home / "ml-100k", SMALL_100K)
    films = fetch_movielens("100k", data_home=home)
    train, test = films.fold(2)
    np.testing.assert_array_equal((train + test).toarray(), films.X.toarray())
    with pytest.raises(ValueError, match="fold 6 does not exist"):
        films.fold(6)
    (home / "ml-100k" / "u3.test").unlink()
    with pytest.raises(FileNotFoundError, match=r"u3.test is missing"):
        films.fold(3)


def test_only_100k_has_folds(home):
    home.mkdir()
    put(home / "ml-1m", SMALL_1M)
    with pytest.raises(ValueError, match="no official folds"):
        fetch_movielens("1m", data_home=home).fold(1)


def test_parquet_without_polars_names_the_extra(home, monkeypatch):
    (home / "ml-1m").mkdir(parents=True)
    (home / "ml-1m" / "ratings.parquet").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(
        ImportError, match=r"pip install polars, or alsatian with its extra 'files' \(from a .*'\.\[files\]'"
    ):
        fetch_movielens("1m", data_home=home)


def test_published_checksums_are_whole():
    for source in SOURCES.values():
        assert source.url.startswith("https://files.grouplens.org/")
        assert len(bytes.fromhex(source.md5)) == 16


def test_the_real_100k(shared_data):
    if not (shared_data / "ml-100k" / "u.data").is_file():
        pytest.skip(f"no ml-100k in {shared_data}")
    films = fetch_movielens("100k", data_home=shared_data, download=False)
    assert films.shape == (943, 1682)
    assert films.X.nnz == films.ratings.size == 100_000
    assert films.X.dtype == np.float32
    assert films.X.indices.dtype == np.int32
    assert films.X.has_canonical_format
    assert films.titles[0] == "Toy Story (1995)"
    whole = sum(films.fold(i)[1] for i in range(1, 6))
    assert (whole != films.X).nnz == 0
    train, test = films.fold(1)
    assert (train.nnz, test.nnz) == (80_000, 20_000)


def test_the_real_1m(shared_data):
    folder = shared_data / "ml-1m"
    if not folder.is_dir():
        pytest.skip(f"no ml-1m in {shared_data}")
    if not (folder / "ratings.dat").is_file():
        pytest.importorskip("polars")
    films = fetch_movielens("1m", data_home=shared_data, download=False)
    assert films.shape == (6040, 3706)
    assert films.X.nnz == 1_000_209
    assert films.titles[0] == "Toy Story (1995)"
    assert all(films.titles)


def test_nothing_is_written_beside_a_folder_that_cannot_be_written(home, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    home.mkdir(mode=0o500)
    source = make_zip(tmp_path / "a.zip", SMALL_100K)
    with pytest.raises(PermissionError):
        fetch_movielens("100k", data_home=home, sources={"100k": source})


def test_a_truncated_reply_is_caught(home, tmp_path):
    source = make_zip(tmp_path / "a.zip", SMALL_100K)
    path = tmp_path / "a.zip"
    whole = io.BytesIO(path.read_bytes()).getvalue()
    path.write_bytes(whole[:-10])
    with pytest.raises(OSError, match="damaged"):
        fetch_movielens("100k", data_home=home, sources={"100k": source})
