from portal_crawler.platforms.sharepoint import SharePointSpider


class LamdongSotnmt(SharePointSpider):
    """Sở Tài nguyên và Môi trường tỉnh Lâm Đồng, a path of the province's host."""

    name = "lamdong_sotnmt"
    start_urls = ["https://lamdong.gov.vn/vi-VN/a/sotnmt"]
    province = "lam-dong"
    department = "sotnmt"
