"""The tables of a fleet.

Ids are given by us, under the only right to write. Times are RFC 3339 in UTC, to the second, so
they sort as text; an empty one is none.
"""

FORMAT = "1"  # a store of another format is refused, for what it knows cannot be made anew

TABLES = (
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    # What is judged.
    "CREATE TABLE IF NOT EXISTS namespace (id INTEGER PRIMARY KEY, type TEXT NOT NULL, "
    "distribution BLOB NOT NULL)",
    # Which ecosystems (with release) an advisory store has for a namespace.
    "CREATE TABLE IF NOT EXISTS speaks (ecosystem TEXT NOT NULL, namespace INTEGER NOT NULL, "
    "PRIMARY KEY (ecosystem, namespace))",
    "CREATE TABLE IF NOT EXISTS component (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "
    "namespace INTEGER NOT NULL, document BLOB NOT NULL)",
    # Not judged yet; and what judging left open.
    "CREATE TABLE IF NOT EXISTS pending (component INTEGER PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS gap (component INTEGER NOT NULL, reason TEXT NOT NULL)",
    # Which advisories are about a component: a version key holds, or any version counts.
    "CREATE TABLE IF NOT EXISTS subject (namespace INTEGER NOT NULL, name TEXT NOT NULL, "
    "key BLOB NOT NULL, component INTEGER NOT NULL, "
    "PRIMARY KEY (namespace, name, key, component)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS watched (namespace INTEGER NOT NULL, name TEXT NOT NULL, "
    "component INTEGER NOT NULL, PRIMARY KEY (namespace, name, component)) WITHOUT ROWID",
    # Images, in layers: what a layer brought, as the first image with it showed it.
    "CREATE TABLE IF NOT EXISTS place (id INTEGER PRIMARY KEY, path TEXT NOT NULL, "
    "evidence TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS layer (id INTEGER PRIMARY KEY, chain TEXT NOT NULL UNIQUE, "
    "diff_id TEXT NOT NULL, parent INTEGER NOT NULL, created_by TEXT NOT NULL, "
    "mark BLOB NOT NULL, contents BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS layer_component (component INTEGER NOT NULL, "
    "layer INTEGER NOT NULL, PRIMARY KEY (component, layer)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS image (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, "
    "top INTEGER NOT NULL, difference BLOB NOT NULL, analyser TEXT NOT NULL, "
    "document BLOB NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, "
    "gone TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS image_layer (layer INTEGER NOT NULL, image INTEGER NOT NULL, "
    "PRIMARY KEY (layer, image)) WITHOUT ROWID",
    # Components that an image lacks though a layer of it lists them (a later one removed them),
    # and that it has though none does (the first image with that layer had removed them).
    "CREATE TABLE IF NOT EXISTS image_lacks (component INTEGER NOT NULL, image INTEGER NOT NULL, "
    "PRIMARY KEY (component, image)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS image_extra (component INTEGER NOT NULL, image INTEGER NOT NULL, "
    "PRIMARY KEY (component, image)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS image_digest (digest TEXT NOT NULL, image INTEGER NOT NULL, "
    "PRIMARY KEY (digest, image)) WITHOUT ROWID",
    # Where an image is, or was: a daemon, a repository; and what it is called there. A name means
    # one image at a time in one place.
    "CREATE TABLE IF NOT EXISTS presence (place TEXT NOT NULL, image INTEGER NOT NULL, "
    "first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, until TEXT NOT NULL, "
    "PRIMARY KEY (place, image)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS tag (place TEXT NOT NULL, name TEXT NOT NULL, "
    "image INTEGER NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, "
    "until TEXT NOT NULL, PRIMARY KEY (place, name, image, first_seen)) WITHOUT ROWID",
    # Where images run. By digest: a container may be known before its image was read.
    "CREATE TABLE IF NOT EXISTS workload (id TEXT NOT NULL, runtime TEXT NOT NULL, "
    "host TEXT NOT NULL, name TEXT NOT NULL, image TEXT NOT NULL, image_name TEXT NOT NULL, "
    "started TEXT NOT NULL, last_seen TEXT NOT NULL, ended TEXT NOT NULL, labels BLOB NOT NULL, "
    "PRIMARY KEY (runtime, host, id))",
    # What is wrong with components. Open while `resolved` is empty.
    "CREATE TABLE IF NOT EXISTS finding (id INTEGER PRIMARY KEY, component INTEGER NOT NULL, "
    "flaw TEXT NOT NULL, severity INTEGER NOT NULL, urgency INTEGER NOT NULL, "
    "is_fixable INTEGER NOT NULL, is_exploited INTEGER NOT NULL, counts INTEGER NOT NULL, "
    "fix_since TEXT NOT NULL, document BLOB NOT NULL, "
    "first_seen TEXT NOT NULL, resolved TEXT NOT NULL, resolved_by TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS finding_name (name TEXT NOT NULL, finding INTEGER NOT NULL, "
    "PRIMARY KEY (name, finding)) WITHOUT ROWID",
    # Notices, and what became of each at each sink; no row: nothing yet.
    "CREATE TABLE IF NOT EXISTS outbox (id TEXT PRIMARY KEY, created TEXT NOT NULL, "
    "document BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS delivery (notice TEXT NOT NULL, sink TEXT NOT NULL, "
    "state TEXT NOT NULL, attempts INTEGER NOT NULL, due TEXT NOT NULL, message TEXT NOT NULL, "
    "error TEXT NOT NULL, PRIMARY KEY (notice, sink))",
    # Look-back: what somebody asked for, and where it was found; and all files that were seen.
    "CREATE TABLE IF NOT EXISTS indicator (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, "
    "value TEXT NOT NULL, note TEXT NOT NULL, added TEXT NOT NULL, removed TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sighting (indicator INTEGER NOT NULL, image INTEGER NOT NULL, "
    "detail TEXT NOT NULL, seen TEXT NOT NULL, PRIMARY KEY (indicator, image)) WITHOUT ROWID",
    # `names` are those of the digests, in their order; `others` have none (links, empty files).
    "CREATE TABLE IF NOT EXISTS layer_files (diff_id TEXT PRIMARY KEY, digests BLOB NOT NULL, "
    "names BLOB NOT NULL, others BLOB NOT NULL)",
)

