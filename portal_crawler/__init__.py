"""Crawls the department portals of Vietnam's provinces into clean article items."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("portal-crawler")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0+unknown"
