from portal_crawler.platforms.liferay import LiferaySpider


class HanoiSotttt(LiferaySpider):
    """Sở Thông tin và Truyền thông thành phố Hà Nội."""

    name = "hanoi_sotttt"
    start_urls = ["https://sotttt.hanoi.gov.vn/vi"]
    province = "ha-noi"
    department = "sotttt"
    verified = True
    min_articles = 2500
