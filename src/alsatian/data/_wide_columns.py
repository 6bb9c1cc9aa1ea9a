"""What a column of a wide table is: numbers with holes, or something to leave as it is."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.data._names import is_usual, plain_name
from alsatian.data.reading._dialect import is_number
from alsatian.data.reading._polars import polars
from alsatian.data.reading._readers import Reader
from alsatian.data.reading._spelling import in_the_way

Floats = NDArray[np.float64]

_IDS = frozenset({"id", "index", "key", "nr", "number", "nummer", "row"})
_CODES = frozenset(
    {"zip", "zipcode", "postcode", "postalcode", "plz", "postleitzahl", "codepostal", "codigopostal", "phone"}
    | {"phonenumber", "telephone", "telefon", "isbn", "ean", "gtin", "sku", "barcode", "iban"}
)
_WHOLE = re.compile(r"[-+]?\d+")
_CODE = re.compile(r"[-+]?0\d+")
NO_NUMBER = "it holds no number"
_LARGEST = 2**53  # up to which every whole number is a float64
_TOO_LARGE = "it holds whole numbers beyond 2⁵³, as ids may be, which no arithmetic here keeps"


def numbers_of(
    column: Any, name: str, place: int, reader: Reader, *, marks: frozenset[str], lines: list[int]
) -> Floats | str:
    """Return a column as numbers with NaN for holes, or why it is left as it is.

    Parameters
    ----------
    column : polars.Series
    name : str
    place : int
        Of the column in the table: the first one may number the rows.
    reader : Reader
    marks : frozenset of str
        Texts, in lower case, that mark a hole.
    lines : list of int
        The line of each row.

    Returns
    -------
    float64 array or str

    Raises
    ------
    ValueError
        Where most of the column is numbers, and something is none: names line and column.
    """
    found = _of_texts(column, name, reader, marks, lines) if column.dtype == polars().String else _of_numbers(column)
    return "it looks like an id" if not isinstance(found, str) and _is_id(name, place, found) else found


def _of_numbers(column: Any) -> Floats | str:
    if not column.dtype.is_numeric():
        return "it holds no numbers"
    if column.dtype.is_integer() and len(column.drop_nulls()) and max(-column.min(), column.max()) > _LARGEST:
        return _TOO_LARGE
    values: Floats = column.cast(polars().Float64).to_numpy().copy()
    values[~np.isfinite(values)] = np.nan
    return values if not np.isnan(values).all() else NO_NUMBER


def _of_texts(column: Any, name: str, reader: Reader, marks: frozenset[str], lines: list[int]) -> Floats | str:
    texts = [text.strip() if text is not None else "" for text in column.to_list()]
    hole = np.array([text.casefold() in marks for text in texts])
    spelt = np.array([is_number(text) for text in texts])
    if hole.all():
        return NO_NUMBER
    given = [texts[row] for row in np.flatnonzero(~hole).tolist()]
    if not spelt[~hole].any():
        return _odd(given)
    if any(map(_CODE.fullmatch, given)):
        return "it holds codes, with zeros before them"
    if any(_WHOLE.fullmatch(text) and abs(int(text)) > _LARGEST for text in given):
        return _TOO_LARGE
    wrong = np.flatnonzero(~hole & ~spelt)
    if wrong.size:
        if 2 * spelt.sum() < (~hole).sum():
            return _odd(given)
        row = int(wrong[0])
        odd = in_the_way(texts[row])
        raise ValueError(
            f"{reader.place} {lines[row]:,}, column {name!r}: {texts[row]!r} "
            + ("is no number, where most are. Mend it" if odd is None else f"cannot be read, as {odd}. Mend it")
            + ", say that it marks a hole (--missing), or that the column is to be kept as it is (--keep)."
        )
    values = np.full(len(texts), np.nan)
    for row in np.flatnonzero(~hole).tolist():
        text = texts[row]
        comma = "," in text
        if comma != (reader.decimal == ",") and (comma or "." in text):
            odd = in_the_way(text) or f"the mark of decimals was taken to be {reader.decimal!r}: say which, --decimal"
            raise ValueError(f"{reader.place} {lines[row]:,}, column {name!r}: {text!r} cannot be read, as {odd}.")
        values[row] = float(text.replace(",", "."))
    return values


def _odd(texts: list[str]) -> str:
    """Say why a column of texts is left as it is: they may be numbers that are spelt for people."""
    odd = [(text, found) for text in texts if (found := in_the_way(text)) is not None]
    if 2 * len(odd) < len(texts):
        return "it holds texts"
    text, found = odd[0]
    return f"its numbers cannot be read, such as {text!r}, as {found}"


def _is_id(name: str, place: int, values: Floats) -> bool:
    """Return whether whole numbers are names: their column is called so, or the first one, and numbers the rows."""
    plain, holes = plain_name(name), np.isnan(values)
    if not np.all((values == np.trunc(values)) | holes):
        return False
    usual = is_usual(name) and plain.endswith("id")
    if usual or plain in _CODES:
        return True
    return place == 0 and (not name or plain in _IDS) and not holes.any() and np.unique(values).size == values.size
