"""Find the figures of an example: bayesdensity makes them without pyplot, where sphinx-gallery would look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst


def scrape(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save the figures that a block of an example made, in the order in which they were named."""
    paths, names = [], []
    for name, value in block_vars["example_globals"].items():
        if isinstance(value, Figure) and not hasattr(value, "shown_in_gallery"):
            value.shown_in_gallery = True
            path = next(block_vars["image_path_iterator"])
            value.savefig(path, dpi=160)
            paths.append(path)
            names.append(name)
    # What a reader hears who cannot see: titles are part of the picture.
    said = f"Figure: {', '.join(names)}, of the example {Path(block_vars['src_file']).stem}"
    return figure_rst(paths, gallery_conf["src_dir"], said)
