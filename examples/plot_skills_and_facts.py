"""
What is left of growth at equal tokens and sparsity?
====================================================

Skills densify and facts hardly do. Is that still so between LLMs that are alike in size, in training tokens and in
sparsity, or did later LLMs just see more text?

.. note:: Draws are reduced to build this page quickly. The numbers are not for citing.
"""

# %%
# Two studies of the same open base models, with the same covariates: three benchmarks of skills, and TriviaQA, which
# asks for facts.

from matplotlib.figure import Figure

import bayesdensity as bd

covariates = {"covariates": ["tokens", "sparsity", "size"]}
skills = {"benchmarks": ["BBH", "MATH", "HumanEval"], "llms.min_benchmarks": 2}
studies = {
    "skills": bd.load_study("densing-law", {**skills, **covariates}),
    "facts": bd.load_study("knowledge", covariates),
}
fits = {name: bd.fit(study, draws=300, tune=400) for name, study in studies.items()}

# %%
# Growth a year is a sum: what remains at equal covariates, and what each of them added as it moved among the releases.

parts = {name: bd.growth_parts(fit) for name, fit in fits.items()}
for name, one in parts.items():
    print(name, one.to_frame().round(2).to_string(), sep="\n", end="\n\n")

# %%
# How much did scores tell of the effects, and how much is their prior's? Near one: told; near zero: the prior's.

for name, fit in fits.items():
    print(name, bd.contraction(fit).sel(part="effect").to_pandas().round(2).to_string(), sep="\n", end="\n\n")

# %%
# Both side by side. Growth of skills remains at equal tokens, size and sparsity; facts have none to take apart.

figure = Figure(figsize=(6.5, 2.6), layout="constrained")
for axes, (name, one) in zip(figure.subplots(1, 2, sharex=True, sharey=True), parts.items(), strict=True):
    rows = one.to_frame()
    for place, (lower, median, upper) in enumerate(zip(rows["lower"], rows["median"], rows["upper"], strict=True)):
        axes.plot([lower, upper], [place, place], color="#0072B2")
        axes.plot(median, place, "o", color="#0072B2")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(rows)), rows.index)
    axes.set(title=name, xlabel="growth of ln density a year", ylim=(len(rows) - 0.5, -0.5))
    axes.spines[["top", "right"]].set_visible(False)
