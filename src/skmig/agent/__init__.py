"""What runs inside an environment: Python 3.6 to 3.14, numpy, and nothing of the rest of skmig."""
