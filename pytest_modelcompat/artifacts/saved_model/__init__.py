"""What is in the folder of a SavedModel: its graphs, its object graph, its signatures and its checkpoint."""
