#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Keep a corpus as one text file, an input in hexadecimal digits a line: corpus.py unpack FILE FOLDER | pack FOLDER FILE"""
import hashlib
import pathlib
import sys


def unpack(file: pathlib.Path, folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for line in file.read_text(encoding="ascii").split():
        octets = bytes.fromhex(line)
        (folder / hashlib.sha1(octets).hexdigest()).write_bytes(octets)


def pack(folder: pathlib.Path, file: pathlib.Path) -> None:
    inputs = sorted({path.read_bytes() for path in folder.iterdir()} - {b""}, key=lambda octets: (len(octets), octets))
    file.write_text("".join(octets.hex().upper() + "\n" for octets in inputs), encoding="ascii")
    print(f"{file.stem}: {len(inputs)} inputs of {sum(map(len, inputs))} octets kept")


verb, source, target = sys.argv[1:]
{"unpack": unpack, "pack": pack}[verb](pathlib.Path(source), pathlib.Path(target))
