"""Where each way of writing weights keeps those of a layer."""
