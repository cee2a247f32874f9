/**
 * Brings a clone to the state every other command expects: dependencies, ffmpeg, built packages.
 *
 * Runs first in `npm test`, `npm run demo` and the rest, before anything is installed, so it uses Node alone. Each step
 * looks before it acts: with nothing to do the whole script takes a fraction of a second. It is not a build system: it
 * decides whether to call npm, apt and tsup, and shows their output only when they fail.
 *
 * `--test-runtimes` also fetches what tests start: the newest Node LTS, a Vulkan driver in software, Chromium, an RTSP
 * server, OpenVINO's library.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { cache, fail, installWithApt, isExecutable, readJson, root, runNpm, runQuietly, say } from './lib/system.mjs';
import { installTestRuntimes } from './lib/test-runtimes.mjs';

/** What the command line's help is made from. */
const optionHelp = 'packages/synseg/src/generated/option-help.json';

/** Onnxruntime's install script would download a CUDA build; every npm version hands these to it. */
const installEnvironment = {
  ...process.env,
  ONNXRUNTIME_NODE_INSTALL: 'skip',
  npm_config_onnxruntime_node_install: 'skip',
};

/** True when node_modules holds what package-lock.json says, leaving out packages made for other platforms. */
function dependenciesInstalled() {
  const installedPath = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const installed = readJson(installedPath).packages;
  return Object.entries(readJson(join(root, 'package-lock.json')).packages).every(([path, wanted]) => {
    if (!path.includes('node_modules/')) return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true || wanted.peer === true;
    return found.version === wanted.version;
  });
}

function installDependencies() {
  if (dependenciesInstalled()) return;
  say('installing dependencies (npm ci) …');
  runNpm(['ci', '--no-audit', '--no-fund', '--foreground-scripts=false'], { env: installEnvironment });
}

/** The path of ffmpeg-static's binary when that optional package and its download are here. */
function staticFfmpeg() {
  try {
    const path = createRequire(join(root, 'packages/video/package.json'))('ffmpeg-static');
    return typeof path === 'string' && isExecutable(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function findFfmpeg() {
  const named = process.env.FFMPEG_PATH;
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named;
    fail(`Cannot use ffmpeg: FFMPEG_PATH must name an executable file, got "${named}"`);
  }
  const executable = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg';
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return staticFfmpeg() ?? folders.map((folder) => join(folder, executable)).find(isExecutable);
}

function installFfmpeg() {
  if (findFfmpeg() !== undefined || installWithApt('ffmpeg')) return;
  if (existsSync(join(root, 'node_modules/ffmpeg-static/install.js'))) {
    say('downloading ffmpeg (ffmpeg-static) …');
    runQuietly(process.execPath, ['install.js'], { optional: true, cwd: join(root, 'node_modules/ffmpeg-static') });
  }
  if (findFfmpeg() !== undefined) return;
  fail(
    'Cannot find ffmpeg: it must be on PATH, in FFMPEG_PATH, or installed by ffmpeg-static, got none of them.\n' +
      '  Debian, Ubuntu: sudo apt-get install ffmpeg\n' +
      '  macOS:          brew install ffmpeg\n' +
      '  Windows:        winget install ffmpeg\n' +
      '  elsewhere:      FFMPEG_PATH=/path/to/ffmpeg',
  );
}

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.name === 'generated') return [];
      return entry.isDirectory() ? filesUnder(path) : [path];
    })
    .sort();
}

/** A hash of everything the build reads. Contents, not times: a fresh checkout has no meaningful times. */
function hashOfSources(packages) {
  const hash = createHash('sha256');
  const files = ['tsup.config.ts', 'tsconfig.json', 'package-lock.json', 'scripts/option-help.ts'].map((name) =>
    join(root, name),
  );
  for (const folder of packages) {
    files.push(join(folder, 'package.json'));
    for (const part of ['src', 'page'])
      if (existsSync(join(folder, part))) files.push(...filesUnder(join(folder, part)));
  }
  for (const file of files)
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}

/** Every file a package promises in `exports` and `bin`. */
function promisedOutputs(folder) {
  const manifest = readJson(join(folder, 'package.json'));
  const leaves = (value) => (typeof value === 'object' ? Object.values(value).flatMap(leaves) : [value]);
  return [manifest.exports ?? [], manifest.bin ?? []].flatMap(leaves).map((path) => join(folder, path));
}

function buildPackages() {
  const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));
  const stampPath = join(cache, 'build-hash');
  const hash = hashOfSources(packages);
  const upToDate =
    existsSync(stampPath) &&
    readFileSync(stampPath, 'utf8') === hash &&
    [join(root, optionHelp), ...packages.flatMap(promisedOutputs)].every((path) => existsSync(path));
  if (upToDate) return;
  runQuietly(process.execPath, ['--import', 'tsx', join(root, 'scripts/option-help.ts')]);
  say('building packages (tsup) …');
  runQuietly(process.execPath, [join(root, 'node_modules/tsup/dist/cli-default.js')]);
  const missing = packages.flatMap(promisedOutputs).filter((path) => !existsSync(path));
  if (missing.length > 0)
    fail(`Cannot build: package.json promises files that tsup did not write: ${missing.join(', ')}`);
  linkCommands(packages);
  mkdirSync(cache, { recursive: true });
  writeFileSync(stampPath, hash);
}

/** npm links a workspace's commands only if their files exist when it installs; here they are built afterwards. */
function linkCommands(packages) {
  const names = packages.flatMap((folder) => Object.keys(readJson(join(folder, 'package.json')).bin ?? {}));
  if (names.every((name) => existsSync(join(root, 'node_modules/.bin', name)))) return;
  runNpm(['rebuild', '--ignore-scripts', '--workspaces', '--no-audit', '--no-fund']);
}

installDependencies();
installFfmpeg();
buildPackages();
if (process.argv.includes('--test-runtimes')) installTestRuntimes();
