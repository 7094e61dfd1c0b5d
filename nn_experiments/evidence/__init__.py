"""What measurements say: intervals, outcomes, findings, and what is told about them.

Everything here reads plain numpy arrays and numbers; nothing here trains, attacks or needs torch.
"""
