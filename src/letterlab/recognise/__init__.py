"""Reading letters in pictures with a trained network, without torch."""
