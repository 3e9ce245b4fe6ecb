"""A reference loss law alone: fit it, check it, compare it, predict with it, and divide compute by it."""
