/** Script of the page: what goes where. */

/** `page.js` */
export const PAGE_SCRIPT = String.raw`/** Hands what the server says to the parts of the page. */
import { connect } from './connection.js';
import { LabelEditor } from './labels.js';
import { SourceCard } from './source.js';

const TEXTS = {
  connecting: 'connecting',
  live: 'live',
  reconnecting: 'preview not reachable, trying again',
  locked: 'the token is not valid any more: open the address that was printed',
  paused: 'paused while hidden',
};

const connection = /** @type {HTMLElement} */ (document.querySelector('#connection'));
const title = /** @type {HTMLElement} */ (document.querySelector('#title'));
const sources = /** @type {HTMLElement} */ (document.querySelector('#sources'));
const rule = /** @type {HTMLElement} */ (document.querySelector('#rule'));
const template = /** @type {HTMLTemplateElement} */ (document.querySelector('#source-template'));
const editor = new LabelEditor(document);
/** @type {SourceCard[]} */
let cards = [];

/** Keeps the cards over a new connection, if it shows the same sources. @param {string[]} names */
function showSources(names) {
  if (names.length === cards.length && names.every((name, index) => cards[index]?.name === name)) return;
  cards = names.map((name) => new SourceCard(template, name));
  sources.replaceChildren(...cards.map((card) => card.element));
  sources.dataset.count = String(cards.length);
}

void connect((data, jpeg) => {
  const card = cards[data.source];
  switch (data.type) {
    case 'hello':
      document.title = title.textContent = data.title;
      editor.restart();
      return showSources(data.sources);
    case 'labels': {
      const labels = data.names.map((/** @type {string} */ name, /** @type {number} */ index) => ({ name, color: data.colors[index] ?? [128, 128, 128] }));
      cards.forEach((each) => each.setLabels(labels));
      if (data.backgroundRule !== undefined) rule.textContent = data.backgroundRule;
      return editor.show(/** @type {any} */ (data));
    }
    case 'state':
      return card?.setState(data.state, data.reason);
    case 'history':
      return card?.setHistory(data.samples);
    case 'sample':
      return card?.addSample(data.areas);
    case 'picture':
      return jpeg && card?.show(/** @type {any} */ (data), jpeg);
  }
}, (state) => {
  connection.dataset.state = state;
  connection.textContent = TEXTS[state];
  document.body.dataset.connection = state;
});

// The chart moves on also while nothing comes.
setInterval(() => { if (!document.hidden) cards.forEach((card) => card.chart.draw()); }, 1000);
`;
