from portal_crawler.platforms.detected import DetectedSpider


class BacgiangSldtbxh(DetectedSpider):
    """Sở Lao động - Thương binh và Xã hội tỉnh Bắc Giang; the platform is recognised from the first page."""

    name = "bacgiang_sldtbxh"
    start_urls = ["https://sldtbxh.bacgiang.gov.vn/"]
    province = "bac-giang"
    department = "sldtbxh"
