"""Text as the maker of an image writes it who wants to deceive the reader."""

from hypothesis import strategies as st

TRICKS = (
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\r",
    "\n",
    "\0",
    "\u202e",
    "\u2028",
    "\u00a0",
    "\udcff",
    "\ud83d",
    "<script>alert(1)</script>",
    "</style></title><script>",
    "'\"><img src=x onerror=alert(1)>",
    "<!--",
    "&lt;",
    "[link](https://evil.example)",
    "{0}",
    "\\",
    "../../etc/passwd",
    "//evil.example/",
    "javascript:alert(1)",
    " · ",
    "long" * 50,
    "漢" * 40,
    "e\u0301",
)
texts = st.lists(
    st.sampled_from(TRICKS) | st.text(st.characters(exclude_categories=()), max_size=6), max_size=4
).map("".join)
