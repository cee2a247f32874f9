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
import type { SegmentedFrame } from '../segmented-frame.ts';
import { csvLine } from './csv-text.ts';
import { TextSink } from './text-sink.ts';

const columns = 'source index time_seconds label share dropped latency_seconds file_name'.split(' ');

/** Writes the areas of frames of any sources to one CSV file. */
export const csvSink = {
  needs: {},
  open: (path: string): Promise<TextSink> => TextSink.open(path, 'label statistics', rows, csvLine(columns)),
} as const;

function rows({ segmentation: { labels, areas }, ...frame }: SegmentedFrame): string {
  const { source, index, timeSeconds, dropped, latencySeconds, fileName = '' } = frame;
  return labels
    .map((label) => csvLine([source, index, timeSeconds, label, areas[label] ?? 0, dropped, latencySeconds, fileName]))
    .join('');
}
