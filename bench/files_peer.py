"""One case of the files suite by one peer, in a process of its own.

Use: `files_peer.py ENGINE CASE OUT`.

All read the same files with the same meaning: `NA` is null in the flights, types are inferred.
"""

from __future__ import annotations

import sys

ROW_GROUP = 122_880


def duckdb(case: str, out: str) -> None:
    import duckdb as db

    db.sql("SET threads = 2; SET preserve_insertion_order = true")
    flights = "read_csv('flights.csv', nullstr = 'NA')"
    parquet = (
        f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    if case == "csv-parquet":
        db.sql(f"COPY (SELECT * FROM {flights}) TO '{out}' {parquet}")
    elif case == "jsonl-parquet":
        db.sql(f"COPY (SELECT * FROM read_json('flights.jsonl')) TO '{out}' {parquet}")
    elif case == "csv-csv":
        db.sql(
            f"COPY (SELECT carrier, flight, distance * 2 + air_time AS m FROM {flights} "
            f"WHERE distance > 1000 AND air_time > 200) TO '{out}' (HEADER)"
        )
    elif case == "csv-read":
        print(db.sql(f"SELECT COUNT(origin), SUM(distance) FROM {flights}").fetchall())
    elif case == "stations":
        db.sql(
            "COPY (SELECT station, MIN(temperature) AS a, AVG(temperature) AS b, "
            "MAX(temperature) AS c FROM 'stations.csv' GROUP BY station ORDER BY station) "
            f"TO '{out}' (HEADER)"
        )


def polars(case: str, out: str) -> None:
    import polars as pl

    flights = pl.scan_csv("flights.csv", null_values=["NA"], infer_schema_length=100_000)
    write = {"compression": "zstd", "compression_level": 1, "row_group_size": ROW_GROUP}
    if case == "csv-parquet":
        flights.sink_parquet(out, **write)
    elif case == "jsonl-parquet":
        pl.scan_ndjson("flights.jsonl").sink_parquet(out, **write)
    elif case == "csv-csv":
        flights.filter((pl.col("distance") > 1000) & (pl.col("air_time") > 200)).select(
            "carrier", "flight", (pl.col("distance") * 2 + pl.col("air_time")).alias("m")
        ).sink_csv(out)
    elif case == "csv-read":
        print(
            flights.select(pl.col("origin").count(), pl.col("distance").sum()).collect(
                engine="streaming"
            )
        )
    elif case == "stations":
        t = pl.col("temperature")
        pl.scan_csv("stations.csv", separator=";").group_by("station").agg(
            t.min().alias("a"), t.mean().alias("b"), t.max().alias("c")
        ).sort("station").collect(engine="streaming").write_csv(out)


def pyarrow(case: str, out: str) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv as csv
    import pyarrow.json as js
    import pyarrow.parquet as pq

    pa.set_cpu_count(2)
    convert = csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True)
    if case == "csv-parquet":
        reader = csv.open_csv("flights.csv", convert_options=convert)
        with pq.ParquetWriter(
            out, reader.schema, compression="zstd", compression_level=1
        ) as writer:
            for batch in reader:
                writer.write_batch(batch, row_group_size=ROW_GROUP)
    elif case == "jsonl-parquet":
        pq.write_table(
            js.read_json("flights.jsonl"),
            out,
            compression="zstd",
            compression_level=1,
            row_group_size=ROW_GROUP,
        )
    elif case == "csv-csv":
        table = csv.read_csv("flights.csv", convert_options=convert)
        table = table.filter((pc.field("distance") > 1000) & (pc.field("air_time") > 200))
        m = pc.add(pc.multiply(table["distance"], 2), table["air_time"])
        csv.write_csv(
            pa.table({"carrier": table["carrier"], "flight": table["flight"], "m": m}), out
        )
    elif case == "csv-read":
        convert.include_columns = ["origin", "distance"]
        table = csv.read_csv("flights.csv", convert_options=convert)
        print(table.num_rows, pc.sum(table["distance"]))
    elif case == "stations":
        table = csv.read_csv("stations.csv", parse_options=csv.ParseOptions(delimiter=";"))
        grouped = (
            table.group_by("station")
            .aggregate([("temperature", "min"), ("temperature", "mean"), ("temperature", "max")])
            .sort_by("station")
            .rename_columns(["station", "a", "b", "c"])
        )
        csv.write_csv(grouped, out)


if __name__ == "__main__":
    {"duckdb": duckdb, "polars": polars, "pyarrow": pyarrow}[sys.argv[1]](sys.argv[2], sys.argv[3])
