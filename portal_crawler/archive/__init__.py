"""What outlives a run: captures in WARC files, rejects, feeds that never look complete when they are not."""
