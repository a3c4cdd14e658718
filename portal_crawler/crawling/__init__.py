"""The frontier: which addresses are one page, what a crawl has seen, and what it learns on the way."""
