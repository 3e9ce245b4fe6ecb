"""Tables of the pages about published claims and about compression; `results_tables` registers them."""

from __future__ import annotations

from typing import Any

from results_tables import literal, markdown, table
from results_text import interval, number, probability, results

DIFFER = "not comparable: published numbers differ: "
NOT = "not comparable: "


def published(row: dict[str, Any]) -> str:
    """A claim as it was stated, with its unit."""
    stated = row["published"]
    return f"{stated if isinstance(stated, str) else f'{stated:.4g}'} {row['unit']}".strip()


@table
def claims(study: str) -> list[str]:
    """Claims that a fit can be compared with."""
    rows = [
        [
            literal(row["claim"]),
            published(row),
            interval(row["ours"]),
            probability(row["probability_below"]),
            row["verdict"],
            literal(row["what"]),
        ]
        for row in results(f"claims-{study}")
        if row["ours"] is not None
    ]
    return markdown(["claim", "published", "ours", "P(ours below)", "verdict", "ours is"], rows)


@table
def claims_differ(study: str) -> list[str]:
    """Published numbers that differ from each other, with the choice behind."""
    rows = [
        [published(row), literal("; ".join(row["claim"].split(" | "))), literal(row["verdict"].removeprefix(DIFFER))]
        for row in results(f"claims-{study}")
        if row["verdict"].startswith(DIFFER)
    ]
    return markdown(["published", "claims", "choice behind"], rows)


@table
def claims_not_comparable(study: str) -> list[str]:
    """Claims that a fit cannot be compared with, and why."""
    rows = [
        [literal(row["claim"]), literal(published(row)), literal(row["verdict"].removeprefix(NOT))]
        for row in results(f"claims-{study}")
        if row["ours"] is None and not row["verdict"].startswith(DIFFER)
    ]
    return markdown(["claim", "published", "why"], rows)


@table
def compression(study: str) -> list[str]:
    """Compressed LLMs over those they were made from."""
    rows = [
        [
            pair["child"],
            pair["parent"],
            pair["method"],
            interval(pair["density_ratio"]),
            interval(pair["effective_size_ratio"]),
            probability(pair["probability_raises"]),
        ]
        for pair in results(f"compression-{study}")["pairs"]
    ]
    return markdown(["LLM", "made from", "method", "density ratio", "effective size ratio", "P(raised)"], rows)


@table
def compression_methods(study: str) -> list[str]:
    """What pairs of a method have in common."""
    rows = [
        [
            method,
            number(told["n_pairs"]),
            interval(told["sample_ratio"]),
            interval(told["mean_ratio"]),
            probability(told["probability_mean_raises"]),
            interval(told["new_ratio"]),
            probability(told["probability_new_raises"]),
        ]
        for method, told in results(f"compression-{study}")["methods"].items()
    ]
    head = ["method", "pairs", "these pairs", "mean of the method", "P(above 1)", "a new pair", "P(above 1)"]
    return markdown(head, rows)
