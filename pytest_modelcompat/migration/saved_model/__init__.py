"""Edits of SavedModels: their graphs are changed in protobuf's wire format, and everything else is copied."""
