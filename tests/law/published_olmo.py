"""The eight estimates that Bhagia et al. published for the OLMo ladder (arXiv 2412.04403, with its code).

The loss of a task is A N^-alpha + B D^-beta + E in bits a byte, its score a sigmoid of the loss:
sig_a / (1 + exp(-sig_k (L - sig_L0))) + sig_b. Tasks are called as in the tables of the package.
"""

from __future__ import annotations

import io

import pandas as pd

ESTIMATES = """\
benchmark,A,B,alpha,beta,E,sig_a,sig_L0,sig_k,sig_b
MMLU,38.070025,100.09211,0.22621645,0.23607558,0.45409306,-0.74206424,0.61595265,4.8333923,1.0
HellaSwag,11.231288,60.368659,0.19553941,0.25649818,0.50191115,-0.73011144,0.76673526,12.741707,0.99210355
ARC-C,702974.78,38.44572,0.78771535,0.19697609,0.65464315,-0.77767271,0.70864073,5.9106074,1.0
ARC-E,79412.073,3957.514,0.66104435,0.41945342,0.55824332,-0.64627163,0.7407136,4.1298499,1.0
PIQA,405.65977,10.159057,0.39783808,0.1532771,0.72170097,-0.45856295,0.96302285,5.0329568,1.0
CSQA,56.85533,10.906582,0.23499138,0.11107672,0.0,-0.8555545,1.1313071,2.2085184,1.0
SIQA,1200.9353,7897.193,0.44730993,0.47675884,0.94892329,-0.59852566,0.89380701,7.1643703,0.99946778
OBQA,86346.337,137.34999,0.68653629,0.26069432,1.1980922,-0.79060202,1.0812906,4.3097437,1.0
"""
TASKS = ("MMLU", "HellaSwag", "ARC-C", "ARC-E", "PIQA", "CSQA", "SIQA", "OBQA")
"""The eight tasks, as the tables call them."""


def published_estimates() -> pd.DataFrame:
    """One row for each task."""
    return pd.read_csv(io.StringIO(ESTIMATES), index_col="benchmark")
