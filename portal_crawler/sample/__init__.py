"""The sample province: five department portals on loopback, with the truth about what they hold."""

from portal_crawler.sample.province import SampleProvince
from portal_crawler.sample.truth import PortalTruth, TruthArticle, TruthFile

__all__ = ["PortalTruth", "SampleProvince", "TruthArticle", "TruthFile"]
