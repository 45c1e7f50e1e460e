#!/usr/bin/env python3
"""Verifies a vault's log from its files and public specifications alone.

    verify.py VAULT

Python's standard library and the program openssl, nothing else. It goes by RFC 6962 (Merkle tree),
c2sp.org/signed-note, c2sp.org/tlog-checkpoint and c2sp.org/tlog-tiles (files), RFC 8032 (Ed25519).
Prints `verified N entries root R` and exits 0, or says what is wrong and exits 1.
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTH = 256


class Wrong(Exception):
    pass


def expect(fits, what):
    if not fits:
        raise Wrong(what)


def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def b64(text, what):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong(f"{what} is not base64") from None


# Settings and checkpoint


def settings(vault):
    """Origin, key id and the 32 bytes of the public key."""
    found = {}
    for line in (vault / "vault.toml").read_text("utf-8").splitlines():
        match = re.fullmatch(r'(\w+) = (?:"([^"\\]*)"|(\d+))', line)
        if match:
            found[match[1]] = match[2] if match[3] is None else int(match[3])
    expect(found.get("format") == 1, "vault.toml: the format is not 1")
    origin = found.get("origin", "")
    name, key_id, encoded = (found.get("public_key", "").split("+", 2) + ["", ""])[:3]
    key = b64(encoded, "vault.toml: the public key")
    expect(name == origin != "", "vault.toml: the key is not of the origin")
    expect(len(key) == 33 and key[0] == 1, "vault.toml: not an Ed25519 key")
    id_bytes = sha256(name.encode(), b"\n", key)[:4]
    expect(id_bytes.hex() == key_id, "vault.toml: the id does not fit name and key")
    return origin, id_bytes, key[1:]


def checkpoint(vault, origin, key_id, key):
    """Size and root, of which the signature was verified."""
    note = (vault / "log" / "checkpoint").read_bytes()
    text, blank, signatures = note.rpartition(b"\n\n")
    expect(blank, "checkpoint: no empty line before the signatures")
    text += b"\n"
    mine = f"\u2014 {origin} ".encode()
    lines = [line for line in signatures.split(b"\n") if line.startswith(mine)]
    signed = [b64(line[len(mine):], "checkpoint: the signature") for line in lines]
    signed = [value[4:] for value in signed if value[:4] == key_id]
    expect(signed, "checkpoint: not signed by the key of vault.toml")
    for signature in signed:
        expect(openssl_verifies(key, text, signature), "checkpoint: the signature does not verify")
    head = text.decode("utf-8").split("\n")
    expect(head[0] == origin, "checkpoint: of another log")
    expect(re.fullmatch(r"0|[1-9][0-9]*", head[1]), "checkpoint: no size on the second line")
    root = b64(head[2], "checkpoint: the root")
    expect(len(root) == 32, "checkpoint: the root is not 32 bytes")
    return int(head[1]), root


def openssl_verifies(key, text, signature):
    # SubjectPublicKeyInfo of Ed25519 (RFC 8410): a fixed head before the 32 bytes.
    spki = bytes.fromhex("302a300506032b6570032100") + key
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / name for name in ("key", "text", "signature")}
        for name, data in (("key", spki), ("text", text), ("signature", signature)):
            paths[name].write_bytes(data)
        done = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER"]
            + ["-inkey", paths["key"], "-in", paths["text"], "-sigfile", paths["signature"]],
            capture_output=True,
            check=False,
        )
    return done.returncode == 0


# Files of tlog-tiles


def tile(vault, row, index, width):
    """The bytes of a hash tile or an entry bundle; a partial one may have become a full one."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    path = vault / "log" / "tile" / str(row) / "/".join(groups)
    if width < WIDTH:
        partial = path.with_name(path.name + ".p") / str(width)
        path = partial if partial.exists() else path
    expect(path.is_file(), f"{path.relative_to(vault)} is missing")
    return path.read_bytes(), path.relative_to(vault)


