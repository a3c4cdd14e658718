from portal_crawler.platforms.nukeviet import NukeVietSpider


class DongnaiXuanloc(NukeVietSpider):
    """Ủy ban nhân dân huyện Xuân Lộc, tỉnh Đồng Nai."""

    name = "dongnai_xuanloc"
    start_urls = ["https://xuanloc.dongnai.gov.vn/"]
    province = "dong-nai"
    department = "xuanloc"
