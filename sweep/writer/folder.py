"""What a writer leaves in its folder, beside the artifacts."""

# A line for each artifact.
MADE = "made.jsonl"
# What no model could be made of; there when the writer is through.
LEFT_OUT = "left-out.json"
# The trial that is being made.
AT_WORK = "at-work.txt"
