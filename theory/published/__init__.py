"""Published statements and numbers, as data, each with its source."""
