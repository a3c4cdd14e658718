from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from portal_crawler.crawling.canonical import PortalFingerprinter, canonical_url, page_key


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("HTTP://WWW.Example.gov.vn:80/Tin-tuc/", "http://www.example.gov.vn/Tin-tuc/"),
        ("https://example.gov.vn:443", "https://example.gov.vn/"),
        ("https://example.gov.vn:8443/a", "https://example.gov.vn:8443/a"),
        ("https://example.gov.vn/a#comments", "https://example.gov.vn/a"),
        ("https://example.gov.vn/a?utm_source=fb&id=3&fbclid=x", "https://example.gov.vn/a?id=3"),
        ("https://example.gov.vn/a;jsessionid=8F2A.node1?id=3", "https://example.gov.vn/a?id=3"),
        ("https://example.gov.vn/c;JSESSIONID=1/d", "https://example.gov.vn/c/d"),
        ("https://example.gov.vn/(S(lit3py55t21z5v55vlm25s55))/tin.aspx", "https://example.gov.vn/tin.aspx"),
        ("https://example.gov.vn/(S(x)F(y))/tin.aspx?PHPSESSID=1", "https://example.gov.vn/tin.aspx"),
        ("https://example.gov.vn/a?b=2&a=1", "https://example.gov.vn/a?a=1&b=2"),
        ("https://example.gov.vn/list?id=67&id=66", "https://example.gov.vn/list?id=67&id=66"),
        ("https://example.gov.vn/a?p_auth=X1&_101_cur=2", "https://example.gov.vn/a?_101_cur=2"),
        ("https://example.gov.vn/a?_101_viewMode=print", "https://example.gov.vn/a"),
        ("https://example.gov.vn/a?print=1", "https://example.gov.vn/a"),
        # Joomla's entry of the menu, but not SharePoint's item, nor where it is all that is said.
        (
            "https://example.gov.vn/index.php?option=com_content&view=article&id=12:bai&Itemid=101",
            "https://example.gov.vn/index.php?id=12:bai&option=com_content&view=article",
        ),
        ("https://example.gov.vn/?option=com_news&Itemid=9", "https://example.gov.vn/?Itemid=9&option=com_news"),
        ("https://example.gov.vn/tin.aspx?id=2&ItemID=9", "https://example.gov.vn/tin.aspx?ItemID=9&id=2"),
        ("https://example.gov.vn/a?print=12", "https://example.gov.vn/a?print=12"),
        # The link back of an article: with or without a portlet's name, to this host under any of its spellings.
        ("https://example.gov.vn/w/bai?redirect=%2Fweb%2Fso&inheritRedirect=false", "https://example.gov.vn/w/bai"),
        (
            "https://www.example.gov.vn/tin/-/x/bai?_101_x_redirect=http%3A%2F%2Fexample.gov.vn%3A8080%2Ftin%3Fq%3D1",
            "https://www.example.gov.vn/tin/-/x/bai",
        ),
        ("https://example.gov.vn/vb?_v_docId=5&_v_backURL=%2Fvb", "https://example.gov.vn/vb?_v_docId=5"),
        (
            "https://example.gov.vn/hop-mat-cuoi-nam.html?returnUrl=/a&x=1",
            "https://example.gov.vn/hop-mat-cuoi-nam.html?x=1",
        ),
        ("https://example.gov.vn/w/bai?p_l_back_url=%2Fa&p_l_back_url_title=A", "https://example.gov.vn/w/bai"),
        ("https://example.gov.vn/t%c3%adn", "https://example.gov.vn/t%C3%ADn"),
        ("https://example.gov.vn/%41", "https://example.gov.vn/%41"),
        ("https://example.gov.vn/tín", "https://example.gov.vn/t%C3%ADn"),
        # NFD is another file name than NFC: never rewritten.
        ("https://example.gov.vn/ti\u0301n", "https://example.gov.vn/ti%CC%81n"),
        ("mailto:a@example.gov.vn", "mailto:a@example.gov.vn"),
        ("http://[bad", "http://[bad"),
    ],
)
def test_canonical_form(written: str, canonical: str) -> None:
    assert canonical_url(written) == canonical


@pytest.mark.parametrize("name", ["id", "ItemID", "NewsID", "tabid", "sid", "mid", "_c", "p"])
def test_what_identifies_stays(name: str) -> None:
    assert canonical_url(f"https://example.gov.vn/x.aspx?{name}=7") == f"https://example.gov.vn/x.aspx?{name}=7"


