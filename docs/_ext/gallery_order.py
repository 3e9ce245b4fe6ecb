"""The order of the examples: as a report author would read them."""

from __future__ import annotations

ORDER = (
    "plot_doubling_time.py",
    "plot_compare_benchmarks.py",
    "plot_replicate_the_paper.py",
    "plot_own_data.py",
    "plot_skills_and_facts.py",
    "plot_reference_law.py",
    "plot_which_choices_matter.py",
)


def by_story(name: str) -> tuple[int, str]:
    """Sort key of an example by its file name; what is not listed comes last."""
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)
