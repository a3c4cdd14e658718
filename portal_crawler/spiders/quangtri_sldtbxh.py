from portal_crawler.platforms.detected import DetectedSpider


class QuangtriSldtbxh(DetectedSpider):
    """Sở Lao động - Thương binh và Xã hội tỉnh Quảng Trị.

    The host is inferred from those of other provinces, not found anywhere; the platform is unknown and recognised from
    the first page. The department was dissolved in 2025: web archives may hold more than the host.
    """

    name = "quangtri_sldtbxh"
    start_urls = ["https://sldtbxh.quangtri.gov.vn/"]
    province = "quang-tri"
    department = "sldtbxh"
