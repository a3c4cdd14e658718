from portal_crawler.platforms.nukeviet import NukeVietSpider


class SampleSgddt(NukeVietSpider):
    """Sở Giáo dục và Đào tạo của tỉnh Lam Châu, tỉnh không có thật: cổng mẫu chạy trên máy này."""

    name = "sample_sgddt"
    start_urls = ["http://127.0.0.1:8653/"]
    province = "lam-chau"
    department = "sgddt"
    verified = True
    min_articles = 70
    # Our own server on loopback: nobody is burdened, so nothing has to wait.
    custom_settings = {
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        "RETRY_TIMES": 1,
    }
