"""The report as a whole."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

import alsatian
from alsatian.console import counted
from alsatian.evaluation._calls import command_of, expression_of
from alsatian.persistence._replace import beside
from alsatian.plot._canonical import canonical
from alsatian.recommend.recommender import Recommender
from alsatian.report._data import data_section, fit_section, spectrum_section
from alsatian.report._held_out import held_out_section
from alsatian.report._html import lead, page, paragraph, section, text
from alsatian.report._items import map_section, neighbours_section, users_section
from alsatian.report._names import Names


def make_report(
    recommender: Recommender,
    *,
    titles: Mapping[Any, str] | None = None,
    title: str = "Report of a recommender",
    held_out: float = 0.1,
    random_state: int = 0,
    call: str | None = None,
) -> str:
    """Return a report on a fitted recommender and its data, as one page of HTML.

    The page has no script and asks for nothing from the network; it is light or dark as its reader has it, can be
    printed, and says in words what its charts show. It holds the data (sizes, tails, values), the course of the fit,
    the error on held-out cells with its spread and calibration, the singular values, a map of the items, neighbours of
    the best-known ones, example users with the reasons of their lists, and what reproduces it.

    Parameters
    ----------
    recommender : Recommender
        Fitted.
    titles : mapping from item to str, optional
        Names of items; ids are shown where there is none.
    title : str
    held_out : float, default=0.1
        Share of each user's cells that a second fit does not see, and is judged by. 0 leaves that out.
    random_state : int, default=0
        Seed of the held-out cells, and of the second fit where the model has none of its own.
    call : str, optional
        The command that made the report.

    Returns
    -------
    str

    Raises
    ------
    NotFittedError
        Where the recommender is not fitted.
    ValueError
        Where `held_out` is no share.

    Examples
    --------
    >>> import pandas as pd
    >>> from alsatian import ImplicitALS, Recommender
    >>> from alsatian.report import make_report
    >>> plays = pd.DataFrame({"user": [1, 1, 2, 2, 3], "item": ["x", "y", "y", "z", "x"]})
    >>> page = make_report(Recommender(ImplicitALS(2, random_state=0)).fit(plays), held_out=0)
    >>> page.startswith("<!DOCTYPE html>"), "http://" in page
    (True, False)
    """
    if not 0 <= held_out < 1:
        raise ValueError(f"held_out must be a share of the cells, from 0 up and below 1. Got {held_out!r}.")
    model, names = recommender.model_, Names(titles)
    turned = canonical(model.row_factors_, model.column_factors_)
    sections = [("data", "The data", data_section(recommender.interactions_)), ("fit", "The fit", fit_section(model))]
    if held_out:
        told = held_out_section(recommender, held_out, random_state, names)
        sections.append(("held-out", "Held-out cells", told))
    sections += [
        ("spectrum", "Singular values", spectrum_section(turned)),
        ("map", "Map", map_section(recommender, turned, names)),
        ("neighbours", "Neighbours", neighbours_section(recommender, names)),
        ("users", "Example users", users_section(recommender, names)),
        ("again", "How to make it again", _again_section(recommender, held_out, random_state, call)),
    ]
    known = recommender.interactions_
    kind = type(model).__name__
    subtitle = (
        f"{text(kind)} with {counted(model.row_factors_.shape[1], 'component')} on"
        f" {counted(known.n_users, 'user')}, {counted(known.n_items, 'item')} and"
        f" {counted(known.n_interactions, 'cell')}"
    )
    foot = paragraph(f"alsatian {text(alsatian.__version__)}.")
    return page(title, subtitle, sections, foot)


def write_report(recommender: Recommender, path: str | PathLike[str], **how: Any) -> None:
    """Write a report to a file; see `make_report`.

    Parameters
    ----------
    recommender : Recommender
    path : str or path-like
        The file is there whole or not at all; a pipe gets the page.
    **how
        As for `make_report`.
    """
    html = make_report(recommender, **how)
    with beside(path, through=True) as name:
        Path(name).write_text(html, encoding="utf-8")


def _again_section(recommender: Recommender, held_out: float, random_state: int, call: str | None) -> str:
    model, known = recommender.model_, recommender.interactions_
    size = ", ".join(
        [counted(known.n_users, "user"), counted(known.n_items, "item"), counted(known.n_interactions, "cell")]
    )
    code = (
        f"from alsatian import {type(model).__name__}, Interactions, Recommender\n"
        "from alsatian.report import write_report\n\n"
        f"# table: a frame with a row for each cell, its user, item and value: {size}\n"
        "interactions = Interactions.from_frame(table)\n"
        f"model = {expression_of(model)}\nrecommender = Recommender(model).fit(interactions)\n"
        f'write_report(recommender, "report.html", held_out={held_out:g}, random_state={random_state})'
    )
    notes = [f"Python {platform.python_version()}, NumPy {np.__version__}, alsatian {alsatian.__version__}."]
    if model.random_state is None:
        notes.append("The model has no seed of its own (random_state=None), so another fit is a little different.")
    page_call = lead("The command that makes the page from the model:", call) if call else ""
    return section(
        "again", "How to make it again", _fit_call(model), page_call, lead("In Python:", code), paragraph(*notes)
    )


def _fit_call(model: Any) -> str:
    """Return the command that fits such a model; where there is none, say why."""
    try:
        command = command_of(model, "SOURCE")
    except ValueError as error:
        return paragraph(text(str(error)))
    return lead(
        "The command that fits the model. SOURCE is the table of the interactions, whose place a model does not keep;"
        " where its columns are not guessed, --user-column, --item-column and --value-column say which they are:",
        command,
    )
