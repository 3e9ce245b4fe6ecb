"""What is asked: studies of density and of a loss law, and how they are read."""
