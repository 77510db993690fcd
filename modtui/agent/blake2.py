"""BLAKE2b for interpreters that were built without it (RFC 7693, unkeyed)."""

from __future__ import annotations

_MASK = 0xFFFFFFFFFFFFFFFF
_IV = (
    0x6A09E667F3BCC908,
    0xBB67AE8584CAA73B,
    0x3C6EF372FE94F82B,
    0xA54FF53A5F1D36F1,
    0x510E527FADE682D1,
    0x9B05688C2B3E6C1F,
    0x1F83D9ABFB41BD6B,
    0x5BE0CD19137E2179,
)
_SIGMA = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)
_MIX = (
    (0, 4, 8, 12),
    (1, 5, 9, 13),
    (2, 6, 10, 14),
    (3, 7, 11, 15),
    (0, 5, 10, 15),
    (1, 6, 11, 12),
    (2, 7, 8, 13),
    (3, 4, 9, 14),
)


class blake2b:
    """As `_blake2.blake2b(data, digest_size=n)`; only `hexdigest`, and slow."""

    def __init__(self, data: bytes, *, digest_size: int = 64) -> None:
        self._size = digest_size
        state = list(_IV)
        state[0] ^= 0x01010000 ^ digest_size
        last = max(0, (len(data) - 1) // 128)
        for number in range(last + 1):
            block = data[number * 128 : number * 128 + 128]
            seen = number * 128 + len(block)
            _compress(state, block.ljust(128, b"\0"), seen, number == last)
        self._state = state

    def hexdigest(self) -> str:
        """The digest in hex."""
        return b"".join(word.to_bytes(8, "little") for word in self._state)[: self._size].hex()


def _compress(state: list[int], block: bytes, seen: int, last: bool) -> None:
    words = [int.from_bytes(block[at : at + 8], "little") for at in range(0, 128, 8)]
    v = state + list(_IV)
    v[12] ^= seen & _MASK
    v[13] ^= seen >> 64
    if last:
        v[14] ^= _MASK
    for turn in range(12):
        order = _SIGMA[turn % 10]
        for number, (a, b, c, d) in enumerate(_MIX):
            v[a] = (v[a] + v[b] + words[order[2 * number]]) & _MASK
            v[d] = _rotated(v[d] ^ v[a], 32)
            v[c] = (v[c] + v[d]) & _MASK
            v[b] = _rotated(v[b] ^ v[c], 24)
            v[a] = (v[a] + v[b] + words[order[2 * number + 1]]) & _MASK
            v[d] = _rotated(v[d] ^ v[a], 16)
            v[c] = (v[c] + v[d]) & _MASK
            v[b] = _rotated(v[b] ^ v[c], 63)
    for at in range(8):
        state[at] ^= v[at] ^ v[at + 8]


def _rotated(word: int, by: int) -> int:
    return ((word >> by) | (word << (64 - by))) & _MASK
