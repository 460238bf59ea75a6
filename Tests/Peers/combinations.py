# SPDX-License-Identifier: Apache-2.0
"""Every way of authentication, protection and suite that gurux_meter.py has, as parameters that tests share."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

TITLE = "4D4D4D0000BC614E"
SECRET = "12345678"
BLOCK_CIPHER_KEY = "000102030405060708090A0B0C0D0E0F"
AUTHENTICATION_KEY = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"

# What gurux_meter.py calls a mechanism -> what the gateway calls it, its number, the feature that it shows.
MECHANISMS = {
    "none": ("none", 0, "no security"),
    "low": ("low", 1, "LLS"),
    "high": ("high", 2, "HLS 2 (AES-ECB)"),
    "high-md5": ("md5", 3, "HLS 3 (MD5)"),
    "high-sha1": ("sha1", 4, "HLS 4 (SHA-1)"),
    "high-gmac": ("gmac", 5, "HLS 5 (GMAC)"),
    "high-sha256": ("sha256", 6, "HLS 6 (SHA-256)"),
}
PROTECTIONS = {
    "none": ([], None),
    "auth": (["authenticated"], "authenticated"),
    "enc": (["encrypted"], "encrypted"),
    "authenc": (["authenticated", "encrypted"], "authenticated and encrypted"),
}


def keys(suite: int) -> tuple[str, str]:
    """Block cipher key and authentication key of a suite, in hexadecimal."""
    times = 2 if suite == 2 else 1
    return BLOCK_CIPHER_KEY * times, AUTHENTICATION_KEY * times


@dataclass(frozen=True)
class Combination:
    """One way to open an association and to protect its messages."""

    referencing: str
    mechanism: str
    protection: str
    suite: int

    @property
    def name(self) -> str:
        return f"{self.referencing}-{self.mechanism}-{self.protection}-{self.suite}"

    @property
    def meter_arguments(self) -> list[str]:
        """How gurux_meter.py is told; it refuses counters that do not grow."""
        block_cipher_key, authentication_key = keys(self.suite)
        return [
            "--referencing", self.referencing, "--auth", self.mechanism, "--password", SECRET,
            "--security", self.protection, "--suite", str(self.suite), "--check-ic", "--any-type",
            "--block-cipher-key", block_cipher_key, "--auth-key", authentication_key,
        ]

    @property
    def features(self) -> list[str]:
        """What the combination shows."""
        features = [MECHANISMS[self.mechanism][2]]
        if self.protection != "none":
            features += [PROTECTIONS[self.protection][1], "global key"]
            if self.suite > 0:
                features.append(f"suite {self.suite}")
            if self.referencing == "sn":
                features.append("SN under protection")
        return features

    def association(self, client: int = 16, **security) -> dict:
        """How the gateway is told."""
        mechanism, number, _ = MECHANISMS[self.mechanism]
        association: dict = {"clientAddress": client, "authentication": {"mechanism": mechanism}}
        if number not in (0, 5):
            association["authentication"]["secret"] = {"text": SECRET}
        if self.protection != "none" or number >= 5 or security:
            block_cipher_key, authentication_key = keys(self.suite)
            association["security"] = {
                "suite": self.suite,
                "protection": PROTECTIONS[self.protection][0],
                "clientSystemTitle": TITLE,
                "blockCipherKey": {"hex": block_cipher_key},
                "authenticationKey": {"hex": authentication_key},
                **security,
            }
        return association


def combinations(referencing: str) -> list:
    """Parameters for all combinations of one referencing, each with its cells."""
    all_of_them = [
        Combination(referencing, mechanism, protection, suite)
        for mechanism in MECHANISMS
        for suite in (0, 1, 2)
        for protection in PROTECTIONS
    ]
    return [
        pytest.param(
            combination,
            id=combination.name,
            marks=[pytest.mark.cell(feature, "gurux meter") for feature in combination.features],
        )
        for combination in all_of_them
    ]
