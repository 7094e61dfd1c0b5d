"""Update rules: PyTorch's, and those of this project."""
