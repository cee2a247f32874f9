/**
 * Brings a clone to the state every other command expects: dependencies, ffmpeg, built packages.
 *
 * Runs first in `npm test`, `npm run demo` and the rest, before anything is installed, so it uses Node alone. Each step
 * looks before it acts: with nothing to do the whole script takes a fraction of a second. It is not a build system: it
 * decides whether to call npm, apt and tsup, and shows their output only when they fail.
 *
 * `--test-runtimes` also fetches what tests start as child processes: the newest Node LTS, a Vulkan driver in software,
 * Chromium,
 * an RTSP server.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules/.cache/synseg');
/** What the command line's help is made from. */
const optionHelp = 'packages/synseg/src/generated/option-help.json';
const newerNodeVersion = '24.21.0';

/** Onnxruntime's install script would download a CUDA build; every npm version hands these to it. */
const installEnvironment = {
  ...process.env,
  ONNXRUNTIME_NODE_INSTALL: 'skip',
  npm_config_onnxruntime_node_install: 'skip',
};

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

/** Runs a command silently; on failure prints what it said and ends the script, or returns false with `optional`. */
function runQuietly(command, args, { optional = false, env = process.env, cwd = root, shell = false } = {}) {
  const result = spawnSync(command, args, { cwd, env, shell, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status === 0) return true;
  if (optional) return false;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  return fail(`Cannot continue: "${[command, ...args].join(' ')}" must succeed, got ${reasonOf(result)}`);
}

function reasonOf(result) {
  return result.error?.message ?? (result.signal === null ? `exit code ${result.status}` : `signal ${result.signal}`);
}

/** npm as this script's own npm when there is one (`npm test` run by npm 10 stays npm 10), else the one on PATH. */
function runNpm(args, options) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) return runQuietly(process.execPath, [cli, ...args], options);
  return runQuietly('npm', args, { ...options, shell: process.platform === 'win32' });
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

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

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
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

/** The words to put before apt-get, or undefined where this user may not install packages. */
function rightsToInstall() {
  if (process.platform !== 'linux' || spawnSync('apt-get', ['--version']).status !== 0) return undefined;
  if (process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n', '-E'] : undefined;
}

/**
 * Installs packages of the system, their names separated by spaces; false where this user may not, or with `optional`
 * where it failed.
 */
function installWithApt(names, { optional = false } = {}) {
  const prefix = rightsToInstall();
  if (prefix === undefined) return false;
  say(`installing ${names} (apt-get) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return [['update'], ['install', '-y', '--no-install-recommends', ...names.split(' ')]].every((step) => {
    const [command, ...args] = [...prefix, 'apt-get', ...step];
    return runQuietly(command, args, { env, optional });
  });
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

/** A newer Node for the runtime tests. Not a dependency: npm would link it as `node` for every script here. */
function installNewerNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(root, 'node_modules/.cache/newer-node');
  const manifest = join(folder, 'node_modules', name, 'package.json');
  if (existsSync(manifest) && readJson(manifest).version === newerNodeVersion) return;
  say(`fetching Node ${newerNodeVersion} for the runtime tests …`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder];
  if (!runNpm([...args, `${name}@${newerNodeVersion}`], { optional: true })) {
    say(`could not fetch ${name}@${newerNodeVersion}: the runtime tests that need it will say so`);
  }
}

/**
 * SwiftShader, a Vulkan driver that computes on the CPU, for tests of the WebGPU provider: driver and loader out of the
 * package that has Chromium's libraries (32 MB; the browser itself is in another). With package lists of its own, apt
 * needs no rights for this, and nothing is installed.
 */
function fetchSwiftShader() {
  const folder = join(cache, 'swiftshader');
  if (existsSync(folder) || !isDebian()) return;
  say('fetching SwiftShader for the WebGPU tests …');
  const work = `${folder}.partial`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, 'lists/partial'), { recursive: true });
  const apt = ['-o', `Dir::State::lists=${work}/lists`, '-o', `Dir::Cache=${work}`, '-o', 'APT::Sandbox::User=root'];
  const steps = [
    ['apt-get', ...apt, 'update'],
    ['apt-get', ...apt, 'download', 'chromium-common'],
    ['sh', '-c', 'dpkg-deb -x chromium-common_*.deb unpacked'],
  ];
  const options = { optional: true, cwd: work };
  // A source that is none of Debian's may fail to update: what counts is whether the last step finds its file.
  const fetched = steps.map(([command, ...args]) => runQuietly(command, args, options)).at(-1);
  const files = ['libvk_swiftshader.so', 'libvulkan.so.1', 'vk_swiftshader_icd.json'];
  const unpacked = join(work, 'unpacked/usr/lib/chromium');
  if (fetched && files.every((file) => existsSync(join(unpacked, file)))) {
    mkdirSync(join(work, 'kept'));
    for (const file of files) renameSync(join(unpacked, file), join(work, 'kept', file));
    renameSync(join(work, 'kept'), folder);
  } else say("could not fetch SwiftShader out of Debian's chromium-common: the WebGPU tests will say so");
  rmSync(work, { recursive: true, force: true });
}

/** Chromium for the tests of the preview page. On Ubuntu the package of this name is not a browser. */
function installChromium() {
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  if (process.env.SYNSEG_CHROMIUM || folders.some((folder) => isExecutable(join(folder, 'chromium')))) return;
  if (!isDebian() || !installWithApt('chromium', { optional: true }))
    say('could not install chromium: the tests of the preview page will say so');
}

/** GStreamer's RTSP server, the camera of the tests. */
function installRtspServer() {
  const asked = spawnSync('/usr/bin/python3', [
    '-c',
    'import gi; gi.require_version("GstRtspServer", "1.0"); gi.require_version("Gst", "1.0")\nfrom gi.repository ' +
      'import Gst\nGst.init(None)\nassert all(map(Gst.ElementFactory.find, ["x264enc", "x265enc", "rtph264pay", ' +
      '"alawenc"]))',
  ]);
  if (asked.status === 0) return;
  const plugins = ['base', 'good', 'bad', 'ugly', 'libav'].map((name) =>
    name === 'libav' ? 'gstreamer1.0-libav' : `gstreamer1.0-plugins-${name}`,
  );
  const packages = ['gir1.2-gst-rtsp-server-1.0', 'python3-gi', ...plugins].join(' ');
  if (!isDebian() || !installWithApt(packages, { optional: true }))
    say("could not install GStreamer's RTSP server: the tests of RTSP cameras will say so");
}

function isDebian() {
  const path = '/etc/os-release';
  return existsSync(path) && /^ID=debian$/m.test(readFileSync(path, 'utf8'));
}

installDependencies();
installFfmpeg();
buildPackages();
if (process.argv.includes('--test-runtimes')) {
  installNewerNode();
  fetchSwiftShader();
  installChromium();
  installRtspServer();
}
