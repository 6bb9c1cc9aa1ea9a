"""The course of a fit: the loss and its parts, iteration by iteration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Record:
    """The objective after one iteration, or after the row half-step that closes a fit.

    Attributes
    ----------
    iteration : int
        Number of whole iterations done, from 1.
    step : {"columns", "closing rows"}
        The half-step the record was taken after.
    loss : float
        The objective f: ``fit + row_ridge + column_ridge``.
    fit : float
        The part of f that compares scores and values.
    row_ridge, column_ridge : float
        The ridge terms of the two sides, biases included.
    row_step_loss : float
        The objective after the row half-step of this iteration, before the columns moved.
    relaxation : float
        ω of the iteration; 1 is an exact half-step.
    solver : {"exact", "cg", "subspace"}
        How rows were brought to their solution in this iteration; each row of the other two for which that costs less
        is solved exactly all the same.
    seconds : float
        Time since the fit began, in seconds. It takes no part in comparisons.
    """

    iteration: int
    step: Literal["columns", "closing rows"]
    loss: float
    fit: float
    row_ridge: float
    column_ridge: float
    row_step_loss: float
    relaxation: float
    seconds: float = field(compare=False, default=0.0)
    solver: Literal["exact", "cg", "subspace"] = "exact"


class History(Sequence[Record]):
    """A sequence of `Record`, one for each iteration and one for the row half-step that closes the fit.

    Two fits of the same data with the same seed have equal histories (``==``): timings are left out of the comparison.
    The arrays are fresh ones at each access: to write into them changes no history.

    Parameters
    ----------
    records : iterable of Record

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALS
    >>> model = ALS(2, max_iter=3, tol=0, random_state=0).fit(np.eye(4))
    >>> len(model.history_)
    4
    >>> bool(np.all(np.diff(model.history_.loss) <= 0))
    True
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records = tuple(records)

    @property
    def loss(self) -> NDArray[np.float64]:
        """The objective after each record, float64 of shape (len(history),); the last is that of the fitted model."""
        return self._column("loss")

    @property
    def half_step_loss(self) -> NDArray[np.float64]:
        """The objective after each half-step in order, rows before columns, float64 of shape (2 n_iter + 1,)."""
        pairs = [
            [record.loss] if record.step == "closing rows" else [record.row_step_loss, record.loss]
            for record in self._records
        ]
        return np.array([loss for pair in pairs for loss in pair], dtype=np.float64)

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Time since the fit began at each record, in seconds, float64 of shape (len(history),)."""
        return self._column("seconds")

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the history as one list a column, ready for a data frame or JSON.

        Returns
        -------
        dict of str to list
            Keys as the attributes of `Record`.
        """
        rows = [asdict(record) for record in self._records]
        return {name: [row[name] for row in rows] for name in Record.__dataclass_fields__}

    def to_frame(self, backend: Literal["pandas", "polars", "pyarrow"] = "pandas") -> Any:
        """Return the history as a frame with a row for each record; its columns are the attributes of `Record`.

        Raises
        ------
        ImportError
            Where the library is not installed.

        Examples
        --------
        >>> import numpy as np
        >>> from alsatian import ALS
        >>> frame = ALS(2, max_iter=3, tol=0, random_state=0).fit(np.eye(4)).history_.to_frame()
        >>> frame.columns[:4].tolist(), len(frame)
        (['iteration', 'step', 'loss', 'fit'], 4)
        """
        from alsatian.data._frames import make_frame

        return make_frame({name: np.array(column) for name, column in self.to_dict().items()}, backend)

    def _column(self, name: str) -> NDArray[np.float64]:
        return np.array([getattr(record, name) for record in self._records], dtype=np.float64)

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> History: ...

    def __getitem__(self, index: int | slice) -> Record | History:
        if isinstance(index, slice):
            return History(self._records[index])
        return self._records[index]

    def __eq__(self, other: object) -> bool:
        return self._records == other._records if isinstance(other, History) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._records)

    def __repr__(self) -> str:
        if not self._records:
            return "History(no iteration yet)"
        last = self._records[-1]
        noun = "iteration" if last.iteration == 1 else "iterations"
        return f"History({last.iteration} {noun}, loss {self._records[0].loss:.6g} → {last.loss:.6g})"
