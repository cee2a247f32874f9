"""The seeded numbers of test/support/random.ts, the same ones in Python."""


def uniform(seed):
    """Numbers in [0, 1): the mulberry32 generator."""
    state, mask = seed, 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & mask
        mixed = ((state ^ (state >> 15)) * (1 | state)) & mask
        mixed = ((mixed + (((mixed ^ (mixed >> 7)) * (61 | mixed)) & mask)) & mask) ^ mixed
        yield (mixed ^ (mixed >> 14)) / 2**32
