"""Reports that can be sent: one page, or a folder. Sections are made once, and written as HTML or as Markdown."""

from bayesdensity.render.write import report

__all__ = ["report"]
