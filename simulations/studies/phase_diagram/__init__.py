"""Where GD is more robust than signGD, and where signGD is, against the condition for small η."""
