from portal_crawler.platforms.aspnet import AspNetSpider


class Sxdthanhhoa(AspNetSpider):
    """Sở Xây dựng tỉnh Thanh Hóa, under a domain of its own."""

    name = "sxdthanhhoa"
    start_urls = ["https://sxdthanhhoa.gov.vn/"]
    province = "thanh-hoa"
    department = "sxd"
