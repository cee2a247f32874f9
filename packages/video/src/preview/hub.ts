/** The content of a preview, and the viewers that follow its changes. Knows neither HTTP nor WebSockets. */
import { describeValue, withoutSecrets } from '@synseg/core/guards';
import { LabelDesk } from './label-desk.ts';
import type { PreviewLabels, PreviewOptions, PreviewPicture } from './preview-options.ts';
import { ShareHistory } from './share-history.ts';
import { Viewer, messageOf, type Line, type Message } from './viewer.ts';

interface SourceRecord {
  readonly name: string;
  readonly history: ShareHistory;
  picture?: Message;
  state?: Message;
}

/** Content of the preview. */
export class Hub {
  readonly #hello: Message;
  readonly #sources: readonly SourceRecord[];
  readonly #desk: LabelDesk;
  readonly #viewers = new Set<Viewer>();
  #lostBefore = 0;

  constructor({ sources, labels, onLabels, title = '', vocabulary = [] }: PreviewOptions) {
    this.#sources = sources.map((name) => ({ name: withoutSecrets(name), history: new ShareHistory() }));
    this.#desk = new LabelDesk(labels, onLabels);
    this.#hello = messageOf({ type: 'hello', title, sources: this.#sources.map(({ name }) => name), vocabulary });
  }

  /** Open connections that pictures go to. */
  get watching(): number {
    return this.#viewers.size;
  }

  /** Pictures replaced before they were sent, over all viewers so far. */
  get lost(): number {
    return [...this.#viewers].reduce((sum, { lost }) => sum + lost, this.#lostBefore);
  }

  /** True if there is a source of this number. */
  has(source: number): boolean {
    return source in this.#sources;
  }

  /** The newest picture of a source. */
  picture(source: number): Uint8Array | undefined {
    return this.#sources[source]?.picture?.jpeg;
  }

  /** Takes a picture and passes it on. */
  show({ jpeg, ...numbers }: PreviewPicture): void {
    const { source, areas } = numbers;
    const record = this.#record(source, 'show picture');
    record.picture = messageOf({ type: 'picture', ...numbers }, jpeg);
    this.#tell(record.picture);
    const means = record.history.add(areas, performance.now());
    if (means !== undefined) this.#tell(messageOf({ type: 'sample', source, areas: means }));
  }

  /** Takes the state of a source and passes it on. */
  showState(source: number, state: string, reason?: string): void {
    const record = this.#record(source, 'show state');
    const why = reason === undefined ? {} : { reason: withoutSecrets(reason) };
    record.state = messageOf({ type: 'state', source, state, ...why });
    this.#tell(record.state);
  }

  /** Takes labels that were changed by others than the viewers, and passes them on. */
  showLabels(labels: PreviewLabels): void {
    this.#desk.replace(labels);
    this.#tell(this.#labels());
  }

  /** Makes the change that a viewer asks for. The answer comes behind the labels that are then current. */
  async change(viewer: Viewer, asked: unknown): Promise<void> {
    const answer = await this.#desk.change(asked);
    if (answer.error === undefined) this.#tell(this.#labels());
    viewer.offer(messageOf(answer));
  }

  /** Adds a viewer, and sends it everything as it stands. */
  join(line: Line): Viewer {
    const viewer = new Viewer(line);
    this.#viewers.add(viewer);
    viewer.offer(this.#hello);
    viewer.offer(this.#labels());
    for (const [source, { history, state, picture }] of this.#sources.entries()) {
      if (state !== undefined) viewer.offer(state);
      viewer.offer(messageOf({ type: 'history', source, samples: history.recent(performance.now()) }));
      if (picture !== undefined) viewer.offer(picture);
    }
    return viewer;
  }

  /** Forgets a viewer whose connection has ended. */
  leave(viewer: Viewer): void {
    if (this.#viewers.delete(viewer)) this.#lostBefore += viewer.lost;
  }

  /** Lets every viewer know that the connection lives. */
  ping(): void {
    this.#tell(messageOf({ type: 'ping' }));
  }

  /** Ends every viewer's connection. */
  end(): void {
    for (const viewer of this.#viewers) {
      this.leave(viewer);
      viewer.end();
    }
  }

  #labels(): Message {
    return messageOf({ type: 'labels', revision: this.#desk.revision, ...this.#desk.labels });
  }

  #tell(message: Message): void {
    this.#viewers.forEach((viewer) => viewer.offer(message));
  }

  #record(source: number, action: string): SourceRecord {
    const record = typeof source === 'number' ? this.#sources[source] : undefined;
    if (record !== undefined) return record;
    const rule = `source must be an integer from 0 to ${this.#sources.length - 1}`;
    throw new RangeError(`Cannot ${action}: ${rule}, got ${describeValue(source)}`);
  }
}
