"""What the answer rests on: variants of a study, priors, and parts of the data, each with its effect on the rates."""
