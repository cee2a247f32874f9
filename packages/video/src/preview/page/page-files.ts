/** The files of the page, all of them texts in this package: nothing is read from disk or from a network. */
import { CHART_SCRIPT } from './chart-script.ts';
import { CONNECTION_SCRIPT } from './connection-script.ts';
import { LABELS_SCRIPT } from './labels-script.ts';
import { LOCKED_HTML, PAGE_HTML } from './page-html.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import { SOURCE_SCRIPT } from './source-script.ts';

/** A file as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly text: string;
}

const SCRIPT = 'text/javascript; charset=utf-8';
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#2e7de1" d="M1 ' +
  '1h8v6H1z"/><path fill="#f58220" d="M9 1h6v9H9z"/><path fill="#3caa4b" d="M1 7h8v8H1z"/><path fill="#888" d="M9 ' +
  '10h6v5H9z"/></svg>';

const FILES: Readonly<Record<string, PageFile>> = {
  'page.css': { type: 'text/css; charset=utf-8', text: PAGE_STYLE },
  'page.js': { type: SCRIPT, text: PAGE_SCRIPT },
  'connection.js': { type: SCRIPT, text: CONNECTION_SCRIPT },
  'source.js': { type: SCRIPT, text: SOURCE_SCRIPT },
  'chart.js': { type: SCRIPT, text: CHART_SCRIPT },
  'labels.js': { type: SCRIPT, text: LABELS_SCRIPT },
  'icon.svg': { type: 'image/svg+xml', text: ICON },
};

/** The file of this name, the page itself for no name; undefined if there is none. */
export function pageFile(name: string, title: string): PageFile | undefined {
  if (name === '')
    return { type: 'text/html; charset=utf-8', text: PAGE_HTML.replaceAll('%TITLE%', () => escapeHTML(title)) };
  return Object.hasOwn(FILES, name) ? FILES[name] : undefined;
}

/** What somebody without the token sees. */
export function lockedPage(title: string): string {
  return LOCKED_HTML.replaceAll('%TITLE%', () => escapeHTML(title));
}

/** Names of all files but the page itself. */
export function pageFileNames(): readonly string[] {
  return Object.keys(FILES);
}

function escapeHTML(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
