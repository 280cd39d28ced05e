#!/usr/bin/env python3
"""Checks that glubench-results(5) describes every key of results/schema.json."""

import json
import os
import re
import sys

top = os.environ.get("srcdir", ".")
# Fine-tuning rows have a key per task; the page describes them as a whole.
NOT_LISTED = re.compile(r"^(glue|superglue|squad)$")


def keys(schema):
    """All names of properties in the schema, however deep."""
    if isinstance(schema, list):
        return set().union(*map(keys, schema))
    if not isinstance(schema, dict):
        return set()
    found = set(schema.get("properties", {}))
    return found.union(*map(keys, schema.values()))


def words(page):
    """All words of an mdoc page."""
    return set(re.findall(r"[A-Za-z0-9_]+", page))


schema_path = os.path.join(top, "results/schema.json")
if not os.path.exists(schema_path):
    print("no", schema_path)
    sys.exit(77)
with open(schema_path, encoding="utf-8") as file:
    wanted = {key for key in keys(json.load(file)) if not NOT_LISTED.match(key)}
with open(os.path.join(top, "man/glubench-results.5"), encoding="utf-8") as file:
    missing = sorted(wanted - words(file.read()))
for key in missing:
    print("man/glubench-results.5 says nothing about", key)
print(len(wanted), "keys,", len(missing), "missing")
sys.exit(bool(missing) or len(wanted) < 50)
