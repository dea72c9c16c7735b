"""The limit: a decoder and COPY, nothing understood and nothing checked. ``python -m bench.peers.bare_list FILE``.

Calamine decodes what is xlsx; of csv, which it does not know, the standard library's reader does.
"""

import csv
import io
import os
import sys
import time
from collections.abc import Iterable, Iterator

import psycopg
from python_calamine import CalamineWorkbook

from bench.peers.tell import tell

COLUMNS = 13
TABLE = (
    "CREATE TABLE bare (a text, b text, c text, d text, e text, f text, g text, h text, i text, j text, k text,"
    " l text, m text)"
)


def decode(content: bytes) -> Iterator[Iterable[object]]:
    if content.startswith(b"PK"):
        return iter(CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python())
    return csv.reader(io.StringIO(content.decode("cp1252"), newline=""), delimiter=";")


def main() -> None:
    with open(sys.argv[1], "rb") as file:
        content = file.read()
    with psycopg.connect(os.environ["BENCH_DATABASE_URL"]) as conn:
        conn.execute(TABLE)
        conn.commit()
        began = time.perf_counter()
        rows = [[str(cell) for cell in row] for row in decode(content)]
        decoded = time.perf_counter()
        with conn.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as sink:
            for row in rows:
                sink.write_row((row + [""] * COLUMNS)[:COLUMNS])
        conn.commit()
        ended = time.perf_counter()
    tell({"decode": decoded - began, "store": ended - decoded}, ended - began)


if __name__ == "__main__":
    main()
