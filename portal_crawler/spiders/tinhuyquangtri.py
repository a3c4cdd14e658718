from portal_crawler.platforms.aspnet import AspNetSpider


class Tinhuyquangtri(AspNetSpider):
    """Tỉnh ủy Quảng Trị (mojoPortal), outside gov.vn."""

    name = "tinhuyquangtri"
    start_urls = ["https://tinhuyquangtri.vn/"]
    province = "quang-tri"
    department = "tinhuy"
