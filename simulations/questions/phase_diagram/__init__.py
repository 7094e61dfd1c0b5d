"""Where GD is more robust than signGD, and where signGD is, against the exact condition."""
