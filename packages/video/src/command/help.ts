/** What `synseg-video --help` says after its options. */

export const exampleText = `
Examples:
  $ synseg-video drive.mp4 --labels road,car,sky --out overlay.mp4
  $ synseg-video drive.mp4 --model ./checkpoint --labels road,car --jsonl masks.jsonl --every 5 --start 10 --end 20
  $ synseg-video rtsp://camera/1 camera:0 --model ./checkpoint --labels road,car --out "out/{name}.mp4" --json
  $ synseg-video serve camera:0 --labels road,car --smooth
  $ ffmpeg -i any.mkv -f mpegts - | synseg-video - --model ./checkpoint --labels road --csv shares.csv
  $ synseg-video /dev/video0 --input-options "-f v4l2 -input_format mjpeg -video_size 1280x720" --labels road,car
  $ synseg-video probe drive.mp4
  $ synseg-video devices
`;

export const outputHelp = `
Output:
  --json prints one object on stdout: source, frames, dropped, framesPerSecond, seconds, device, precision, areas (mean
  share of the picture per label), sources (state, counts, failure and files of each), out, jsonl, coco, csv, pngDir,
  interrupted. With several sources, out and the others are lists.
  Everything else goes to stderr. With several sources, file names contain {name} or {n}.

Files grow under a name of their own, .name.….partial.ext, and are put in place when they are whole. What was there
stays until then, also when something fails.

Ctrl-C finishes the files with the frames done so far; a second Ctrl-C ends at once.

Exit codes:
  0    done, also after Ctrl-C ("interrupted": true)
  1    failed: the video (one of several is enough), the model, the device or a file
  2    the command line makes no sense
  130  ended by a second Ctrl-C
`;
