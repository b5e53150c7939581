"""Reads a page of heed report as a browser would: prints its title, headings,
figures (alternative text and the SVG's own texts) and rows of tables; fails on
an element left open, a script, or anything that the page would have to fetch.
"""
import base64
import sys
import xml.etree.ElementTree as tree
from html.parser import HTMLParser

EMPTY = {"meta", "img", "br"}
CLOSED_BY_THE_NEXT = {"td", "th", "tr", "html"}
LOUD = {"title", "h1", "h2", "h3", "th", "td", "p", "pre", "summary"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        assert tag not in ("script", "link", "iframe", "object"), tag
        for name in ("src", "href"):
            value = attributes.get(name, "#")
            assert value.startswith(("#", "data:image/svg+xml;base64,")), value
        if tag == "img":
            self.figure(attributes)
        if tag in LOUD:
            self.text = []
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open[-1] != tag and self.open[-1] in CLOSED_BY_THE_NEXT:
            self.open.pop()
        assert self.open.pop() == tag, f"{tag} closes nothing"
        if tag in LOUD:
            print(f"{tag}: {''.join(self.text).strip()}")

    def handle_data(self, data):
        self.text.append(data)

    @staticmethod
    def figure(attributes):
        _, packed = attributes["src"].split(",")
        svg = tree.fromstring(base64.b64decode(packed))
        for item in svg.iter():
            assert not item.tag.endswith("}script")
            href = item.get("{http://www.w3.org/1999/xlink}href", "#")
            assert href.startswith("#"), href
        texts = ["".join(item.itertext()).strip() for item in svg.iter()
                 if item.tag.endswith("}text")]
        print(f"figure: {attributes['alt']} | " + " | ".join(t for t in texts if t))


def main(path):
    page = Page()
    with open(path, encoding="utf-8") as file:
        page.feed(file.read())
    page.close()
    assert not [tag for tag in page.open if tag not in CLOSED_BY_THE_NEXT], page.open


if __name__ == "__main__":
    main(sys.argv[1])
