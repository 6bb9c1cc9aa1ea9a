"""The file itself: what is written and read, held against the safetensors library, and how it takes another's place."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy

import alsatian
from alsatian.persistence import (
    ModelFileError,
    _container,
    _tensors,
    decode_text,
    encode_text,
    read,
    read_header,
    write,
)
from persistence.stored import MODELS, X, assert_same

_rng = np.random.default_rng(0)
ARRAYS = {
    "f8": _rng.normal(size=(3, 4)),
    "f4": _rng.normal(size=5).astype(np.float32),
    "f2": np.arange(3, dtype=np.float16),
    "nan": np.array([np.nan, np.inf, -0.0]),
    "bool": np.array([[True], [False]]),
    "scalar": np.array(7),
    "none": np.empty((0, 3)),
    "none of bytes": np.empty((2, 0), dtype=np.int8),
    "big-endian": np.arange(4, dtype=">i4"),
    "Fortran": np.asfortranarray(_rng.normal(size=(3, 2))),
    "strided": np.arange(20)[::-3],
    "ünï/日本": np.arange(3, dtype=np.uint64),
} | {name: np.arange(5).astype(name) for name in ("u1", "i1", "u2", "i2", "u4", "i4", "i8")}
HEADER = {"kind": "test", "text": "ünï \ud800 \0", "nested": {"b": [1, 2.5, None, True], "a": 1e-308}, "tuple": (1, 2)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.alsatian"


@pytest.mark.parametrize("mapped_from", [0, 1 << 20])
@pytest.mark.parametrize("mmap", [True, False])
def test_arrays_come_back_as_they_were_in_the_machines_own_order(path, mmap, mapped_from, monkeypatch):
    monkeypatch.setattr(_container, "_MAPPED_FROM", mapped_from)
    write(path, HEADER, ARRAYS)
    header, arrays = read(path, mmap=mmap)
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype.newbyteorder("=")
        assert arrays[name].flags.c_contiguous
        assert arrays[name].flags.aligned
        assert arrays[name].flags.writeable != (mmap and mapped_from == 0)  # all can be mapped, as all are aligned
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].shape == array.shape
    assert {name: header[name] for name in HEADER} == {**HEADER, "tuple": [1, 2]}
    assert read_header(path) == (header, path.stat().st_size)


def test_safetensors_reads_what_is_written(path):
    write(path, HEADER, ARRAYS)
    theirs = safetensors.numpy.load_file(path)
    assert theirs.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(theirs[name], array)
    with safetensors.safe_open(path, "np") as opened:
        metadata = opened.metadata()
    assert metadata.keys() == {"alsatian"}
    assert json.loads(metadata["alsatian"])["nested"] == HEADER["nested"]


def test_what_safetensors_writes_is_read(path, tmp_path):
    write(path, HEADER, ARRAYS)
    with safetensors.safe_open(path, "np") as opened:
        metadata = opened.metadata()
    safetensors.numpy.save_file(safetensors.numpy.load_file(path), tmp_path / "theirs", metadata=metadata)
    header, arrays = read(tmp_path / "theirs")
    assert header == read_header(path)[0]
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)


def test_an_array_that_does_not_lie_at_a_multiple_of_its_type_is_copied(path, monkeypatch):
    monkeypatch.setattr(_container, "_MAPPED_FROM", 1)
    arrays = {"narrow": np.array([True]), "wide": np.arange(3.0)}
    write(path, {}, arrays)
    with safetensors.safe_open(path, "np") as opened:
        table = {"__metadata__": opened.metadata()}
    table["narrow"] = {"dtype": "BOOL", "shape": [1], "data_offsets": [0, 1]}
    table["wide"] = {"dtype": "F64", "shape": [3], "data_offsets": [1, 25]}
    text = json.dumps(table).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(a.tobytes() for a in arrays.values()))
    _, found = read(path)
    assert found["wide"].flags.aligned
    assert not found["narrow"].flags.writeable
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_equal_input_gives_equal_bytes_in_any_order(path, tmp_path):
    write(path, HEADER, ARRAYS)
    write(tmp_path / "b", dict(reversed(HEADER.items())), dict(reversed(ARRAYS.items())))
    assert (tmp_path / "b").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("header", "arrays", "words"),
    [
        ({}, {"a": np.array(["x"])}, "a has the type <U1"),
        ({}, {"a": np.array([None])}, "a has the type object"),
        ({}, {"a": np.array([1j])}, "a has the type complex128"),
        ({}, {"a": np.array(["2020"], dtype="M8[D]")}, "a has the type datetime64"),
        ({}, {"a": np.array([1], dtype=np.longdouble)}, "a has the type"),
        ({"a": np.nan}, {}, "JSON"),
        ({"a": {1, 2}}, {}, "JSON"),
        ({"crc32": "0"}, {}, "may not have an entry 'crc32'"),
        ({}, {"__metadata__": np.ones(1)}, "may not have the name '__metadata__'"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_before_anything_is_written(path, header, arrays, words):
    with pytest.raises(ValueError, match=words):
        write(path, header, arrays)
    assert os.listdir(path.parent) == []


def test_strings_come_back_as_they_were(path):
    arrays: dict[str, np.ndarray] = {}
    strings = ["", "a", "ünï", "a\0b\0", "\ud800", "日本", ""]
    assert decode_text(encode_text(strings, "ids", arrays), arrays) == strings
    assert decode_text(encode_text([], "none", arrays), arrays) == []
    write(path, {}, arrays)
    assert decode_text("ids", read(path)[1]) == strings
    with pytest.raises(TypeError, match="ids holds 3 at 1, of type int"):
        encode_text(["a", 3], "ids", arrays)
    back_and_forth = arrays["ids/ends"][[0, 2, 1, 3, 4, 5, 6]]
    for spoilt in ({"ids/ends": np.arange(7)}, {"ids/ends": back_and_forth}, {"ids/text": np.arange(3.0)}):
        with pytest.raises(ModelFileError):
            decode_text("ids", arrays | spoilt)
    with pytest.raises(ModelFileError, match="no UTF-8"):
        decode_text("ids", {"ids/text": np.array([255], dtype=np.uint8), "ids/ends": np.array([1])})


# --- taking another file's place ---------------------------------------------------------------------------------


def test_who_has_the_old_file_mapped_keeps_what_was_there(path, monkeypatch):
    monkeypatch.setattr(_container, "_MAPPED_FROM", 1)
    write(path, {}, {"a": np.arange(10_000)})
    _, old = read(path)
    write(path, {}, {"a": np.zeros(3)})
    np.testing.assert_array_equal(old["a"], np.arange(10_000))
    write(path, {}, {name: array + 1 for name, array in old.items()})  # from the file, to its place
    _, new = read(path)
    path.unlink()
    np.testing.assert_array_equal(new["a"], old["a"] + 1)


def test_many_writers_and_readers_at_once_see_whole_files_only(path):
    write(path, {"n": 0}, {"a": np.zeros(20_000)})
    errors, done = [], threading.Event()

    def write_often(n):
        for _ in range(20):
            write(path, {"n": n}, {"a": np.full(20_000, n, dtype=float)})

    def read_often():
        while not done.is_set():
            try:
                header, arrays = read(path)
                assert np.all(arrays["a"] == header["n"])
            except BaseException as error:
                errors.append(error)
                raise

    readers = [threading.Thread(target=read_often) for _ in range(2)]
    writers = [threading.Thread(target=write_often, args=(n,)) for n in range(3)]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert errors == []
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("when", ["tensors", "fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(path, failure, when, monkeypatch):
    write(path, {"n": 1}, {"a": np.arange(3)})
    before = path.read_bytes()

    def fail(*args):
        if when == "tensors":
            Path(args[0]).write_bytes(b"some bytes")
        raise failure

    where = {"tensors": (_container, "write_tensors"), "fsync": (os, "fsync"), "replace": (os, "replace")}[when]
    with monkeypatch.context() as patch:
        patch.setattr(*where, fail)
        with pytest.raises(type(failure)) as caught:
            write(path, {"n": 2}, {"a": np.arange(3)})
    assert os.listdir(path.parent) == [path.name]
    assert path.read_bytes() == before
    if isinstance(failure, OSError):
        assert caught.value.errno == 28
        assert f"{path} cannot be written: No space left" in str(caught.value)


def test_the_file_is_on_the_disk_before_it_has_its_name(path, monkeypatch):
    steps = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: steps.append(stat.S_IFMT(os.fstat(descriptor).st_mode)))
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *names: (steps.append("replace"), replace(*names)))
    write(path, {}, {"a": np.arange(3)})
    assert steps == [stat.S_IFREG, "replace", stat.S_IFDIR][: 3 if os.name == "posix" else 2]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of file sizes")
def test_a_full_disk_is_an_error_with_the_path(path):
    code = """
    import resource, sys, numpy as np
    from alsatian.persistence import write
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        write(sys.argv[1], {}, {"a": np.zeros(1_000_000)})
    except OSError as error:
        print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(path)], capture_output=True, text=True, check=True
    )
    assert f"{path} cannot be written: File too large" in done.stdout
    assert os.listdir(path.parent) == []


