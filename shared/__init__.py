"""The common library of the projects."""

import os

# Threads of GNU's OpenMP, on which PyTorch computes on Linux, wait for each other by spinning for milliseconds. Beside
# another busy program, that wastes nearly all time: on two cores beside one busy process a step of the MNIST network
# took 600 ms, and 30 ms with this shorter spin; alone it takes 16 ms either way. The value is read when torch loads.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")
