"""Opens the results of a sweep with pandas, Polars and DuckDB, and compares every value with what a JSON file says.

    python read_results.py RESULTS EXPECTED.json

EXPECTED.json has `columns` (name and type), `rows` and `steps` (rows of all steps, by run and step). Prints one line a library and
table. Ends with 1 and the first difference.
"""

import datetime
import glob
import json
import math
import sys

import duckdb
import pandas
import polars

results, expected = sys.argv[1:]
with open(expected, encoding="utf-8") as file:
    wanted = json.load(file)
kinds = {column["name"]: column["type"] for column in wanted["columns"]}


def plain(value):
    if value is None or value is pandas.NA or value is pandas.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc) if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
    return value.item() if hasattr(value, "item") else value


def right(value, kind):
    if value is None or kind != "time":
        return value
    return datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))


def compare(what, columns, rows, expected_rows, exact=True):
    if exact and list(columns) != list(kinds):
        sys.exit(f"{what}: columns {list(columns)}, expected {list(kinds)}")
    if len(rows) != len(expected_rows):
        sys.exit(f"{what}: {len(rows)} rows, expected {len(expected_rows)}")
    for i, (row, line) in enumerate(zip(rows, expected_rows)):
        for column, value in zip(columns, row):
            found, good = plain(value), right(line.get(column), kinds.get(column))
            if found != good or isinstance(found, bool) != isinstance(good, bool):
                sys.exit(f"{what}: row {i}, {column} is {value!r}, expected {good!r}")
    print(what, len(rows))


def tuples(frame):
    return list(frame.itertuples(index=False, name=None))


parquet, csv, steps = f"{results}/runs.parquet", f"{results}/runs.csv", f"{results}/steps/*.parquet"
frame = pandas.read_parquet(parquet)
compare("pandas runs.parquet", frame.columns, tuples(frame), wanted["rows"])
frame = polars.read_parquet(parquet)
compare("polars runs.parquet", frame.columns, frame.rows(), wanted["rows"])
found = duckdb.sql(f"from '{parquet}'")
compare("duckdb runs.parquet", found.columns, found.fetchall(), wanted["rows"])
types = dict(zip(found.columns, map(str, found.types)))
stored = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "truth": "BOOLEAN", "time": "TIMESTAMP"}
for name, kind in kinds.items():
    if not types[name].startswith(stored[kind]):
        sys.exit(f"duckdb runs.parquet: {name} is {types[name]}, expected {stored[kind]}")

dates = [name for name, kind in kinds.items() if kind == "time"]
texts = {name: "object" for name, kind in kinds.items() if kind == "text"}
frame = pandas.read_csv(csv, parse_dates=dates, dtype=texts)
compare("pandas runs.csv", frame.columns, tuples(frame), wanted["rows"])
frame = polars.read_csv(csv, try_parse_dates=True, infer_schema_length=None)
if frame.columns != list(kinds) or frame.height != len(wanted["rows"]):
    sys.exit("polars runs.csv: other columns or rows")
print("polars runs.csv", frame.height)
found = duckdb.sql(f"from read_csv('{csv}', header=true)")
if found.columns != list(kinds) or len(found.fetchall()) != len(wanted["rows"]):
    sys.exit("duckdb runs.csv: other columns or rows")
print("duckdb runs.csv", len(wanted["rows"]))

order = ["run", "step"]
frame = pandas.concat(map(pandas.read_parquet, sorted(glob.glob(steps)))).sort_values(order)
compare("pandas steps", frame.columns, tuples(frame), wanted["steps"], exact=False)
frame = polars.concat(map(polars.read_parquet, sorted(glob.glob(steps))), how="diagonal").sort(order)
compare("polars steps", frame.columns, frame.rows(), wanted["steps"], exact=False)
found = duckdb.sql(f"from read_parquet('{steps}', union_by_name=true) order by run, step")
compare("duckdb steps", found.columns, found.fetchall(), wanted["steps"], exact=False)