@pytest.mark.parametrize(
    "address",
    [
        "/?redirect=/tin/5",
        "/?_58_redirect=/tin/5",
        "/index.php?redirect=/tin/5",
        "/leaving?redirect=/tin/5",
        "/w/bai?redirect=http://khac.gov.vn/",
        "/w/bai?redirect=//khac.gov.vn/",
        "/w/bai?redirect=http://example.gov.vn@khac.gov.vn/",
        "/w/bai?redirect=5",
    ],
)
def test_an_address_that_tells_where_to_go_stays(address: str) -> None:
    assert canonical_url(f"https://example.gov.vn{address}") == f"https://example.gov.vn{address}"


WEB_TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=40)


@given(st.one_of(WEB_TEXT, st.builds("http://example.gov.vn/{}?{}".format, WEB_TEXT, WEB_TEXT)))
def test_it_is_idempotent_and_never_raises(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once
    page_key(url)


@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    url = "https://example.gov.vn/" + data.decode("latin-1")
    assert canonical_url(canonical_url(url)) == canonical_url(url)


@given(st.text(alphabet="&=%fFG", max_size=30))
def test_parameters_are_sorted_as_they_will_be_written(tail: str) -> None:
    for query in ("%ff&%G", tail):
        once = canonical_url(f"http://example.gov.vn/?{query}")
        assert canonical_url(once) == once


@given(
    st.sampled_from(["/", "/go", "/w/bai", "/a/-/b", "/a/hoi-nghi-so-12", "/tin/c%c3%a1-n%c3%a0y-%2d"]),
    st.lists(
        st.sampled_from(
            [
                "redirect=/a",
                "redirect=http://b.vn/",
                "_x_redirect=%2fa",
                "backURL=%2Fa%3Fb%3D1",
                "id=12",
                "returnUrl=",
                "a",
            ]
        )
    ),
)
def test_links_back_are_taken_away_once_and_for_all(path: str, query: list[str]) -> None:
    once = canonical_url(f"http://example.gov.vn{path}?{'&'.join(query)}")
    assert canonical_url(once) == once


@given(
    st.sampled_from(["http", "https"]),
    st.sampled_from(["a.gov.vn", "a.gov.vn.", "A.vn", "a..vn", "1.2.3.4"]),
    st.sampled_from(["", ":", ":80", ":443", ":0443", ":8080", ":4430"]),
    st.text(alphabet="ab/.?#&=%2cé;:~()!$*+,-_", max_size=30),
)
def test_the_short_way_is_the_long_way(scheme: str, host: str, port: str, tail: str) -> None:
    url = f"{scheme}://{host}{port}/{tail}"
    # A space at the end is dropped, but sends the address the long way.
    assert canonical_url(url) == canonical_url(f"{url} ")


@pytest.mark.parametrize("url", ["http://..//..", "http://./a", "http://.:8080/a"])
def test_a_host_of_dots_is_no_host(url: str) -> None:
    assert canonical_url(url) == url


def test_page_key_joins_schemes_and_www() -> None:
    assert page_key("https://www.example.gov.vn/a") == page_key("http://example.gov.vn/a") == "example.gov.vn/a"


def test_fingerprints() -> None:
    fingerprint = PortalFingerprinter().fingerprint
    plain = Request("http://example.gov.vn/a?x=1&y=2")
    assert fingerprint(plain) == fingerprint(Request("https://www.example.gov.vn/a?y=2&x=1&utm_source=z#top"))
    assert fingerprint(plain) != fingerprint(Request("http://example.gov.vn/a?x=1&y=3"))
    first = Request("http://example.gov.vn/l.aspx", method="POST", body=b"__EVENTARGUMENT=2")
    assert fingerprint(first) != fingerprint(first.replace(body=b"__EVENTARGUMENT=3"))
    assert fingerprint(first) != fingerprint(Request("http://example.gov.vn/l.aspx"))


def test_a_redirect_to_another_spelling_is_no_duplicate() -> None:
    fingerprint = PortalFingerprinter().fingerprint
    asked = Request("http://example.gov.vn/a")
    redirected = Request("https://www.example.gov.vn/a", meta={"redirect_urls": [asked.url]})
    elsewhere = Request("https://www.example.gov.vn/b", meta={"redirect_urls": [asked.url]})
    assert fingerprint(asked) != fingerprint(redirected)
    assert fingerprint(elsewhere) == fingerprint(Request("https://www.example.gov.vn/b"))
