import { builtinModules } from 'node:module';
import vitest from '@vitest/eslint-plugin';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * Rules that catch bugs, and the sizes of lines and files. The layout is Prettier's; who may import whom is in
 * `.dependency-cruiser.js`.
 */
const READABLE = {
  'max-len': ['error', { code: 120, ignoreRegExpLiterals: true, ignoreUrls: true }],
  'max-lines': ['error', { max: 300 }],
  'no-restricted-imports': [
    'error',
    {
      paths: builtinModules
        .filter((name) => !name.startsWith('_') && !name.startsWith('node:'))
        .map((name) => ({ name, message: `Write it "node:${name}".` })),
    },
  ],
  'no-restricted-syntax': [
    'error',
    { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' },
    { selector: 'ExportAllDeclaration', message: 'Exports are listed by name.' },
  ],
  'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'anywhere' }],
};
const ENTRIES = ['packages/*/src/{index,checkpoint,graph,guards,masks,options,runtime}.ts'];

export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', 'out/', 'runs/', 'coverage/']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off', // the only way to read a typed array in a hot loop
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'off', // cancellation rejects with `signal.reason`, whatever it is
      '@typescript-eslint/require-await': 'off', // `async` turns a throw into a rejection, also without an await
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowArray: true, allowNever: true },
      ],
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'eqeqeq': 'error',
      'no-console': 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
      'prefer-const': 'error',
    },
  },
  { files: ['**/*.{js,mjs}'], extends: [tseslint.configs.recommended] },
  { files: ['{packages,worlds,bench,examples,scripts,test}/**/*.{ts,mjs}'], rules: READABLE },
  {
    files: ENTRIES,
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'Program > :not(ExportNamedDeclaration[source], ExportAllDeclaration[exported])',
          message: 'An entry holds named re-exports alone.',
        },
      ],
    },
  },
  {
    files: ['packages/*/src/**'],
    ignores: ENTRIES,
    rules: {
      'no-restricted-syntax': [
        ...READABLE['no-restricted-syntax'],
        {
          selector: 'ExportNamedDeclaration[source]',
          message: "Only an entry exports again what is another file's (no barrels).",
        },
      ],
    },
  },
  {
    // A pool calls its file's default export.
    files: ['packages/*/src/**/*-{worker,thread}.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: [
      'packages/*/src/**/cli.ts',
      'packages/*/src/**/cli/**',
      'scripts/**',
      'bench/**',
      'examples/**',
      'worlds/**',
      '*.ts',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    plugins: { vitest },
    rules: {
      'max-lines': ['error', { max: 600 }],
      '@typescript-eslint/no-unsafe-assignment': 'off', // expect.any() and parsed JSON are `any`
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'no-console': 'off', // the suites report what they measured
      'vitest/expect-expect': ['error', { assertFunctionNames: ['expect', 'expect*', 'assert*'] }],
      'vitest/no-focused-tests': 'error',
      'vitest/no-identical-title': 'error',
      'vitest/no-standalone-expect': 'error',
      'vitest/require-to-throw-message': 'off',
      'vitest/valid-expect': ['error', { maxArgs: 2 }],
      'vitest/valid-expect-in-promise': 'error',
      'vitest/valid-title': 'error',
    },
  },
);
