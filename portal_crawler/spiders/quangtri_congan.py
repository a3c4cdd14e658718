from portal_crawler.platforms.wordpress import WordPressSpider


class QuangtriCongan(WordPressSpider):
    """Công an tỉnh Quảng Trị."""

    name = "quangtri_congan"
    start_urls = ["https://congan.quangtri.gov.vn/"]
    province = "quang-tri"
    department = "congan"
