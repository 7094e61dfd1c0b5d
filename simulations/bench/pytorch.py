"""PyTorch, where it is installed."""

from typing import Any


def pytorch() -> Any:
    """Return the module ``torch``, or None if it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    return torch
