"""Does compression raise density: pairs of LLMs, what methods have in common, and what is known of quantized LLMs."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from bayesdensity import quantities as q
from bayesdensity.base.format import ENDS, chance, density, enumerated, fixed, interval
from bayesdensity.data.tables import Tables
from bayesdensity.inference.result import Fit
from bayesdensity.plots.compression import plot_compression
from bayesdensity.quantities.compression import (
    BITS,
    QUANTIZED,
    Compression,
    Pair,
    compression_pairs,
    compression_ratios,
)
from bayesdensity.render.blocks import Block, Paragraph, Picture, Section, Table
from bayesdensity.render.sources import Source

QUANTIZED_RUN = "quantized-run"


class Multiplier(NamedTuple):
    """Share of its parameters that a compressed LLM is worth, as it was published."""

    what: str
    share: float
    source: str


MULTIPLIERS = (Multiplier("weights of 4 bits, trained so", 0.923, "arXiv 2502.16440"),)


def compression(source: Source) -> Section | None:
    """Compressed LLMs; nothing without tables, or without a pair in the fit."""
    if source.tables is None or not compression_pairs(source.fit, source.tables.llms):
        return None
    found = compression_ratios(source.fit, source.tables.llms, source.ci)
    picture = Picture("compression", plot_compression(source.fit, found))
    return Section("compression", "Compression", (*_blocks(found, source.tables), picture))


def data(fit: Fit, tables: Tables, ci: float = q.DEFAULT_CI) -> dict[str, Any]:
    """Pairs, methods and quantized LLMs in the documented form.

    Parameters
    ----------
    fit : Fit
    tables : Tables
        With the parents of its LLMs.
    ci : float
        Probability of the intervals.
    """
    found = compression_ratios(fit, tables.llms, ci)
    return {
        "study": fit.study.name,
        "digest": fit.study.digest,
        "pairs": [_pair(found, pair) for pair in found.pairs],
        "methods": {str(method): _method(found, str(method)) for method in found.mean.draws["compression"].to_numpy()},
        "ratio_spread": found.spread,
        "quantized": _quantized(found, tables),
    }


def blocks(fit: Fit, tables: Tables, ci: float = q.DEFAULT_CI) -> list[Block]:
    """Pairs, methods and quantized LLMs for a reader.

    Parameters
    ----------
    fit, tables, ci
        As for `data`.
    """
    return _blocks(compression_ratios(fit, tables.llms, ci), tables)


def every_table(fit: Fit, tables: Tables, ci: float = q.DEFAULT_CI) -> Table:
    """All pairs.

    Parameters
    ----------
    fit, tables, ci
        As for `data`.
    """
    return _pairs(compression_ratios(fit, tables.llms, ci))


def _blocks(found: Compression, tables: Tables) -> list[Block]:
    raised = enumerated(
        f"{_chance(found, found.mean, method)} for {_n(found, method)} that were {method}" for method in _methods(found)
    )
    lead = (
        f"{len(found.pairs)} LLMs of this fit were made from another one in it. P(the method raises density on "
        f"average) is {raised}. Children differ from their parents in data and training too, and what was pruned was "
        "mostly distilled as well: this is what compression did with all that came with it."
    )
    return [Paragraph(lead), _pairs(found), _methods_table(found), Paragraph(_quantized_words(found, tables))]


def _methods(found: Compression) -> list[str]:
    return [str(method) for method in found.mean.draws["compression"].to_numpy()]


def _n(found: Compression, method: str) -> int:
    return sum(pair.method == method for pair in found.pairs)


def _raises(found: Compression, of: q.Estimate, **label: str) -> float:
    return float(found.probability_raises(of).sel(label))


def _chance(found: Compression, of: q.Estimate, method: str) -> str:
    return chance(_raises(found, of, compression=method)).removeprefix("= ")


def _pair(found: Compression, pair: Pair) -> dict[str, Any]:
    ratio = found.ratio.sel(pair=pair.label)
    told = {
        **pair._asdict(),
        "density_ratio": ratio,
        "effective_size_ratio": found.size.sel(pair=pair.label),
        "probability_raises": _raises(found, found.ratio, pair=pair.label),
    }
    return told | ({"effective_bits": _bits(ratio)} if pair.method == QUANTIZED else {})


def _bits(ratio: q.Estimate) -> q.Estimate:
    """Bits of a weight whose work a weight of a quantized LLM does, where those of its parent have sixteen."""
    return q.Estimate("effective_bits", "effective bits of a weight", BITS * ratio.draws, ratio.probability, "bits")


def _method(found: Compression, method: str) -> dict[str, Any]:
    return {
        "n_pairs": _n(found, method),
        "sample_ratio": found.here.sel(compression=method),
        "mean_ratio": found.mean.sel(compression=method),
        "probability_mean_raises": _raises(found, found.mean, compression=method),
        "new_ratio": found.new.sel(compression=method),
        "probability_new_raises": _raises(found, found.new, compression=method),
    }


def _quantized(found: Compression, tables: Tables) -> dict[str, Any]:
    flagged = tables.scores[tables.scores["flag"].str.contains(QUANTIZED_RUN, regex=False)]
    return {
        "llms_in_tables": int((tables.llms["compression"] == QUANTIZED).sum()),
        "pairs": _n(found, QUANTIZED),
        "scores_of_quantized_runs": len(flagged),
        "llms_with_such_scores": int(flagged["llm"].nunique()),
        "published_multipliers": [{**one._asdict(), "effective_bits": BITS * one.share} for one in MULTIPLIERS],
    }


def _pairs(found: Compression) -> Table:
    shown, rows = list[dict[str, Any]](), list[dict[str, Any]]()
    for pair in found.pairs:
        ratio, size = (one.sel(pair=pair.label).to_frame_row() for one in (found.ratio, found.size))
        raises = _raises(found, found.ratio, pair=pair.label)
        shown.append(
            {
                "LLM": pair.child,
                "made from": pair.parent,
                "method": pair.method,
                "density ratio": interval(ratio, density),
                "effective size ratio": interval(size, density),
                "P(raised)": f"{raises:.2f}",
            }
        )
        ends = {f"density_ratio_{end}": ratio[end] for end in ENDS} | {
            f"effective_size_ratio_{end}": size[end] for end in ENDS
        }
        rows.append({**pair._asdict(), **ends, "probability_raises": raises})
    caption = (
        "Compressed LLMs over those they were made from: ratio of densities and of effective sizes, median "
        f"[{found.ratio.probability:.0%} interval], and the probability that density rose."
    )
    return Table("compression", caption, pd.DataFrame(shown), pd.DataFrame(rows))


def _methods_table(found: Compression) -> Table:
    shown, rows = list[dict[str, Any]](), list[dict[str, Any]]()
    for method in _methods(found):
        told = _method(found, method)
        ratios = {name: told[name].to_frame_row() for name in ("sample_ratio", "mean_ratio", "new_ratio")}
        shown.append(
            {
                "method": method,
                "pairs": str(told["n_pairs"]),
                "these pairs": interval(ratios["sample_ratio"], density),
                "mean of the method": interval(ratios["mean_ratio"], density),
                "P(mean above 1)": f"{told['probability_mean_raises']:.2f}",
                "a new pair": interval(ratios["new_ratio"], density),
                "P(new above 1)": f"{told['probability_new_raises']:.2f}",
            }
        )
        ends = {f"{name}_{end}": row[end] for name, row in ratios.items() for end in ENDS}
        chances = {name: told[name] for name in ("probability_mean_raises", "probability_new_raises")}
        rows.append({"method": method, "n_pairs": told["n_pairs"], **ends, **chances})
    caption = (
        f"Ratios of density by method, median [{found.mean.probability:.0%} interval]: geometric mean of the pairs in "
        "this fit; mean of all pairs of the method, of which these are a sample, and a pair not yet seen, both from "
        f"what the scores alone say. Pairs scatter about their mean by "
        f"{interval(found.spread.to_frame_row(), fixed(2))} natural logarithms."
    )
    return Table("compression-methods", caption, pd.DataFrame(shown), pd.DataFrame(rows))


def _quantized_words(found: Compression, tables: Tables) -> str:
    known = _quantized(found, tables)
    published = "; ".join(
        f"{one.what}, are worth {one.share:g} of the parameters, {BITS * one.share:.1f} bits of {BITS} ({one.source})"
        for one in MULTIPLIERS
    )
    n = known["llms_in_tables"]
    have = f"{n} LLMs of the tables are quantized, {known['pairs']} with their parent in this fit"
    have = have if n else "No LLM of the tables is quantized"
    return (
        f"{have}; {known['scores_of_quantized_runs']} scores of {known['llms_with_such_scores']} LLMs are of quantized "
        f"runs (flag {QUANTIZED_RUN}), which the default study leaves out. As published, {published}."
    )
