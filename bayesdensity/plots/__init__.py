"""Figures of a fit, without pyplot and its global state: each function gathers its estimates, then draws them."""

from bayesdensity.plots.backtest import plot_backtest
from bayesdensity.plots.calibration import plot_calibration
from bayesdensity.plots.density import plot_density
from bayesdensity.plots.doubling import plot_doubling
from bayesdensity.plots.files import rendered, save_figure, save_figures
from bayesdensity.plots.fits import plot_fits
from bayesdensity.plots.law import plot_allocation, plot_law, save_law
from bayesdensity.plots.paper import plot_paper
from bayesdensity.plots.reference import plot_reference
from bayesdensity.plots.sensitivity import plot_influence, plot_specifications, plot_tornado

__all__ = [
    "plot_allocation",
    "plot_backtest",
    "plot_calibration",
    "plot_density",
    "plot_doubling",
    "plot_fits",
    "plot_influence",
    "plot_law",
    "plot_paper",
    "plot_reference",
    "plot_specifications",
    "plot_tornado",
    "rendered",
    "save_figure",
    "save_figures",
    "save_law",
]
