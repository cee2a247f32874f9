/** Published checkpoints against the figures that the reference implementation states of them. */
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Segmenter, downloadCheckpoint } from '@synseg/core';
import { hubDefaults } from '@synseg/core/checkpoint';
import { reasonOf, sendRequest, type Answer } from '../../packages/core/src/guard/http-request.ts';
import { decode, resizeBilinear, type Pixels } from './pillow.ts';
import type { PublishedReference } from './references.ts';

/** Largest difference, of logits and of embeddings: that of the reference's own tests. */
const TOLERANCE = 1e-3;
const VIT = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };

/** An address that cannot be reached: nothing is compared. */
export class NoNetwork extends Error {}

/** A comparison. */
export interface Comparison {
  readonly passed: boolean;
  /** A line that says it. */
  readonly line: string;
}

/** Where to download from and to. */
export interface Places {
  /** @default the environment's */
  readonly hubUrl?: string;
  /** @default the environment's */
  readonly cacheDir?: string;
}

/**
 * Compares one after the other.
 *
 * @throws NoNetwork when the hub or a picture's host does not answer at all; the error of a download that fails in
 *   another way
 */
export async function* comparePublished(
  references: readonly PublishedReference[],
  { hubUrl = hubDefaults().hubUrl, cacheDir }: Places = {},
): AsyncGenerator<Comparison> {
  await answerOf(hubUrl);
  const pictures = new Map<string, Pixels>();
  for (const { picture } of references) if (!pictures.has(picture)) pictures.set(picture, await fetchPicture(picture));
  for (const reference of references) {
    const { checkpoint, picture } = reference;
    const options = { hubUrl, ...(cacheDir === undefined ? {} : { cacheDir }) };
    const folder = await downloadCheckpoint(checkpoint, { ...options, offline: false });
    yield compare(reference, folder, pictures.get(picture) as Pixels);
  }
}

/**
 * The statement of the script that converted the weights is ambiguous: it normalizes as ViT does, the checkpoints as
 * ImageNet's pictures are. What agrees with either is right; the line says with which.
 */
async function compare(reference: PublishedReference, folder: string, picture: Pixels): Promise<Comparison> {
  const own = await differences(reference, folder, picture);
  const name = `${reference.checkpoint}, ${reference.picture.replace(/.*\//, '')}`;
  if (!reference.vitNormalization || own.logits <= TOLERANCE) return comparison(name, own);
  const scratch = await mkdtemp(join(tmpdir(), 'synseg-published-'));
  try {
    const settings = 'preprocessor_config.json';
    for (const file of await readdir(folder))
      if (file !== settings) await symlink(join(folder, file), join(scratch, file));
    const given = JSON.parse(await readFile(join(folder, settings), 'utf8')) as object;
    await writeFile(join(scratch, settings), JSON.stringify({ ...given, ...VIT }));
    return comparison(`${name}, normalized as ViT`, await differences(reference, scratch, picture));
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** Largest differences from the reference. */
interface Differences {
  readonly logits: number;
  readonly conditional: number;
}

async function differences(reference: PublishedReference, folder: string, picture: Pixels): Promise<Differences> {
  const segmenter = await Segmenter.load(folder, { device: 'cpu', precision: 'fp32' });
  try {
    const [height, width] = segmenter.inputSize;
    const labels = await segmenter.labels(reference.prompts, { templates: ['{}'] });
    const resized = resizeBilinear(picture, width, height);
    const { activations } = await segmenter.segment(resized, labels, { output: ['activations'] });
    // The sigmoid of a logit of −10 still has seven digits.
    const logit = (row: number, column: number): number => {
      const activation = activations[row * width + column] as number;
      return Math.log(activation / (1 - activation));
    };
    return {
      logits: Math.max(
        ...reference.logits.flatMap((line, row) => line.map((value, column) => distance(value, logit(row, column)))),
      ),
      conditional: Math.max(
        ...reference.conditional.map((value, index) => distance(value, labels.embeddings[index] as number)),
      ),
    };
  } finally {
    await segmenter.dispose();
  }
}

function comparison(name: string, { logits, conditional }: Differences): Comparison {
  const passed = logits <= TOLERANCE && conditional <= TOLERANCE;
  const figures = `logits differ by ${logits.toExponential(1)}, embeddings by ${conditional.toExponential(1)}`;
  return { passed, line: `${passed ? 'agrees' : 'DIFFERS'}: ${name}: ${figures} (at most ${TOLERANCE})` };
}

function distance(one: number, other: number): number {
  return Math.abs(one - other);
}

async function fetchPicture(address: string): Promise<Pixels> {
  const answer = await answerOf(address);
  if (!answer.ok) throw new Error(`Cannot fetch picture: ${address} must answer 200, got ${answer.status}`);
  return decode(new Uint8Array(await answer.arrayBuffer()));
}

async function answerOf(address: string): Promise<Answer> {
  try {
    return await sendRequest(address, { signal: AbortSignal.timeout(20_000) });
  } catch (error) {
    throw new NoNetwork(`${new URL(address).host} does not answer (${reasonOf(error)})`);
  }
}
