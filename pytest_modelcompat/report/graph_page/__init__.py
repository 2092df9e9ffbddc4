"""The page of `modelcompat diff --html`: two artifacts side by side, layer by layer, with what changed."""
