"""Opens a Parquet file as it is with pandas, Polars, DuckDB and `datasets`, and compares every value with the JSON lines beside it.

    python read_tables.py FILE.parquet FILE.jsonl

Prints one line a library, `name version`. Ends with 1 and the first difference where a value or a column is another one.
"""

import json
import math
import struct
import sys
import tempfile

import datasets
import duckdb
import pandas
import polars


def plain(value):
    """A value of any of the libraries as JSON has it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if value is pandas.NA or value is pandas.NaT:
        return None
    return value


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def equal(found, wanted):
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(equal, found, wanted))
    if isinstance(wanted, float) or isinstance(found, float):
        # JSON has no infinity: the lines write null for it.
        if wanted is None:
            return found is None or math.isinf(found)
        return found is not None and float32(found) == float32(wanted)
    # A column of numbers or truths with nulls has floats in pandas.
    return found == wanted and (found is None) == (wanted is None)


def compare(name, version, columns, rows, wanted):
    if list(columns) != list(wanted[0]):
        sys.exit(f"{name} {version}: columns {list(columns)}, expected {list(wanted[0])}")
    if len(rows) != len(wanted):
        sys.exit(f"{name} {version}: {len(rows)} rows, expected {len(wanted)}")
    for i, (row, line) in enumerate(zip(rows, wanted)):
        for column, value in zip(columns, row):
            if not equal(plain(value), line[column]):
                sys.exit(f"{name} {version}: row {i}, {column} is {value!r}, expected {line[column]!r}")
    print(name, version)


def main(path, lines):
    with open(lines, encoding="utf-8") as file:
        wanted = [json.loads(line) for line in file]

    frame = pandas.read_parquet(path)
    compare("pandas", pandas.__version__, frame.columns, list(frame.itertuples(index=False, name=None)), wanted)

    frame = polars.read_parquet(path)
    compare("polars", polars.__version__, frame.columns, frame.rows(), wanted)

    found = duckdb.sql(f"from '{path}'")
    compare("duckdb", duckdb.__version__, found.columns, found.fetchall(), wanted)

    with tempfile.TemporaryDirectory() as cache:
        for opened in (
            datasets.Dataset.from_parquet(path, cache_dir=cache),
            datasets.load_dataset("parquet", data_files=path, split="train", cache_dir=cache),
        ):
            rows = [tuple(row.values()) for row in opened]
            compare("datasets", datasets.__version__, opened.column_names, rows, wanted)


main(*sys.argv[1:])
