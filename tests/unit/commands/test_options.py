import os
import subprocess
import sys


def test_a_product_takes_one_core():
    program = (
        "from letterlab.commands.options import one_core_a_product; one_core_a_product();"
        "import numpy; from threadpoolctl import threadpool_info;"
        "print({pool['num_threads'] for pool in threadpool_info()})"
    )
    # Of the tests' own environment, which gives everything one thread, nothing must be left.
    environment = {name: value for name, value in os.environ.items() if not name.endswith("NUM_THREADS")}
    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout == "{1}\n"
