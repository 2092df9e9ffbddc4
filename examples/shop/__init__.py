"""A small web shop's models: what a user of the plugin has before writing the first test."""
