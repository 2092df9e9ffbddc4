"""Runs inside a writer's runtime, from Python 3.8 on: makes the smallest model of each construct, and saves it."""
