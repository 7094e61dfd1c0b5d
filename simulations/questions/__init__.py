"""Questions that the proofs do not reach, each with its pictures, numbers and statement."""
