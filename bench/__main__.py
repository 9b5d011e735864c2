"""Run every bench and print the tables that the docs quote (``make bench``)."""

from bench import fleet, hostile, inventory, matching, scanning, startup, tar_walk, verdict
from bench.measuring import told

for bench in (startup, tar_walk, matching, inventory, scanning, verdict, fleet, hostile):
    told(f"{bench.__name__} …")
    print(f"## {(bench.__doc__ or '').splitlines()[0]}\n")
    print("\n".join(bench.main()), end="\n\n", flush=True)
