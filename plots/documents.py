"""Reading results files, and words for numbers; all that needs no matplotlib."""

import json
import os
import tempfile

SCHEMA_VERSION = 1

# What every results file has, and as which JSON type.
PARTS = {"program": dict, "environment": dict, "config": dict, "variants": dict, "runs": list,
         "tables": dict, "agreement": dict}


class PlotError(Exception):
    """The file or the command line is at fault."""


class NothingToDraw(PlotError):
    """The file is good, but has not what this figure shows."""


class Document:
    """A results file."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        self.data = load(path)
        self.variants = self.data["variants"]
        self.config = self.data["config"]
        self.tables = self.data["tables"]
        self.baseline = self.data.get("baseline") or "relu"

    def lacks(self, what):
        return NothingToDraw("%s: has no %s" % (self.path, what))

    def runs(self, status="ok"):
        return [run for run in self.data["runs"] if run["status"] == status]

    def names(self, wanted):
        """The variants that are in `wanted`, in the order of the file."""
        return [name for name in self.variants if name in wanted]

    def label(self, name):
        """FFN_SwiGLU as SwiGLU."""
        label = self.variants[name]["label"] if name in self.variants else name
        return label[4:] if label.startswith("FFN_") else label

    def throughput(self, which):
        return [row for row in self.tables["throughput"]
                if row["pass"] == which and row["tokens_per_s"] is not None]


def refuse_constant(text):
    raise ValueError("%s is no JSON number" % text)


def read_json(path):
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream, parse_constant=refuse_constant)
    except OSError as error:
        raise PlotError("%s: %s" % (path, error.strerror)) from None
    except (ValueError, RecursionError) as error:
        raise PlotError("%s: not JSON: %s" % (path, error)) from None


def load(path):
    data = read_json(path)
    if not isinstance(data, dict) or "schema_version" not in data:
        raise PlotError("%s: no results file of glubench: it has no schema_version" % path)
    if data["schema_version"] != SCHEMA_VERSION:
        raise PlotError("%s: schema_version %s; this script reads version %d: take the plots of"
                        " the program that wrote the file"
                        % (path, data["schema_version"], SCHEMA_VERSION))
    missing = [key for key in PARTS if not isinstance(data.get(key), PARTS[key])]
    if missing:
        raise PlotError("%s: no good %s in it; try: glubench validate %s"
                        % (path, " or ".join(missing), path))
    return data


def count(n, noun):
    return "%d %s%s" % (n, noun, "" if n == 1 else "s")


def thousands(number):
    return "{:,}".format(number)


def signed(value, digits=3):
    return ("%+.*f" % (digits, value)).replace("-", "\u2212")


def p_text(p):
    return "p < 0.001" if p < 0.001 else "p = %.3f" % p


def write_whole(path, write):
    """Writes the file whole, by write(stream), or not at all."""
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=".glubench-",
                                             dir=os.path.dirname(path) or ".")
        with os.fdopen(handle, "wb") as stream:
            write(stream)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise PlotError("%s: %s" % (path, error.strerror)) from None
    finally:
        if temporary:
            os.unlink(temporary)
