"""What the predictions tell."""
