"""What draws random numbers in a saved model, in findings and texts."""