INDEXES = (
    # Paths and what os-release says are as long as an image makes them, so no tree is made of them.
    "CREATE INDEX IF NOT EXISTS place_by_path ON place /* long */ (path)",
    "CREATE INDEX IF NOT EXISTS namespace_by_distribution ON namespace /* long */ (distribution)",
    "CREATE INDEX IF NOT EXISTS gap_by_component ON gap (component)",
    "CREATE INDEX IF NOT EXISTS component_by_namespace ON component (namespace)",
    "CREATE INDEX IF NOT EXISTS layer_by_diff_id ON layer (diff_id)",
    "CREATE INDEX IF NOT EXISTS layer_by_parent ON layer (parent)",
    "CREATE INDEX IF NOT EXISTS image_by_top ON image (top)",
    "CREATE INDEX IF NOT EXISTS image_that_is_gone ON image (gone) WHERE gone != ''",
    "CREATE INDEX IF NOT EXISTS image_digest_by_image ON image_digest (image)",
    "CREATE INDEX IF NOT EXISTS presence_by_image ON presence (image)",
    "CREATE INDEX IF NOT EXISTS tag_by_image ON tag (image)",
    "CREATE INDEX IF NOT EXISTS tag_by_name ON tag (name)",
    "CREATE INDEX IF NOT EXISTS workload_by_image ON workload (image)",
    "CREATE INDEX IF NOT EXISTS finding_by_component ON finding (component)",
    "CREATE INDEX IF NOT EXISTS finding_name_by_finding ON finding_name (finding)",
    "CREATE INDEX IF NOT EXISTS outbox_by_time ON outbox (created)",
    "CREATE INDEX IF NOT EXISTS delivery_by_message ON delivery (sink, message)",
)
