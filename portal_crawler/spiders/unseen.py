from portal_crawler.platforms.detected import DetectedSpider


class Unseen(DetectedSpider):
    """Any portal: ``-a url=https://…``, and ``-a platform=…`` where recognition fails."""

    name = "unseen"
