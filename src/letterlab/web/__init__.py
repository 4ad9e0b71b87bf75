"""The recogniser over HTTP, and the page to draw on."""
