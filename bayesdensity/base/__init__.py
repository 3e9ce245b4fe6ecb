"""What knows nothing of language models: errors, files, jobs, progress, priors as intervals."""
