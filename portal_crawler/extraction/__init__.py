"""The workshop: a page in, an article out. Pure functions over text and trees; no Scrapy, no I/O."""
