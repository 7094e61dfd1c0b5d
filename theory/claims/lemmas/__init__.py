"""What claims of several files rest on; no claims of their own."""
