"""What Keras writes into an artifact: configurations, metadata, archives and Lambda layers."""