posix = pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")
not_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everything")


@posix
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_permissions_of_any_new_file(path, umask):
    old = os.umask(umask)
    try:
        write(path, {}, {})
        (path.parent / "other").write_text("")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((path.parent / "other").stat().st_mode)


@posix
@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_a_replaced_file_keeps_its_permissions(path, mode):
    write(path, {}, {})
    path.chmod(mode)
    write(path, {"n": 2}, {})
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert read(path)[0]["n"] == 2


@posix
def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    target, link, loop = tmp_path / "elsewhere" / "target", tmp_path / "link", tmp_path / "loop"
    link.symlink_to(target)
    for n in (1, 2):  # a link that leads nowhere yet, and one that does
        write(link, {"n": n}, {})
        assert link.is_symlink()
        assert read(target)[0]["n"] == read(link)[0]["n"] == n
    assert os.listdir(tmp_path / "elsewhere") == ["target"]
    loop.symlink_to(loop)
    with pytest.raises(OSError, match="loop cannot be written"):
        write(loop, {}, {})
    with pytest.raises(OSError, match="loop"):
        read(loop)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        (".", IsADirectoryError, "is a folder: give the path of a file"),
        ("new/", IsADirectoryError, "is a folder"),
        ("", FileNotFoundError, "the path is empty: give that of a file"),
        ("no/folder/file", FileNotFoundError, "there is no folder .*folder, make it first"),
        ("a\0b", ValueError, "null"),
        ("n" * 256, OSError, "cannot be written"),
        # Never a device of the machine's own: what a mistake would replace there, all others miss.
        pytest.param("pipe", OSError, "pipe is there already and no regular file", marks=posix),
        (3, TypeError, "PathLike"),
        (None, TypeError, "PathLike"),
    ],
)
def test_a_path_that_cannot_be_written_is_told(name, error, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if name == "pipe":
        os.mkfifo(name)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(error, match=words):
        write(name, {}, {})
    assert sorted(tmp_path.iterdir()) == before


@posix
def test_a_path_that_is_no_file_is_told_and_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="pipe is there already and no regular file"):
        write(tmp_path / "pipe", {}, {})
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)
    for name, error, words in (
        ("pipe", ModelFileError, "no regular file"),
        (".", ModelFileError, "is a folder"),
        ("none", FileNotFoundError, "none"),
        ("pipe/none", NotADirectoryError, "pipe/none"),
    ):
        with pytest.raises(error, match=words):
            alsatian.load(tmp_path / name)


