"""Is it any good: leave LLMs out, predict the future, recover a known truth."""
