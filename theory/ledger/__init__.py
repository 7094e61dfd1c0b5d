"""From claims to what is said of them: settling, keeping, displaying, and the errata sheet."""
