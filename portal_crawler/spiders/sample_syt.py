from portal_crawler.extraction.wrapper import Wrapper
from portal_crawler.platforms.aspnet import AspNetSpider


class SampleSyt(AspNetSpider):
    """Sở Y tế của tỉnh Lam Châu, tỉnh không có thật: cổng mẫu chạy trên máy này."""

    name = "sample_syt"
    start_urls = ["http://127.0.0.1:8655/"]
    province = "lam-chau"
    department = "syt"
    verified = True
    min_articles = 70
    # Our own server on loopback: nobody is burdened, so nothing has to wait.
    custom_settings = {
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        "RETRY_TIMES": 1,
    }
    # A system of its own has a layout of its own: what the family guesses is said here.
    wrappers = (
        Wrapper(
            article="#ctl00_cphMain_pnlDetail",
            title="h1.tieude",
            lead=".sapo",
            published=".ngaydang",
            modified=".sua",
            body=".sapo, #ctl00_cphMain_divContent",
            section=".duongdan a",
            tags=".tukhoa a",
            attachments=".tailieu a",
        ),
        *AspNetSpider.wrappers,
    )
