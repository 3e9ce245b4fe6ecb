"""Figures of a fit, without pyplot and its global state: each function gathers its estimates, then draws them."""
