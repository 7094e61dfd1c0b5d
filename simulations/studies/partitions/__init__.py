"""The partitions R and P of Figures 4.8 and 4.9, drawn from their predicates."""
