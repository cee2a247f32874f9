/**
 * Which module may import which: no circles, arrows between packages and folders, each foreign dependency in one file of
 * a package. `npm run check:imports`; `--output-type err-long` says why.
 */
const PACKAGES = ['core', 'video', 'train', 'synseg'];

/** Which of our packages each may import. */
const ARROWS = { core: [], video: ['core'], train: ['core'], synseg: ['core', 'video', 'train'] };

/** Folders around the packages, and which of them each may import. */
const AROUND = {
  worlds: [],
  bench: ['worlds'],
  examples: ['worlds'],
  scripts: [],
  test: ['worlds', 'bench', 'examples', 'scripts'],
};

const anyOf = (names) => `(${names.join('|')})`;
const others = (all, allowed, self) => all.filter((name) => name !== self && !allowed.includes(name));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Modules that import each other have no order to be read in. Types count too.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-circles-of-folders',
      comment: 'The folders of a package are stages: an arrow that runs back makes two of them one.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^packages/[^/]+/src/.' },
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'Every import must lead somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      comment: 'What a package imports stands in its dependencies, optional or peer dependencies.',
      severity: 'error',
      from: { path: '^(packages/[^/]+/src|worlds)/' },
      // A peer is reported as both.
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
    },
    {
      name: 'packages-stand-alone',
      comment: 'What is published knows nothing around it.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: `^${anyOf(Object.keys(AROUND))}/` },
    },
    {
      name: 'packages-by-their-doors',
      comment: "A package uses another by its name, that is by a file at the root of the other's src.",
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: ['^packages/$1/', '^packages/[^/]+/src/[^/]+[.]ts$'] },
    },
    ...PACKAGES.map((name) => ({
      name: `arrows-of-${name}`,
      comment: `packages/${name} may import: ${ARROWS[name].join(', ') || 'no other package'}.`,
      severity: 'error',
      from: { path: `^packages/${name}/` },
      to: { path: `^packages/${anyOf(others(PACKAGES, ARROWS[name], name))}/` },
    })),
    ...Object.entries(AROUND).map(([name, allowed]) => ({
      name: `arrows-of-${name}`,
      comment: `${name}/ may import packages and: ${allowed.join(', ') || 'nothing around them'}.`,
      severity: 'error',
      from: { path: `^${name}/` },
      to: { path: `^${anyOf([...others(Object.keys(AROUND), allowed, name), '[.]'])}/` },
    })),
    ...PACKAGES.map((name) => ({
      name: `one-importer-in-${name}`,
      comment: 'A foreign dependency is imported in one file of a package, so that it can be replaced there.',
      severity: 'error',
      module: { path: 'node_modules/', numberOfDependentsMoreThan: 1 },
      from: { path: `^packages/${name}/src/` },
    })),
    {
      name: 'processes-in-one-place',
      comment:
        'Processes are started by the process folder of packages/video, by the doctor, and to ask for GPU memory and for OpenVINO.',
      severity: 'error',
      from: {
        path: '^packages/',
        pathNot: [
          '^packages/video/src/process/',
          '^packages/[^/]+/src/(command/)?ffmpeg[.]ts$',
          '^packages/train/src/trainer/gpu-memory[.]ts$',
          '^packages/core/src/session/openvino-library[.]ts$',
        ],
      },
      to: { path: '^(node:)?child_process$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^packages/[^/]+/dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    detectJSDocImports: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
