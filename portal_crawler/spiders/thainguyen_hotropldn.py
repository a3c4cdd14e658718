from portal_crawler.platforms.nukeviet import NukeVietSpider


class ThainguyenHotropldn(NukeVietSpider):
    """Hỗ trợ pháp lý cho doanh nghiệp, Sở Tư pháp tỉnh Thái Nguyên."""

    name = "thainguyen_hotropldn"
    start_urls = ["https://hotropldn.thainguyen.gov.vn/"]
    province = "thai-nguyen"
    department = "hotropldn"
