"""The common library of the projects."""

import os

# Threads of GNU's OpenMP, on which PyTorch computes on Linux, wait for each other by spinning for milliseconds. Where
# another program is busy too, nearly all time is lost so: on two cores beside one busy process a step of the MNIST
# network took 600 ms, and 30 ms with this shorter spin; alone it takes 16 ms either way. It is read when torch loads.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")
