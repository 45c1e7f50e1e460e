// An independent reader of what the log proves: RFC 6962 and signed notes by node:crypto alone.
import { createHash, createPublicKey, verify } from "node:crypto";

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** Hash of one entry's bytes. */
export const leafHash = (entry) => sha256(Buffer.from([0]), entry);

/** The root that an entry's leaf and a path of hashes come to, by RFC 9162 §2.1.3.2. */
export function rootFrom(leaf, index, size, path) {
  if (index >= size) throw new Error(`entry ${index} is not among ${size}`);
  let [fn, sn, hash] = [BigInt(index), BigInt(size) - 1n, leaf];
  for (const other of path) {
    if (sn === 0n) throw new Error("the path is too long");
    if (fn & 1n || fn === sn) {
      hash = sha256(Buffer.from([1]), other, hash);
      while (!(fn & 1n) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      hash = sha256(Buffer.from([1]), hash, other);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  if (sn !== 0n) throw new Error("the path is too short");
  return hash;
}

/** Reads a checkpoint and verifies its signature by the key `name+id+base64`. */
export function readCheckpoint(note, publicKey) {
  const [, name, id, encoded] = publicKey.match(/^([^+]+)\+([0-9a-f]{8})\+(.+)$/);
  const key = Buffer.from(encoded, "base64");
  if (key.length !== 33 || key[0] !== 1) throw new Error("not an Ed25519 key");
  if (sha256(name, "\n", key).subarray(0, 4).toString("hex") !== id) {
    throw new Error("the id is not the key's");
  }
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const signed = note
    .slice(cut + 2)
    .split("\n")
    .filter((line) => line.startsWith(`— ${name} `))
    .map((line) => Buffer.from(line.split(" ")[2], "base64"))
    .filter((signature) => signature.subarray(0, 4).toString("hex") === id);
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key.subarray(1)]);
  const ed25519 = createPublicKey({ key: spki, format: "der", type: "spki" });
  const good = signed.some((s) => verify(null, Buffer.from(text), ed25519, s.subarray(4)));
  if (!good) throw new Error("no good signature by the log's key");
  const [origin, size, root] = text.split("\n");
  if (origin !== name) throw new Error("the checkpoint is another log's");
  return { size: Number(size), root: Buffer.from(root, "base64") };
}
