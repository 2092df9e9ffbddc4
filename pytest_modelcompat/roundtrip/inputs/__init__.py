"""What a model is called with: given by the user, or derived from the model."""
