"""Frequencies of images and of what networks respond to (sections 4.2.2 and 4.3, appendix 4.C)."""
