export { messageOf } from './errors.ts';
export { checkKind, describeValue, nearestName, rangeError } from './guard/arguments.ts';
export { proxyFor } from './guard/http-request.ts';
export { openInput, readInput } from './guard/input-file.ts';
export {
  DEFAULT_LIMITS,
  DOWNLOAD_LIMITS,
  FETCH_LIMITS,
  FILE_LIMITS,
  LIMIT_OPTIONS,
  limitError,
  PIXEL_LIMIT,
  RESULT_LIMIT,
  type Limits,
} from './guard/limits.ts';
export { isPublicAddress, isPublicHost } from './guard/network.ts';
export { checkOutputs, leadsTo, type OutputPath } from './guard/output-paths.ts';
export { packageFile } from './guard/package-file.ts';
export { isLoopback, refusalOf } from './guard/page-access.ts';
export { answerPage, pageAddress, pathOf, readPageFiles, sendPage, type PageFiles } from './guard/page-server.ts';
export { cleanError, encodedLogin, shownURL, splitLogin, withoutSecrets } from './guard/secrets.ts';
export { showsItself } from './guard/show.ts';
export { decodeText, readTextFile, utf16Of } from './guard/text-file.ts';
export { withDispose, type DisposableGenerator } from './guard/with-dispose.ts';
export { kindOfPicture, readImage } from './image/picture-bytes.ts';
export {
  abortSignal,
  callback,
  choice,
  commaSeparated,
  either,
  flag,
  group,
  groupOrFalse,
  integer,
  list,
  number,
  readOptions,
  secretText,
  SIGNAL_OPTION,
  text,
  value,
  withDefault,
  type Filled,
  type NumberBounds,
  type Option,
  type Options,
  type OptionsOf,
  type Resolved,
} from './guard/options.ts';