@not_root
def test_missing_permissions_are_told(path):
    write(path, {}, {})
    path.chmod(0o400)
    with pytest.raises(PermissionError, match="may not be written"):
        write(path, {}, {})
    path.chmod(0)
    with pytest.raises(PermissionError, match=path.name):
        read(path)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match="new cannot be written"):
            write(path.parent / "new", {}, {})
    finally:
        path.parent.chmod(0o700)


def test_a_file_that_is_cut_short_while_it_is_open_is_told(path, monkeypatch):
    write(path, {}, {"a": np.arange(100_000)})
    after_opening(monkeypatch, [lambda: os.truncate(path, path.stat().st_size - 8)])
    with pytest.raises(ModelFileError, match="the array 'a' cannot be read"):
        read(path)


def after_opening(monkeypatch, steps):
    """Have the library's first opening of a file followed by the first step, and so on, before anything is read."""
    remaining = iter(steps)

    def opened(*args, **options):
        tensors = safetensors.safe_open(*args, **options)
        next(remaining, lambda: None)()
        return tensors

    monkeypatch.setattr(_tensors, "safe_open", opened)


def test_a_file_that_is_replaced_while_it_is_opened_is_opened_again(path, monkeypatch):
    monkeypatch.setattr(_container, "_MAPPED_FROM", 1)
    write(path, {"n": 0}, {"a": np.zeros(9), "b": np.arange(3)})
    after_opening(monkeypatch, [lambda: write(path, {"n": 1}, {"b": np.ones(1), "a": np.ones(40)})])
    header, arrays = read(path)
    assert header["n"] == 1
    np.testing.assert_array_equal(arrays["a"], np.ones(40))
    np.testing.assert_array_equal(arrays["b"], np.ones(1))


