"""What a claim is, and what settles it: exact numbers, statements, arguments and back ends."""
