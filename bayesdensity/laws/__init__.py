"""Loss laws, loss-to-score map and effective size: arithmetic only."""

from bayesdensity.laws.loss import LADDER_LAWS, LAWS, VARIABLES
from bayesdensity.laws.loss.chinchilla import Chinchilla
from bayesdensity.laws.loss.data_constrained import DataConstrained
from bayesdensity.laws.loss.densing import Densing
from bayesdensity.laws.loss.experts import Experts
from bayesdensity.laws.loss.kaplan import Kaplan
from bayesdensity.laws.loss.law import CENTRE_SD, LadderLaw, Law, drawn_law, ladder_link
from bayesdensity.laws.loss.one_variable import ComputeOnly, DataOnly, SizeOnly
from bayesdensity.laws.loss.variables import FLOPS_PER_PARAMETER_AND_TOKEN, Variable
from bayesdensity.laws.loss_noise import loss_noise
from bayesdensity.laws.score_curve import (
    LEAST_SLOPE,
    Link,
    beyond_largest,
    bounded_below,
    bounded_size_of_logit,
    highest_logit,
    link_of,
    logistic,
    logit_of_score,
    logit_of_size,
    logits_per_log_size,
    score,
    score_sd,
    score_slope,
    shifted,
    size_of_logit,
)

__all__ = [
    "CENTRE_SD",
    "FLOPS_PER_PARAMETER_AND_TOKEN",
    "LADDER_LAWS",
    "LAWS",
    "LEAST_SLOPE",
    "VARIABLES",
    "Chinchilla",
    "ComputeOnly",
    "DataConstrained",
    "DataOnly",
    "Densing",
    "Experts",
    "Kaplan",
    "LadderLaw",
    "Law",
    "Link",
    "SizeOnly",
    "Variable",
    "beyond_largest",
    "bounded_below",
    "bounded_size_of_logit",
    "drawn_law",
    "highest_logit",
    "ladder_link",
    "link_of",
    "logistic",
    "logit_of_score",
    "logit_of_size",
    "logits_per_log_size",
    "loss_noise",
    "score",
    "score_sd",
    "score_slope",
    "shifted",
    "size_of_logit",
]
