"""The command line, added to that of Scrapy itself."""
