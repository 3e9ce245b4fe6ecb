"""What is said, once: sections of text, tables and figures, and their writers for terminal, page and program."""