def rows(count):
    """Index and width of every tile that a row of so many hashes has."""
    for index in range((count + WIDTH - 1) // WIDTH):
        yield index, min(WIDTH, count - index * WIDTH)


def entries(vault, size):
    for index, width in rows(size):
        data, path = tile(vault, "entries", index, width)
        at = 0
        for seq in range(index * WIDTH, index * WIDTH + width):
            length = int.from_bytes(data[at:at + 2], "big")
            entry = data[at + 2:at + 2 + length]
            expect(len(data) >= at + 2 and len(entry) == length, f"entry {seq}: {path} ends early")
            yield seq, entry
            at += 2 + length
        # A full bundle in place of a partial one goes on; otherwise nothing may follow.
        expect(at == len(data) or path.parent.suffix != ".p" and width < WIDTH, f"{path} goes on")


def hashes(vault, level, count):
    found = []
    for index, width in rows(count):
        data, path = tile(vault, level, index, width)
        expect(len(data) >= 32 * width, f"{path} ends early")
        found += [data[at:at + 32] for at in range(0, 32 * width, 32)]
    return found


# RFC 6962


def root_of(leaves):
    """MTH: the tree is split at the largest power of two smaller than its size."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01", root_of(leaves[:middle]), root_of(leaves[middle:]))


# Canonical form

SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
SHORT |= {code: f"\\u{code:04x}" for code in range(32) if code not in SHORT}


def canonical(value):
    """Sorted members, no white space, integers only, only the necessary escapes."""
    if isinstance(value, str):
        return '"' + value.translate(SHORT) + '"'
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode())
        return "{" + ",".join(f"{canonical(k)}:{canonical(v)}" for k, v in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) or not -(2**63) <= value < 2**64:
        raise ValueError("a number that is not an integer of 64 bits")
    return str(value)


def check_form(seq, entry):
    try:
        value = json.loads(entry.decode("utf-8"))
        same = canonical(value).encode() == entry
    except ValueError as error:
        raise Wrong(f"entry {seq}: not canonical JSON: {error}") from None
    expect(same, f"entry {seq}: not in canonical form")
    members = {"actor": str, "body": dict, "kind": str, "seq": int, "time": str}
    fits = isinstance(value, dict) and value.keys() == members.keys()
    fits = fits and all(type(value[name]) is kind for name, kind in members.items())
    expect(fits, f"entry {seq}: not the members of an entry")
    expect(value["seq"] == seq, f"entry {seq}: says that it is entry {value['seq']}")
    utc = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    expect(re.fullmatch(utc, value["time"]), f"entry {seq}: the time is not UTC in milliseconds")


def verify(vault):
    origin, key_id, key = settings(vault)
    size, root = checkpoint(vault, origin, key_id, key)
    promised = hashes(vault, 0, size)
    leaves = []
    for seq, entry in entries(vault, size):
        leaf = sha256(b"\x00", entry)
        expect(leaf == promised[seq], f"entry {seq}: its hash is not the one in its hash tile")
        check_form(seq, entry)
        leaves.append(leaf)
    level, row = 0, leaves
    while len(row) >= WIDTH:
        level += 1
        row = [root_of(row[at:at + WIDTH]) for at in range(0, len(row) - WIDTH + 1, WIDTH)]
        expect(row == hashes(vault, level, len(row)), f"tile/{level}: does not follow from below")
    found = root_of(leaves)
    expect(found == root, "the entries do not hash to the root of the checkpoint")
    return size, base64.b64encode(found).decode()


def main():
    if len(sys.argv) != 2:
        print("usage: verify.py VAULT", file=sys.stderr)
        return 2
    try:
        size, root = verify(Path(sys.argv[1]))
    except (Wrong, OSError, UnicodeDecodeError) as error:
        print(f"WRONG: {error}")
        return 1
    print(f"verified {size} entries root {root}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
