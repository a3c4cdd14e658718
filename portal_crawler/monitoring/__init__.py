"""How a run went: progress while it runs, a summary and a verdict when it ends."""