@pytest.mark.parametrize("mmap", [True, False])
def test_a_file_that_is_replaced_time_and_again_is_told_if_it_would_be_mapped(path, mmap, monkeypatch):
    monkeypatch.setattr(_container, "_MAPPED_FROM", 1)
    write(path, {"n": 0}, {"a": np.zeros(9)})
    after_opening(monkeypatch, [lambda n=n: write(path, {"n": n}, {"a": np.full(9, n)}) for n in (1, 2)])
    if mmap:
        with pytest.raises(
            ModelFileError, match=r"file\.alsatian: it was replaced while it was opened, twice"
        ) as caught:
            read(path)
        assert type(caught.value) is ModelFileError
    header, arrays = read(path, mmap=mmap)  # what the library has open is whole, whatever the name means by then
    assert np.all(arrays["a"] == header["n"])
    assert header["n"] == (2 if mmap else 0)


@posix
def test_a_file_that_is_removed_while_it_is_opened_is_missing_only_if_it_would_be_mapped(path, monkeypatch):
    write(path, {}, {"a": np.zeros(9)})
    after_opening(monkeypatch, [path.unlink])
    np.testing.assert_array_equal(read(path)[1]["a"], np.zeros(9))
    monkeypatch.setattr(_container, "_MAPPED_FROM", 1)
    write(path, {}, {"a": np.zeros(9)})
    after_opening(monkeypatch, [path.unlink])
    with pytest.raises(FileNotFoundError, match=path.name):
        read(path)


def test_a_header_longer_than_the_format_allows_is_refused(path):
    with pytest.raises(ValueError, match=r"cannot be written: .*header too large"):
        _tensors.write_tensors(str(path), "x" * 100_000_000, {})
    assert os.listdir(path.parent) == []


def test_a_loaded_model_outlives_its_file(path, monkeypatch):
    monkeypatch.setattr(_container, "_MAPPED_FROM", 1)
    model = MODELS["plain"]()
    alsatian.save(model, path)
    loaded = alsatian.load(path)
    if os.name == "posix":
        path.unlink()
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))
    assert_same(loaded, model)
