import subprocess
import sys


def test_a_product_takes_one_core():
    program = (
        "from letterlab.commands.options import one_core_a_product; one_core_a_product();"
        "import numpy; from threadpoolctl import threadpool_info;"
        "print({pool['num_threads'] for pool in threadpool_info()})"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout == "{1}\n"
