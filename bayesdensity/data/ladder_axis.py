"""Where the link of a ladder lies on the axis of the targets, for draws and for PyTensor alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from bayesdensity import laws


def link_in_sizes(data: xr.Dataset, law: laws.LadderLaw, logit: Any, slope: Any) -> laws.Link:
    """Link that a law and a map make, in reference sizes, with the largest of the ladder.

    Parameters
    ----------
    data : xarray.Dataset
    law : LadderLaw
        Its level includes what the anchors miss it by; last dim ``benchmark``, as of the others.
    logit, slope : Any
        Of the map.
    """
    tokens = data.attrs["log_tokens"] - data.attrs["ladder_log_d_centre"]
    # The axis counts from the average size of the targets, the ladder from its own centre.
    offset = data.attrs["log_size_centre"] - data.attrs["ladder_log_n_centre"]
    link = laws.shifted(laws.ladder_link(law, tokens, logit, slope, data["map_centre"].to_numpy()), offset)
    bench, size = data["run_benchmark"].to_numpy(), data["run_log_n"].to_numpy()
    largest = np.array([size[bench == b].max() for b in range(data.sizes["benchmark"])]) - offset
    return link._replace(largest=largest)
