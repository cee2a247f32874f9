/**
 * transformers.js, installed beside the project when a bench first needs it: half a gigabyte that `npm ci` should not
 * cost every contributor. Only what the benches call is typed here.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { benchCache, versionOf } from './machine.ts';

/** Pinned: a row in `bench/RESULTS.md` names it. */
export const PEER = { name: '@huggingface/transformers', version: '4.3.1' } as const;

/** Folder it is installed in. */
const peerFolder = join(benchCache, '../bench-peer');

/** A tensor of the peer. */
interface PeerTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** A picture of the peer. */
export interface PeerImage {
  readonly width: number;
  readonly height: number;
  /** Inclusive corners. */
  crop(box: readonly [left: number, top: number, right: number, bottom: number]): Promise<PeerImage>;
}

type Inputs = Readonly<Record<string, PeerTensor>>;

/** The part of the package the benches call. */
export interface Peer {
  readonly env: { allowRemoteModels: boolean; localModelPath: string };
  readonly RawImage: new (data: Uint8Array, width: number, height: number, channels: number) => PeerImage;
  readonly Tensor: new (type: string, data: Float32Array, dims: readonly number[]) => PeerTensor;
  readonly AutoTokenizer: {
    from_pretrained(name: string): Promise<(texts: readonly string[], options: object) => Inputs>;
  };
  readonly AutoProcessor: {
    from_pretrained(
      name: string,
    ): Promise<(images: PeerImage | readonly PeerImage[]) => Promise<{ pixel_values: PeerTensor }>>;
  };
  readonly CLIPSegForImageSegmentation: {
    from_pretrained(name: string, options: object): Promise<(inputs: Inputs) => Promise<{ logits: PeerTensor }>>;
  };
}

/** Installs the pinned version unless it is there. @throws Error with npm's words when it cannot be had */
export function installPeer(): void {
  if (existsSync(join(peerFolder, 'node_modules', PEER.name)) && versionOf(PEER.name, peerFolder) === PEER.version)
    return;
  process.stderr.write(`bench: installing ${PEER.name} ${PEER.version} for comparison …\n`);
  mkdirSync(peerFolder, { recursive: true });
  writeFileSync(join(peerFolder, 'package.json'), '{ "private": true }\n');
  const args = [
    'install',
    '--prefix',
    peerFolder,
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    `${PEER.name}@${PEER.version}`,
  ];
  const { status, stderr } = spawnSync('npm', args, { encoding: 'utf8', shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`Cannot install ${PEER.name}: npm must reach its registry, got ${stderr}`);
}

/** Loads the package; the process then holds the peer's runtime. */
export async function loadPeer(): Promise<Peer> {
  const path = join(peerFolder, 'node_modules', PEER.name, 'dist/transformers.node.mjs');
  return (await import(pathToFileURL(path).href)) as Peer;
}
