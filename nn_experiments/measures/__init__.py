"""What is measured of a trained network: one module for each way to test it."""
