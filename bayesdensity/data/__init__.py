"""Tables: the bundled facts, how tables are read and checked, and which rows a study uses."""
