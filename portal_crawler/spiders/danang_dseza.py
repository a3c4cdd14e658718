from portal_crawler.platforms.portal import PortalSpider


class DanangDseza(PortalSpider):
    """Ban Quản lý Khu công nghệ cao và các khu công nghiệp thành phố Đà Nẵng."""

    name = "danang_dseza"
    start_urls = ["https://dseza.danang.gov.vn/"]
    province = "da-nang"
    department = "dseza"
    article_urls = (r"/chi-tiet-tin-tuc/(?P<id>[^/?]+)/?$",)
    listing_urls = (r"/danh-sach-tin-tuc/",)
