"""Reads handwritten letters and studies the networks that do it."""
