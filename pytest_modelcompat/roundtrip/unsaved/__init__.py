"""Constructor arguments that a save loses without a word: found, proven by making the object again, and described."""
