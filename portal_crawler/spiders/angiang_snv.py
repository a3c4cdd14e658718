from portal_crawler.platforms.detected import DetectedSpider


class AngiangSnv(DetectedSpider):
    """Sở Nội vụ tỉnh An Giang; the platform is recognised from the first page."""

    name = "angiang_snv"
    start_urls = ["https://snv.angiang.gov.vn/"]
    province = "an-giang"
    department = "snv"
