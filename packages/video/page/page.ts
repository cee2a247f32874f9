/** Hands the server's messages to the parts of the page. */
import { Connection, type ConnectionState } from './connection.ts';
import { find } from './elements.ts';
import { LabelEditor } from './label-editor.ts';
import { SourceCard } from './source-card.ts';

const STATES: Readonly<Record<ConnectionState, string>> = {
  connecting: 'connecting',
  live: 'live',
  reconnecting: 'preview not reachable, trying again',
  locked: 'the token is no longer valid: open the address that was printed',
  paused: 'paused while hidden',
};

const status = find(document, '#connection', HTMLElement);
const title = find(document, '#title', HTMLElement);
const sources = find(document, '#sources', HTMLElement);
const rule = find(document, '#rule', HTMLElement);
const editor = new LabelEditor((revision, labels) => connection.change(revision, labels));
let cards: readonly SourceCard[] = [];

const connection = new Connection({
  onState: (state) => {
    status.dataset['state'] = document.body.dataset['connection'] = state;
    status.textContent = STATES[state];
  },
  onPicture: async (picture, jpeg) => cards[picture.source]?.show(picture, jpeg),
  onMessage: (message) => {
    switch (message.type) {
      case 'hello':
        document.title = title.textContent = message.title;
        editor.vocabulary = message.vocabulary;
        return showSources(message.sources);
      case 'labels': {
        const { names, colors, backgroundRule } = message;
        const labels = names.map((name, index) => ({ name, color: colors[index] ?? [] }));
        cards.forEach((card) => card.setLabels(labels));
        if (backgroundRule !== undefined) rule.textContent = backgroundRule;
        return editor.show(message);
      }
      case 'state':
        return cards[message.source]?.setState(message.state, message.reason);
      case 'history':
        return cards[message.source]?.setHistory(message.samples);
      case 'sample':
        return cards[message.source]?.addSample(message.areas);
      case 'ping':
    }
  },
});

/** Keeps the cards over a new connection, if it shows the same sources. */
function showSources(names: readonly string[]): void {
  if (names.length === cards.length && names.every((name, index) => cards[index]?.name === name)) return;
  cards = names.map((name) => new SourceCard(name));
  sources.replaceChildren(...cards.map(({ element }) => element));
  sources.dataset['count'] = String(cards.length);
}

setInterval(() => {
  if (!document.hidden) cards.forEach(({ chart }) => chart.draw());
}, 1000);
