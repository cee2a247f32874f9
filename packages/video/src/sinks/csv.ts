/**
 * Label statistics over time as CSV, one row per frame and label ("long" or "tidy" form), header first:
 *
 * `source,index,time_seconds,label,share,dropped,latency_seconds,file_name`
 *
 * Labels may change in mid-stream and sources may have different ones: rows follow, columns stay. `share` is the
 * label's share of the picture, 0 to 1; what is missing to 1 is background. `dropped` and `latency_seconds` are the
 * frame's and stand in each of its rows, as does `file_name`, the picture's in an image sequence and empty elsewhere.
 * In pandas: `read_csv(path).pivot_table(index='time_seconds', columns='label', values='share')`. The file grows under
 * a name of its own, `.name.….partial.csv`, and gets its name when it is closed.
 */
import { csvLine } from './csv-text.ts';
import type { FrameSink, SinkFrame } from './frame-sink.ts';
import { GrowingFile } from './growing-file.ts';

const header = csvLine([
  'source',
  'index',
  'time_seconds',
  'label',
  'share',
  'dropped',
  'latency_seconds',
  'file_name',
]);

/** Writes the areas of frames of any sources to one CSV file. */
export class CsvSink implements FrameSink {
  static readonly needs = {} as const;
  readonly #file: GrowingFile;
  #begun = false;

  private constructor(file: GrowingFile) {
    this.#file = file;
  }

  /** Opens the file under its partial name. @throws {SynsegError} `VIDEO_ENCODE` when it cannot be written. */
  static async open(path: string): Promise<CsvSink> {
    return new CsvSink(await GrowingFile.open(path, 'label statistics'));
  }

  async write({
    source,
    index,
    timeSeconds,
    segmentation: { labels, areas },
    dropped,
    latencySeconds,
    fileName = '',
  }: SinkFrame): Promise<void> {
    const rows = labels.map((label) =>
      csvLine([source, index, timeSeconds, label, areas[label] ?? 0, dropped, latencySeconds, fileName]),
    );
    const begun = this.#begun;
    this.#begun = true;
    try {
      await this.#file.write(`${begun ? '' : header}${rows.join('')}`);
    } catch (error) {
      this.#begun = begun;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  abandon(): Promise<readonly string[]> {
    return this.#file.abandon();
  }
}
