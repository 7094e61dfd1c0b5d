"""Claims of appendix 4.D: signGD along an irrelevant frequency, step by step."""
