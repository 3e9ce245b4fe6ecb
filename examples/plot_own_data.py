"""
A score table of your own
=========================

You measured nine models on two benchmarks. How dense are they, and does density grow? Two small tables and a study of
a few lines are enough; with nine models do not expect more than the data can say.

.. note:: Draws are reduced to build this page quickly. The numbers are not for citing.
"""

# %%
# Who the models are. Those of one family are the yardstick in whose parameters sizes are counted.

from pathlib import Path
from tempfile import mkdtemp

import bayesdensity as bd
from bayesdensity.checks import checked, checks_of
from bayesdensity.plots.density import plot_density

folder = Path(mkdtemp())
(folder / "llms.csv").write_text("""\
llm,release_date,params_total,family
Qwen1.5-1.8B,2024-02-04,1.84e9,Qwen1.5
Qwen1.5-7B,2024-02-04,7.7e9,Qwen1.5
Qwen1.5-72B,2024-02-04,72.3e9,Qwen1.5
LLaMA-7B,2023-02-24,6.74e9,LLaMA
Llama-2-7B,2023-07-18,6.74e9,Llama-2
Mistral-7B-v0.1,2023-09-27,7.24e9,Mistral
Llama-3-8B,2024-04-18,8.03e9,Llama-3
Qwen2.5-7B,2024-09-19,7.61e9,Qwen2.5
Qwen3-8B-Base,2025-04-29,8.2e9,Qwen3
""")

# %%
# What they scored, as fractions.

(folder / "scores.csv").write_text("""\
llm,benchmark,score
Qwen1.5-1.8B,MMLU,0.468
Qwen1.5-1.8B,BBH,0.242
Qwen1.5-7B,MMLU,0.615
Qwen1.5-7B,BBH,0.402
Qwen1.5-72B,MMLU,0.774
Qwen1.5-72B,BBH,0.655
LLaMA-7B,MMLU,0.352
LLaMA-7B,BBH,0.334
Llama-2-7B,MMLU,0.458
Llama-2-7B,BBH,0.382
Mistral-7B-v0.1,MMLU,0.625
Mistral-7B-v0.1,BBH,0.563
Llama-3-8B,MMLU,0.664
Llama-3-8B,BBH,0.604
Qwen2.5-7B,MMLU,0.744
Qwen2.5-7B,BBH,0.697
Qwen3-8B-Base,MMLU,0.768
Qwen3-8B-Base,BBH,0.775
""")

# %%
# What to infer: the default study, with these benchmarks instead of its five.

(folder / "mine.toml").write_text("""\
extends = "densing-law"
title = "Two benchmarks that I ran"
why = "How fast does density grow on my own scores?"

[llms]
min_benchmarks = 2

[benchmarks.MMLU]
metrics = ["acc"]
cot = ["false"]

[benchmarks.BBH]
metrics = ["em"]
cot = ["true"]
floor = 0.0
""")

# %%
# All faults of all files would be listed here, with their rows.

tables = bd.read_tables(folder)
study = bd.load_study(folder / "mine.toml")
chosen = bd.select(study, tables)
print(f"{len(chosen.llms)} targets, {len(chosen.scores)} scores, yardstick: {', '.join(chosen.reference_llms.index)}")

# %%
# Fit, and let the checks speak first.

fit = checked(bd.fit(study, tables, draws=500, tune=400))
for check in checks_of(fit):
    print(f"{check.verdict:6s} {check.name}: {check.sentence}")

# %%
# Density of each model, in parameters of Qwen1.5 with the same scores over its own.

print(bd.density(fit).to_frame().round(2).to_string())

# %%
# And its growth. Six targets say little about the rate: compare it with what the prior alone says (90 % from -0.7 to
# 2.7 a year).

print(bd.rate(fit, estimand="mean"))
print(bd.doubling_time(bd.rate(fit, estimand="mean")))
figure = plot_density(fit)
