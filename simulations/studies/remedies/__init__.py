"""What remedies close of the gap between adaptive rules and GD, and what they cost."""
