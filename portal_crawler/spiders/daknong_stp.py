from portal_crawler.platforms.sharepoint import SharePointSpider


class DaknongStp(SharePointSpider):
    """Sở Tư pháp tỉnh Đắk Nông."""

    name = "daknong_stp"
    start_urls = ["https://stp.daknong.gov.vn/"]
    province = "dak-nong"
    department = "stp"
