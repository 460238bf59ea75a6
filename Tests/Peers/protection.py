# SPDX-License-Identifier: Apache-2.0
"""How a foreign client protects its messages, with the keys that `cosem-gateway simulate --help` names."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

# How `Protection.envelope` may be: which APDU carries the protection, and where its key comes from.
ENVELOPES = (
    "global", "dedicated", "general-global", "general-dedicated",
    "general-identified", "general-wrapped", "general-one-pass", "general-static",
)


def fresh_title() -> bytes:
    """A system title that no client has used, so that its invocation counter may begin at 1."""
    return b"PEE" + os.urandom(5)


@dataclass(frozen=True)
class Keys:
    """The keys of a suite; private keys are octets."""

    suite: int
    block_cipher: bytes
    authentication: bytes
    broadcast: bytes
    master: bytes
    client_signing: bytes
    client_agreement: bytes
    meter_signing: bytes
    meter_agreement: bytes

    @classmethod
    def documented(cls, suite: int) -> Keys:
        length = 32 if suite == 2 else 16
        private = 48 if suite == 2 else 32
        return cls(
            suite=suite,
            block_cipher=bytes(range(length)),
            authentication=bytes(0xD0 + index for index in range(length)),
            broadcast=bytes((0x0F - index) % 256 for index in range(length)),
            master=bytes(0x30 + index for index in range(length)),
            client_signing=bytes([1]) * private,
            client_agreement=bytes([2]) * private,
            meter_signing=bytes([3]) * private,
            meter_agreement=bytes([4]) * private,
        )

    def private(self, octets: bytes):
        """A private key as the package cryptography has it."""
        from cryptography.hazmat.primitives.asymmetric import ec

        curve = ec.SECP384R1() if self.suite == 2 else ec.SECP256R1()
        return ec.derive_private_key(int.from_bytes(octets, "big"), curve)

    def point(self, octets: bytes) -> bytes:
        """The public key of a private one: X and Y."""
        numbers = self.private(octets).public_key().public_numbers()
        size = len(octets)
        return numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")


@dataclass(frozen=True)
class Protection:
    """What protects each message; with neither tag nor encryption nor signature the keys serve authentication only."""

    suite: int = 0
    authenticated: bool = True
    encrypted: bool = True
    signed: bool = False
    envelope: str = "global"
    title: bytes = field(default_factory=fresh_title)
    counter: int = 1
    keys: Keys | None = None

    @property
    def is_ciphering(self) -> bool:
        return self.authenticated or self.encrypted or self.signed

    @property
    def all_keys(self) -> Keys:
        return self.keys or Keys.documented(self.suite)

    def __str__(self) -> str:
        parts = ["auth"] * self.authenticated + ["enc"] * self.encrypted + ["sign"] * self.signed
        return f"suite{self.suite}-{'+'.join(parts) or 'keys'}-{self.envelope}"
