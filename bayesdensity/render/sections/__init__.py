"""What is said of one thing each: `data` for JSON, `blocks` for a reader, and the section of a report."""
