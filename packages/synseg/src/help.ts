/** What `synseg --help` says after the commands. */

export const HELP = `
Examples:
  $ synseg segment frame.png --labels "red car,bus,person,road,sky" --json
  $ synseg segment street.jpg --model CIDAS/clipseg-rd64-refined --labels "road,car,a person in red" --out overlay.png
  $ synseg video drive.mp4 --model ./checkpoint --labels road,car,sky --out overlay.mp4
  $ synseg serve camera:0 --model ./checkpoint --labels road,car
  $ synseg train --data captions.jsonl --init CIDAS/clipseg-rd64-refined --out runs/a
  $ synseg doctor

Without --model the checkpoint that is part of @synseg/core is taken, and no network is needed. It knows the drawn streets
of the project's demo (npm run demo); photographs need a published CLIPSeg checkpoint or one of your own.

Output: a result goes to stdout, with --json as one object, also for a failure ({"error": {code, message}}); progress, notes,
warnings and errors go to stderr, and --quiet leaves warnings and errors of them. A file that is there is replaced when the
new one is whole; a folder that is there is left alone, unless a flag of the command says otherwise. What is read is never
written to.

Options within an option: --smooth weight=0.5,motion-threshold=0.1; the first may stand alone, as in --smooth 0.5.

Exit codes, of every command:
  0    done
  1    failed: the picture, the video (one of several is enough), the data, the model, the device or a file
  2    the command line or the config file makes no sense
  130  ended by Ctrl-C: files hold what was done so far, a training run is saved; a second Ctrl-C ends at once
`;
