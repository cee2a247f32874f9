/**
 * What the preview shows now, and everybody who is told when it changes. Knows no HTTP but the viewers' connections.
 */
import type { ServerResponse } from 'node:http';
import { describeValue, withoutSecrets } from '@synseg/core/guards';
import { LabelDesk, type LabelAnswer } from './label-desk.ts';
import { Message, type MessageData } from './message.ts';
import type { PreviewLabels, PreviewOptions, PreviewPicture } from './preview-types.ts';
import { ShareHistory } from './share-history.ts';
import { Viewer, type ViewerOptions } from './viewer.ts';

interface SourceRecord {
  readonly name: string;
  readonly history: ShareHistory;
  picture?: Message;
  state?: Message;
}

/** State of the preview. */
export class Hub {
  readonly title: string;
  readonly vocabulary: readonly string[];
  readonly #sources: readonly SourceRecord[];
  readonly #desk: LabelDesk;
  readonly #viewers = new Map<number, Viewer>();
  #lastViewer = 0;
  #lostBefore = 0;

  constructor({ sources, labels, onLabels, title = 'synseg', vocabulary = [] }: PreviewOptions) {
    this.title = title;
    this.vocabulary = vocabulary;
    this.#sources = sources.map((name) => ({ name: withoutSecrets(name), history: new ShareHistory() }));
    this.#desk = new LabelDesk(labels, onLabels);
  }

  /** Open connections that pictures go to. */
  get watching(): number {
    return [...this.#viewers.values()].filter(({ showsPictures }) => showsPictures).length;
  }

  /** Pictures replaced before they were sent, over all viewers so far. */
  get lost(): number {
    return [...this.#viewers.values()].reduce((sum, { lost }) => sum + lost, this.#lostBefore);
  }

  /** True if there is a source of this number. */
  has(source: number): boolean {
    return source in this.#sources;
  }

  /** The newest picture of a source. */
  picture(source: number): Uint8Array | undefined {
    return this.#sources[source]?.picture?.jpeg;
  }

  /** Takes a picture over and passes it on. */
  show({ jpeg, ...numbers }: PreviewPicture): void {
    const record = this.#record(numbers.source, 'show picture');
    record.picture = new Message({ type: 'picture', ...numbers }, jpeg);
    this.#tell(record.picture);
    const areas = record.history.add(numbers.areas, performance.now());
    if (areas !== undefined) this.#tell(new Message({ type: 'sample', source: numbers.source, areas }));
  }

  /** Takes the state of a source over and passes it on. */
  showState(source: number, state: string, reason?: string): void {
    const record = this.#record(source, 'show state');
    record.state = new Message({
      type: 'state',
      source,
      state,
      ...(reason === undefined ? {} : { reason: withoutSecrets(reason) }),
    });
    this.#tell(record.state);
  }

  /** Takes labels over that were changed by others than the viewers, and passes them on. */
  showLabels(labels: PreviewLabels): void {
    this.#desk.replace(labels);
    this.#tell(this.#labels());
  }

  /** Does what a viewer asks for. The answer carries the labels now under way, whatever came of it. */
  async change(body: unknown): Promise<LabelAnswer & { readonly labels: MessageData }> {
    const answer = await this.#desk.change(body);
    const labels = this.#labels();
    if (answer.status === 200) this.#tell(labels);
    return { ...answer, labels: labels.data };
  }

  /** Adds a viewer until its connection ends, and tells it how things stand. */
  join(response: ServerResponse, options: ViewerOptions): void {
    const viewer = new Viewer(response, options);
    const id = ++this.#lastViewer;
    this.#viewers.set(id, viewer);
    response.on('close', () => this.#leave(id));
    viewer.offer(
      new Message({ type: 'hello', viewer: id, title: this.title, sources: this.#sources.map(({ name }) => name) }),
    );
    viewer.offer(this.#labels());
    for (const [source, { history, state, picture }] of this.#sources.entries()) {
      if (state !== undefined) viewer.offer(state);
      viewer.offer(new Message({ type: 'history', source, samples: history.recent(performance.now()) }));
      if (picture !== undefined) viewer.offer(picture);
    }
  }

  /** A viewer reports so many more pictures of each source as drawn; false if there is no such viewer. */
  drawn(viewer: number, pictures: readonly number[]): boolean {
    const found = this.#viewers.get(viewer);
    found?.drawn(pictures);
    return found !== undefined;
  }

  /** Lets every viewer know that the connection lives. */
  ping(): void {
    this.#tell(new Message({ type: 'ping' }));
  }

  /** Ends every viewer's connection. */
  end(): void {
    for (const [id, viewer] of this.#viewers) {
      this.#leave(id);
      viewer.end();
    }
  }

  #leave(id: number): void {
    this.#lostBefore += this.#viewers.get(id)?.lost ?? 0;
    this.#viewers.delete(id);
  }

  #labels(): Message {
    return new Message({ type: 'labels', revision: this.#desk.revision, ...this.#desk.labels });
  }

  #tell(message: Message): void {
    this.#viewers.forEach((viewer) => viewer.offer(message));
  }

  #record(source: number, action: string): SourceRecord {
    const record = typeof source === 'number' ? this.#sources[source] : undefined;
    if (record !== undefined) return record;
    throw new RangeError(
      `Cannot ${action}: source must be a whole number of 0 to ${this.#sources.length - 1}, got ` +
        `${describeValue(source)}`,
    );
  }
}
