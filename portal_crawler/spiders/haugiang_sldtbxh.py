from portal_crawler.platforms.liferay import LiferaySpider


class HaugiangSldtbxh(LiferaySpider):
    """Sở Lao động - Thương binh và Xã hội tỉnh Hậu Giang."""

    name = "haugiang_sldtbxh"
    start_urls = ["https://sldtbxh.haugiang.gov.vn/"]
    province = "hau-giang"
    department = "sldtbxh"
