"""Names of a table that have to stand in another one, and LLMs that were made from others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from bayesdensity.data.faults import Fault, fault_at, visible
from bayesdensity.data.names import SEARCHED, difference, finder, is_strange, key
from bayesdensity.data.schemas import LINKS

EACH = 4
"""Unknown names of a column that have a sentence each; more have one together."""
TOGETHER = 8
"""Names that this sentence shows."""
YOUNGER_DAYS = 120
"""Days by which the release of a parent may follow that of its child: weights of a base are often published later."""


def orphans(own: Mapping[str, pd.DataFrame], frames: Mapping[str, pd.DataFrame]) -> list[Fault]:
    """List LLMs and benchmarks that their own table lacks, and those that it has under names that look the same."""
    faults: list[Fault] = []
    for (name, column), target in LINKS.items():
        known = set(frames[target][column]) - {""} if target in frames else set()
        if not known:  # an illegible target says so itself
            continue
        if name in own:
            faults += _unknown(name, column, target, own[name][column], known)
        elif target in own and name in frames:
            faults += _unlike_bundled(target, column, own[target][column], name, set(frames[name][column]))
    return faults


def _unknown(name: str, column: str, target: str, cells: pd.Series, known: set[str]) -> list[Fault]:
    """List the names that another table lacks: a few by themselves, many together."""
    strange = cells[~cells.isin(known | {""})]
    strange = strange[~strange.map({cell: is_strange(cell) for cell in strange.unique()}).astype(bool)]
    groups = strange.groupby(strange, sort=False).groups
    find = finder(known)
    hints = {given: find(given, number < SEARCHED) for number, given in enumerate(groups)}
    if len(groups) <= EACH:
        return [
            fault_at(name, rows, f"{column} '{visible(given)}' is not in {target}.csv; {_hint(*hints[given])}")
            for given, rows in groups.items()
        ]
    first = sorted(groups, key=lambda given: not hints[given][0])[:TOGETHER]
    shown = ", ".join(f"'{visible(given)}'{_brief_hint(*hints[given])}" for given in first)
    more = f" and {len(groups) - TOGETHER} more" if len(groups) > TOGETHER else ""
    text = f"{column} {shown}{more} are not in {target}.csv; correct the names, or add rows for them there"
    return [fault_at(name, strange.index, text)]


def _hint(close: str, unlike: str) -> str:
    if unlike:
        return f"did you mean '{visible(close)}', which is the same but for {unlike}?"
    return f"did you mean '{visible(close)}'? Otherwise add a row for it there" if close else "add a row for it there"


def _brief_hint(close: str, unlike: str) -> str:
    but = f", the same but for {unlike}" if unlike else ""
    return f" (did you mean '{visible(close)}'{but}?)" if close else ""


def _unlike_bundled(name: str, column: str, cells: pd.Series, linking: str, bundled: set[str]) -> Iterator[Fault]:
    """List own names that only look like those of a bundled table, whose rows would not find them."""
    known = set(cells)
    lost = {key(other): other for other in bundled - known}
    for given in cells.unique():
        other = lost.get(key(given))
        if other and not is_strange(given):
            text = (
                f"{column} '{visible(given)}' is '{other}' of the bundled {linking}.csv but for "
                f"{difference(given, other)}; give one thing one spelling"
            )
            yield fault_at(name, cells.index[cells == given], text)


def wrong_parents(own: Mapping[str, pd.DataFrame], bundled: set[str]) -> list[Fault]:
    """List LLMs of a user's table whose parent is unknown, themselves, made from them, or younger."""
    if "llms" not in own:
        return []
    frame = own["llms"]
    frame = frame[(frame["llm"] != "") & ~frame["llm"].duplicated()]
    made = frame[frame["parent"] != ""]
    known = set(frame["llm"])
    alien = made[~made["parent"].isin(known | bundled)]
    find = finder(known | bundled)
    faults = []
    for number, (parent, rows) in enumerate(alien.groupby("parent", sort=False).groups.items()):
        close, unlike = find(str(parent), number < SEARCHED)
        hint = f"did you mean '{visible(close)}'? Otherwise " if close else ""
        hint = _hint(close, unlike) if unlike else f"{hint}add a row for it, or leave parent empty"
        faults.append(fault_at("llms", rows, f"parent '{visible(parent)}' is not in llms.csv; {hint}"))
    circles = _circles(made)
    faults += circles
    in_circle = {row for fault in circles for row in fault.rows}
    return [*faults, *_younger(frame, made[~made.index.isin(list(in_circle))])]


def _circles(made: pd.DataFrame) -> list[Fault]:
    """Parents that come from their children: each circle is one fault."""
    parent = dict(zip(made["llm"], made["parent"], strict=True))
    row = dict(zip(made["llm"], made.index, strict=True))
    done: set[str] = set()
    faults = []
    for start in parent:
        path: list[str] = []
        llm = start
        while llm in parent and llm not in done:
            done.add(llm)
            path.append(llm)
            llm = parent[llm]
        if llm in path:
            circle = path[path.index(llm) :]
            chain = " from ".join(f"'{visible(name)}'" for name in [*circle[:TOGETHER], circle[0]])
            text = f"parent: {chain} is a circle; an LLM is not made from itself, correct parent"
            faults.append(fault_at("llms", [row[name] for name in circle], text))
    return faults


def _younger(frame: pd.DataFrame, made: pd.DataFrame) -> Iterator[Fault]:
    """Parents that were released long after their children."""
    released = frame.set_index("llm")["release_date"]
    born = pd.Series(released.reindex(made["parent"]).to_numpy(), index=made.index)
    late = made[(born - made["release_date"]).dt.days > YOUNGER_DAYS]
    if len(late):
        llm = late.iloc[0]
        text = (
            f"parent '{visible(llm['parent'])}' of llm '{visible(llm['llm'])}' was released on "
            f"{born[late.index[0]]:%Y-%m-%d}, after its child ({llm['release_date']:%Y-%m-%d}); correct one of them"
        )
        yield fault_at("llms", late.index, text)
