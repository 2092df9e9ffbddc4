"""Classes of the user's own that Keras makes again from their configuration."""
