"""Claims that are this project's own, in no published text."""
