"""One module a feed, each a pure parser; `origin` fetches and `updating` loads what they read."""
