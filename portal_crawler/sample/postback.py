"""ASP.NET's form state: opaque fields that a page sends and its next request must bring back untouched.

As in ASP.NET, ``__VIEWSTATE`` carries the state and a message authentication code, and ``__EVENTVALIDATION`` names the
events that this very page can fire. Both differ from page to page; a request that brings others is refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from itertools import count

from portal_crawler.sample.portal import Answer, Asked, page

ERROR = (
    "<html><head><title>Validation of viewstate MAC failed.</title></head><body><h1>Server Error in '/' Application.</h1>"
    "<h2><i>{said}</i></h2></body></html>"
)


class FormState:
    """Issues and checks the state of one application's forms."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._issued = count(1)

    def _sealed(self, state: dict[str, object]) -> str:
        data = json.dumps(state, sort_keys=True, ensure_ascii=False).encode()
        return base64.b64encode(hmac.digest(self._secret, data, hashlib.sha1) + data).decode()

    def _opened(self, sealed: str) -> dict[str, object] | None:
        try:
            raw = base64.b64decode(sealed, validate=True)
        except ValueError:
            return None
        if not hmac.compare_digest(raw[:20], hmac.digest(self._secret, raw[20:], hashlib.sha1)):
            return None
        state: dict[str, object] = json.loads(raw[20:])
        return state

    def fields(self, address: str, current: int, events: list[tuple[str, str]]) -> str:
        """The hidden fields of a page: which list it shows, which page of it, what may be fired from it."""
        ticket = next(self._issued)
        padding = hashlib.sha256(f"{address}{current}{ticket}".encode()).hexdigest() * 12
        state = self._sealed({"address": address, "page": current, "ticket": ticket, "controls": padding})
        allowed = self._sealed({"ticket": ticket, "events": [list(event) for event in events]})
        hidden = {
            "__EVENTTARGET": "",
            "__EVENTARGUMENT": "",
            "__VIEWSTATE": state,
            "__VIEWSTATEGENERATOR": "CA0B0334",
            "__EVENTVALIDATION": allowed,
        }
        fields = "".join(
            f'<input type="hidden" name="{name}" id="{name}" value="{value}" />\n' for name, value in hidden.items()
        )
        return (
            f'<div class="aspNetHidden">\n{fields}</div>\n<script type="text/javascript">//<![CDATA[\n'
            "var theForm = document.forms[0];\nfunction __doPostBack(eventTarget, eventArgument) {\n"
            "    theForm.__EVENTTARGET.value = eventTarget;\n    theForm.__EVENTARGUMENT.value = eventArgument;\n"
            "    theForm.submit();\n}\n//]]></script>"
        )

    def fired(self, asked: Asked, address: str) -> tuple[str, str, int] | Answer:
        """The event of a posted form with the page that it was fired from; an error page if its state is not ours."""
        state = self._opened(asked.form.get("__VIEWSTATE", ""))
        allowed = self._opened(asked.form.get("__EVENTVALIDATION", ""))
        if state is None or state["address"] != address:
            return page(ERROR.format(said="Validation of viewstate MAC failed."), 500)
        event = [asked.form.get("__EVENTTARGET", ""), asked.form.get("__EVENTARGUMENT", "")]
        events = allowed["events"] if allowed and allowed["ticket"] == state["ticket"] else []
        if not isinstance(events, list) or event not in events:
            return page(ERROR.format(said="Invalid postback or callback argument."), 500)
        current = state["page"]
        assert isinstance(current, int)
        return event[0], event[1], current
