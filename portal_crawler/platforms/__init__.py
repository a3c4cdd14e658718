"""Base spiders: one per family of portal software."""
