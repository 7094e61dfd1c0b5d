"""How the adversarial-risk ratio rule / GD is spread over starts, and how it scales."""
