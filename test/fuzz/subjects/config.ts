/**
 * The JSON files of a checkpoint's folder, up to the graphs that are built from them, and now and then a whole
 * segmenter.
 */
import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { openCheckpoint } from '../../../packages/core/src/checkpoint/checkpoint.ts';
import { encodeSafetensors } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { writeOnnx } from '../../../packages/core/src/graph/onnx-writer.ts';
import {
  buildDecodeGraph,
  buildTextGraph,
  buildTrunkGraph,
  type ParameterSource,
} from '../../../packages/core/src/model/model-graphs.ts';
import { CheckpointParameters } from '../../../packages/core/src/model/parameters.ts';
import { Vocabulary } from '../../../packages/core/src/text/vocabulary.ts';
import { EMBEDDING_DIM, tinyConfig, tinyTensors, tinyVocabulary } from '../../support/tiny-clipseg.ts';
import { gaussians } from '../../support/random.ts';
import { mutateBytes, mutateJson } from '../mutation.ts';
import type { Draw } from '../draw.ts';
import type { Subject } from '../subject.ts';

const PREPROCESSOR = {
  size: { height: 32, width: 32 },
  image_mean: [0.485, 0.456, 0.406],
  image_std: [0.229, 0.224, 0.225],
};
const OPTIONAL = { threshold: 0.4, prompt_templates: ['a photo of a {}.', '{}'] };
const OWN_TRUNK = {
  model_type: 'synseg',
  trunk: { file: 'trunk.onnx', inputSize: [32, 32], patchSize: 8, patchGrid: [4, 4], tapDims: [32, 32, 32] },
  text: { vocabulary: 'vocabulary.json', embeddings: 'vocabulary.safetensors', dim: EMBEDDING_DIM },
  decoder: {
    layers: 3,
    reduce_dim: 16,
    attention_heads: 4,
    intermediate_size: 32,
    hidden_act: 'relu',
    conditional_layer: 0,
    layer_norm_eps: 1e-5,
  },
};
/** Loading a segmenter takes a hundred times as long as opening its checkpoint. */
const LOADED = 40;

export function open(folder: string): Subject {
  const { vocab, merges } = tinyVocabulary();
  const base = { 'vocab.json': JSON.stringify(vocab), 'merges.txt': merges };
  const names = [...tinyTensors().keys()];
  const shards = ['one.safetensors', 'two.safetensors'] as const;
  const shardOf = (name: string): string => shards[names.indexOf(name) % 2] as string;
  const index = {
    metadata: { total_size: 1 },
    weight_map: Object.fromEntries(names.map((name) => [name, shardOf(name)])),
  };
  const tensors = [...tinyTensors()];
  const contents = Object.fromEntries(
    shards.map((shard) => [shard, encodeSafetensors(new Map(tensors.filter(([name]) => shardOf(name) === shard)))]),
  );
  const single = encodeSafetensors(tinyTensors());
  const embeddings = encodeSafetensors(
    new Map([['embeddings', { shape: [2, EMBEDDING_DIM], data: gaussians(2 * EMBEDDING_DIM, 5) }]]),
  );

  const mutated = (draw: Draw, value: unknown): string | Uint8Array =>
    draw.once(8) ? mutateBytes(draw, Buffer.from(JSON.stringify(value))) : mutateJson(draw, value);
  const clipseg = (draw: Draw): Record<string, string | Uint8Array> => {
    const config = { ...tinyConfig(), ...(draw.once(2) ? OPTIONAL : {}) };
    switch (draw.integer(0, 3)) {
      case 0:
        return {
          ...base,
          ...contents,
          'config.json': JSON.stringify(config),
          'preprocessor_config.json': JSON.stringify(PREPROCESSOR),
          'model.safetensors.index.json': mutated(draw, index),
        };
      case 1:
        return {
          ...base,
          'model.safetensors': single,
          'config.json': JSON.stringify(config),
          'preprocessor_config.json': mutated(
            draw,
            draw.pick([PREPROCESSOR, { ...PREPROCESSOR, size: 32 }, { size: { shortest_edge: 32 } }]),
          ),
        };
      default:
        return {
          ...base,
          'model.safetensors': single,
          'config.json': mutated(draw, config),
          'preprocessor_config.json': JSON.stringify(PREPROCESSOR),
        };
    }
  };
  return {
    make: (draw) => {
      if (draw.once(4)) {
        const config = mutated(draw, OWN_TRUNK);
        const files = {
          'config.json': config,
          'trunk.onnx': 'x',
          'vocabulary.json': JSON.stringify({ names: ['road', 'car'] }),
          'vocabulary.safetensors': embeddings,
          'model.safetensors': single,
        };
        return {
          files: prefixed('own', files),
          run: async () => {
            const checkpoint = await openCheckpoint(join(folder, 'own'));
            if (checkpoint.config.text.kind === 'vocabulary')
              (await Vocabulary.load(checkpoint.folder, checkpoint.config)).embed([['road']]);
            build(checkpoint, false);
          },
        };
      }
      const loaded = draw.once(LOADED);
      return {
        files: prefixed('clipseg', clipseg(draw)),
        run: async () => {
          const checkpoint = await openCheckpoint(join(folder, 'clipseg'));
          build(checkpoint, true);
          if (!loaded || Math.max(...checkpoint.config.inputSize) > 64) return;
          await using segmenter = await Segmenter.load(join(folder, 'clipseg'), { device: 'cpu', threads: 1 });
          const labels = await segmenter.labels(['road', 'car']);
          await segmenter.segment({ data: new Uint8Array(8 * 8 * 3), width: 8, height: 8 }, labels);
        },
      };
    },
  };
}

/** Builds the graphs, and with them looks up every tensor. */
function build({ config, weights }: Awaited<ReturnType<typeof openCheckpoint>>, withTrunk: boolean): void {
  const parameters: ParameterSource = (graph) => new CheckpointParameters(graph, weights, 'float32');
  if (withTrunk && Math.max(...config.inputSize) <= 256) writeOnnx(buildTrunkGraph(config, parameters));
  if (config.text.kind === 'clip') writeOnnx(buildTextGraph(config, parameters));
  writeOnnx(buildDecodeGraph(config, parameters, 1, 'mean'));
}

function prefixed(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Record<string, string | Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));
}
