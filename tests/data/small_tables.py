"""Tables of a few rows, a study of them, and why it leaves a row out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bayesdensity.data.selection import Selection, select
from bayesdensity.data.tables import Tables
from bayesdensity.study.load import load_study
from bayesdensity.study.spec import Study

LLMS = """\
llm,release_date,params_total,params_active,family,architecture,stage,domain,compression,weights_open
Ref-7B,2022-05-01,7e9,,Ref,dense,base,general,none,yes
Ref-1B,2022-01-01,1e9,,Ref,dense,base,general,none,yes
Ref-MoE,2024-01-01,16e9,4e9,Ref,moe,base,general,none,yes
Ref-Code,2022-06-01,7e9,,Ref,dense,base,code,none,yes
b-7B,2024-06-01,7e9,,B,dense,base,general,none,yes
a-7B,2023-06-01,7e9,,A,dense,base,general,none,yes
"""
SCORES = """\
llm,benchmark,score,metric,shots,cot,harness,origin,flag
Ref-7B,MMLU,0.46,acc,5,false,paper,own-run,
Ref-1B,MMLU,0.30,acc,5,false,paper,own-run,
Ref-MoE,MMLU,0.52,acc,5,false,paper,own-run,
Ref-Code,MMLU,0.41,acc,5,false,paper,own-run,
b-7B,MMLU,0.64,acc,5,false,paper,own-run,
a-7B,MMLU,0.51,acc,5,false,paper,own-run,
Ref-7B,BBH,0.38,em,3,true,paper,own-run,
Ref-1B,BBH,0.25,em,3,true,paper,own-run,
Ref-MoE,BBH,0.40,em,3,true,paper,own-run,
b-7B,BBH,0.61,em,3,true,paper,own-run,
a-7B,BBH,0.43,em,3,true,paper,own-run,
"""
RUNS = """\
suite,run,role,params,tokens,benchmark,loss,score,score_multiple_choice
steps,s1,ladder,1e8,1e10,MMLU,1.2,0.30,
steps,s2,ladder,1e9,1e11,MMLU,1.0,0.35,
steps,s1,ladder,1e8,1e10,BBH,1.3,0.10,
steps,s2,ladder,1e9,1e11,BBH,1.1,0.20,
steps,s1,ladder,1e8,1e10,PIQA,0.9,0.60,
steps,s3,anchor,7e9,1e12,MMLU,0.8,0.40,0.55
steps,s0,excluded,1e8,1e9,MMLU,2.0,0.25,
long,t,trajectory,7e9,1e11,MMLU,1.0,0.36,0.31
long,t,trajectory,7e9,1e12,MMLU,0.9,0.39,0.48
long,t,trajectory,7e9,1e12,BBH,1.0,0.30,0.40
losses,l1,ladder,1e8,1e10,Web,3.1,,
"""
BENCHMARKS = "benchmark,n_items,chance\nMMLU,14042,0.25\nBBH,6511,0\nPIQA,1838,0.5\nWeb,,\n"
FAMILY: dict[str, Any] = {"kind": "family", "family": "Ref"}
LADDER: dict[str, Any] = {"kind": "ladder", "suite": "steps", "tokens": 1e12}

World = Callable[..., Tables]


def study(**changes: Any) -> Study:
    """Make a small study of the tables above; `changes` go by dotted key with '__' for the dot."""
    tree: dict[str, Any] = {
        "name": "toy",
        "title": "Toy",
        "why": "to test",
        "llms": {
            "stage": ["base"],
            "domain": ["general"],
            "compression": ["none"],
            "weights_open": ["yes"],
            "released_from": "2023-01-01",
            "min_benchmarks": 2,
        },
        "scores": {"origins": ["own-run", "mixed"], "exclude_flags": ["suspect", "variant"]},
        "benchmarks": {"MMLU": {"metrics": ["acc"], "cot": ["false"]}, "BBH": {"metrics": ["em"], "cot": ["true"]}},
        "reference": FAMILY,
        "law": {"irreducible": True, "noise_df": 4},
        "frontier": {
            "form": "half-normal",
            "trend": "linear",
            "dispersion": "constant",
            "family_effects": True,
            "quantile": 0.95,
        },
        "priors": load_study("densing-law").priors,
    }
    for key, value in changes.items():
        part = tree = dict(tree)
        *parents, last = key.split("__")
        for parent in parents:
            part[parent] = part = dict(part[parent])
        part[last] = value
    return Study.model_validate(tree)


def reason(selection: Selection, table: str, row: int) -> str:
    """Why a row was left out; fails if it was not."""
    out = selection.left_out
    return str(out.loc[(out["table"] == table) & (out["row"] == row), "reason"].item())


def reason_of_llm(world: World, cells: str, **changes: Any) -> str:
    """Why one more LLM, with scores as good as any, is left out."""
    scores = "new-7B,MMLU,0.6,acc,5,false,paper,own-run,\nnew-7B,BBH,0.5,em,3,true,paper,own-run,\n"
    chosen = select(study(**changes), world(llms=f"new-7B,{cells}\n", scores=scores))
    assert "new-7B" not in set(chosen.llms.index) | set(chosen.scores["llm"])
    assert reason(chosen, "scores", 13) != ""
    return reason(chosen, "llms", 8)


def reason_of_score(world: World, row: str, **changes: Any) -> str:
    """Why one more score row is left out."""
    return reason(select(study(**changes), world(scores=row + "\n")), "scores", 13)
