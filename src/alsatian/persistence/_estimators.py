"""`save` and `load`: one model, one file."""

from __future__ import annotations

from typing import Any

from alsatian.persistence._container import read, write
from alsatian.persistence._errors import ModelFileError, naming
from alsatian.persistence._packing import pack, unpack
from alsatian.persistence._replace import Path
from alsatian.persistence._tensors import Arrays

ESTIMATOR = "estimator"  # the kind of file that holds one model and no more


def save(model: Any, path: Path) -> None:
    """Write a fitted model to a file.

    The file holds the parameters and what `fit` has learned, and no code. It is written beside its place and renamed
    once it is complete: a file of that name is replaced as a whole or not at all, and who has it open or mapped keeps
    what was there. Callbacks and metadata requests of scikit-learn are not saved; what `set_output` was told is.

    Parameters
    ----------
    model : ALS, ALSImputer or another fitted model of alsatian
    path : str or path-like
        The file. ``.alsatian`` is the customary extension; any will do.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        For a model that is not fitted.
    TypeError
        For what is no model of alsatian itself (a subclass of one, a pipeline), or has a parameter that a file cannot
        hold, such as an `init` that is neither an array nor a tuple or list of them.
    OSError
        Where the file cannot be written: no such folder, no permission, a full disk. The message says which, and an
        earlier file is as it was.

    See Also
    --------
    load : reads the file.
    alsatian.persistence.describe : says what a file holds.

    Notes
    -----
    The same model gives the same bytes. A symbolic link stays, and what it leads to is replaced. A new file has the
    permissions of any new file; one that replaces another has the other's. On Windows a file that is mapped cannot be
    replaced: that is an error.

    Examples
    --------
    >>> import tempfile, numpy as np, alsatian
    >>> model = alsatian.ALS(2, random_state=0).fit(np.eye(4))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     alsatian.save(model, f"{folder}/model.alsatian")
    ...     same = alsatian.load(f"{folder}/model.alsatian")
    >>> np.array_equal(same.row_factors_, model.row_factors_)
    True
    """
    arrays: Arrays = {}
    write(path, {"kind": ESTIMATOR, ESTIMATOR: pack(model, arrays)}, arrays)


def load(path: Path, *, mmap: bool = True, verify: bool = True) -> Any:
    """Read a model that `save` wrote; it is as it was, to the bit. No code in a file is run.

    Parameters
    ----------
    path : str or path-like
    mmap : bool, default=True
        Whether arrays of a megabyte and more stay in the file: they are mapped, read-only, take memory only as they
        are used, and share it with other processes. The file may be replaced and removed meanwhile, but not changed in
        place: where another program cuts it short, the system ends this process (SIGBUS). So write a new file beside it
        and rename that, as `save` does, or take False: then all arrays are read and may be written to, and the file is
        closed.
    verify : bool, default=True
        Whether to compare all arrays with their checksums and see that all entries are finite, which reads the whole
        file once. False is for files so large that this takes too long; shapes and types are checked in any case.

    Returns
    -------
    model : ALS, ALSImputer or another model of alsatian
        Fitted; it can be used, fitted again, cloned, copied and saved like any other.

    Raises
    ------
    FileNotFoundError, PermissionError
        Where there is no such file, or it may not be read.
    ModelFileError
        A ValueError, for a file that is empty, cut short, damaged, of another kind, or written by a newer release
        than this one can read.

    Examples
    --------
    >>> import alsatian
    >>> alsatian.load("README.md")  # doctest: +SKIP
    Traceback (most recent call last):
        ...
    alsatian.ModelFileError: README.md: it is no model file: alsatian.load reads what alsatian.save has written.
    """
    with naming(path):
        header, arrays = read(path, mmap=mmap, verify=verify)
        kind = header.get("kind")
        if kind != ESTIMATOR:
            raise ModelFileError(
                f"it holds a {str(kind)[:60]}, and not a model by itself: load it with the class of that name."
            )
        return unpack(header.get(ESTIMATOR), arrays, verify=verify)
