"""Sphinx configuration: `sphinx-build -W --keep-going -b html docs docs/_build/html`.

Nothing is fetched from a network, neither when the pages are built nor when they are read. Formulas become MathML,
which browsers draw themselves: images would need TeX, and MathJax or KaTeX scripts and fonts that no Python package
carries. The theme brings its own files.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import bayesdensity  # noqa: E402

project = "bayesdensity"
author = "The bayesdensity authors"
copyright = author
version = release = bayesdensity.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "links",
    "model_pages",
    "public_names",
    "results_check",
]

# Pages
exclude_patterns = ["_build", "_ext", "validation/*/*", "results/*.json", "auto_examples/**/*.md5"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

# Names
autosummary_generate = True
# Names that differ in case alone need files that differ where case does not count.
autosummary_filename_map = {"bayesdensity.Fit": "bayesdensity.Fit-class"}
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
add_module_names = False
default_role = "code"

# Look
html_theme = "pydata_sphinx_theme"
html_title = f"bayesdensity {release}"
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_math_renderer = "mathml"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
}
html_sidebars = {"**": ["sections.html"]}

# Gallery: figures are made without pyplot, so a scraper of our own finds them.
sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["auto_examples"],
    "filename_pattern": r"plot_",
    "image_scrapers": ("figures.scrape",),
    "capture_repr": (),  # what an example shows it prints
    "reset_modules": (),
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "write_computation_times": False,  # its page would fetch scripts
    "plot_gallery": "True",
    "abort_on_example_error": False,
    "within_subsection_order": "gallery_order.by_story",
}
