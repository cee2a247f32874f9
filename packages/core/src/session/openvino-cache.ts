/**
 * Graphs compiled by OpenVINO, in the cache's section `openvino`: a folder each, found by a note under everything the
 * compiled graph depends on. OpenVINO writes its file in place and would take one of another precision for its own, so
 * folders are never shared: each process makes its own, and its note makes it known once it is whole.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readSealed, writeSealed } from '../cache/sealed-file.ts';
import { fingerprintFiles, sha256 } from '../checkpoint/fingerprint.ts';
import { decodeModel, encodeModel, type TensorProto } from '../graph/onnx-schema.ts';
import type { OnnxModel } from '../graph/onnx-writer.ts';

const GRAPH = 'graph.onnx';
const WEIGHTS = 'weights.bin';
const PREFIX = 'graph-';
/** Age from which a folder without a note was left by a process that was ended, ms. */
const LEFT_BEHIND_MS = 3_600_000;

/** Compiles the graph of a file; its cache, to be read or written, is the file's folder. */
export type Compile<T> = (file: string, folder: string) => T;

interface Note {
  readonly folder: string;
  readonly blob: string;
  readonly sha256: string;
}

/**
 * Compiles a graph, or loads what this or another process compiled before.
 *
 * @param key - what the compiled graph depends on besides the graph and its weights
 * @throws what `compile` throws
 */
export async function compileCached<T>(
  model: OnnxModel,
  key: readonly string[],
  cacheFolder: string,
  compile: Compile<T>,
): Promise<T> {
  const weights = weightFiles(model);
  const prints = weights.length === 0 ? '' : await fingerprintFiles(weights, cacheFolder);
  const graph = createHash('sha256').update(model.bytes).digest('hex');
  const root = join(cacheFolder, 'openvino');
  const path = join(root, `${sha256(JSON.stringify([...key, graph, prints]))}.note`);
  const note = await readNote(path);
  if (note !== undefined) {
    try {
      const folder = await realpath(join(root, note.folder));
      if ((await hashOf(join(folder, note.blob))) === note.sha256) return compile(join(folder, GRAPH), folder);
    } catch {
      // Gone, or made by a library that has changed under its version.
    }
    await rm(path, { force: true }).catch(() => undefined);
    await remove(join(root, note.folder));
  }
  const { folder, kept } = await newFolder(root);
  try {
    await writeGraph(folder, model);
    const compiled = compile(join(folder, GRAPH), folder);
    const blob = (await readdir(folder)).find((name) => name.endsWith('.blob'));
    const digest = blob === undefined ? undefined : await hashOf(join(folder, blob));
    if (kept && blob !== undefined && digest !== undefined && (await readNote(path)) === undefined) {
      await rm(join(folder, WEIGHTS), { force: true }).catch(() => undefined);
      const text = JSON.stringify({ folder: basename(folder), blob, sha256: digest } satisfies Note);
      await writeSealed(path, new TextEncoder().encode(text));
    } else await remove(folder);
    return compiled;
  } catch (error) {
    await remove(folder);
    throw error;
  } finally {
    await sweep(root);
  }
}

async function readNote(path: string): Promise<Note | undefined> {
  const bytes = await readSealed(path);
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as Note);
}

async function hashOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}

/** A folder in the cache; one that is not kept where that cannot be written. */
async function newFolder(root: string): Promise<{ readonly folder: string; readonly kept: boolean }> {
  const made = async (parent: string): Promise<string> => realpath(await mkdtemp(join(parent, PREFIX)));
  try {
    await mkdir(root, { recursive: true });
    return { folder: await made(root), kept: true };
  } catch {
    return { folder: await made(tmpdir()), kept: false };
  }
}

const external = (tensor: TensorProto, key: string): string =>
  tensor.externalData?.find((entry) => entry.key === key)?.value ?? '';
const isExternal = ({ dataLocation }: TensorProto): boolean => dataLocation === 1;

function weightFiles({ bytes, externalFolder }: OnnxModel): string[] {
  if (externalFolder === undefined) return [];
  const outside = decodeModel(bytes).graph.initializer.filter(isExternal);
  return [...new Set(outside.map((tensor) => join(externalFolder, external(tensor, 'location'))))].sort();
}

/** Writes the graph, and beside it what it needs of the weights: OpenVINO takes no weights from outside the folder. */
async function writeGraph(folder: string, { bytes, externalFolder }: OnnxModel): Promise<void> {
  const model = decodeModel(bytes);
  const target = await open(join(folder, WEIGHTS), 'w');
  try {
    let end = 0;
    for (const tensor of model.graph.initializer.filter(isExternal)) {
      const length = Number(external(tensor, 'length'));
      const part = new Uint8Array(length);
      const source = await open(join(externalFolder as string, external(tensor, 'location')));
      try {
        const { bytesRead } = await source.read(part, 0, length, Number(external(tensor, 'offset')));
        if (bytesRead !== length) throw new Error(`weights end within "${tensor.name}"`);
      } finally {
        await source.close();
      }
      await target.writeFile(part);
      const place = { location: WEIGHTS, offset: String(end), length: String(length) };
      tensor.externalData = Object.entries(place).map(([key, value]) => ({ key, value }));
      end += length;
    }
  } finally {
    await target.close();
  }
  await writeFile(join(folder, GRAPH), encodeModel(model));
}

/** Removes folders that no note names and no process can be filling any more. */
async function sweep(root: string): Promise<void> {
  const names = await readdir(root).catch(() => []);
  const notes = await Promise.all(
    names.filter((name) => name.endsWith('.note')).map((name) => readNote(join(root, name))),
  );
  const kept = new Set(notes.map((note) => note?.folder));
  for (const name of names) {
    if (!name.startsWith(PREFIX) || kept.has(name)) continue;
    const entry = await stat(join(root, name)).catch(() => undefined);
    if (entry !== undefined && Date.now() - entry.mtimeMs > LEFT_BEHIND_MS) await remove(join(root, name));
  }
}

async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
}
