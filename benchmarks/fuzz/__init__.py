"""The readers under a fuzzer that is led by coverage."""
