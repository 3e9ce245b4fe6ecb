"""
Which benchmark moves faster?
=============================

"Models double every three months" may be true of MATH and false of MMLU. How different are the benchmarks, and how
fast would density grow on one that is not in the study?

.. note:: Draws are reduced to build this page quickly. The numbers are not for citing.
"""

# %%
# Fit the default study, or read the fit that an earlier example saved.

from pathlib import Path

from matplotlib.figure import Figure

import bayesdensity as bd

study, kept = bd.load_study("densing-law"), Path("densing-law-quick.nc")
if kept.is_file():
    fit = bd.load_fit(kept, study)
else:
    fit = bd.fit(study, draws=500, tune=400)
    fit.save(kept)

# %%
# Print the doubling time on each benchmark, in months. All are inferred together, so a model that is good only at MATH
# counts there and not elsewhere.

months = bd.doubling_time(bd.rate_by_benchmark(fit)).to_frame().sort_values("median")
print(months.round(1).to_string())

# %%
# Overlapping intervals do not show that two benchmarks are alike, because their rates are correlated. Ask instead for
# the probability that the benchmark of a row moves faster than that of a column.

print(bd.probability_faster(fit).to_pandas().round(2).to_string())

# %%
# A benchmark of the same kind that is not in the study has a wider interval than any of these, because it includes the
# spread between benchmarks.

new = bd.doubling_time(bd.rate_of_new_benchmark(fit)).to_frame_row()
print(new.round(1).to_string())

# %%
# Draw all of this in one figure.

rows = [*months.itertuples(), ("a benchmark not seen", new["median"], new["lower"], new["upper"])]
figure = Figure(figsize=(6.5, 2.8), layout="constrained")
axes = figure.subplots()
for place, (name, median, lower, upper) in enumerate(reversed(rows)):
    colour = "#D55E00" if name == "a benchmark not seen" else "#0072B2"
    axes.plot([lower, min(upper, 60)], [place, place], color=colour)
    axes.plot(median, place, "o", color=colour)
axes.set_yticks(range(len(rows)), [row[0] for row in reversed(rows)])
axes.set(xscale="log", xlim=(2, 13), xlabel="months in which density doubles (median, 90 % interval)")
axes.set_xticks([2, 3, 4, 6, 8, 12], ["2", "3", "4", "6", "8", "12"])
axes.minorticks_off()
axes.spines[["top", "right"]].set_visible(False)
