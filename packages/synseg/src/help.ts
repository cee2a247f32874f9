/** The text of `synseg --help` after the commands. */

export const HELP = `
Examples:
  $ synseg segment photo.jpg --labels dog,sofa,person --json
  $ synseg segment street.jpg --model CIDAS/clipseg-rd64-refined \\
      --labels "road,car,a person in red" --out overlay.png
  $ synseg video drive.mp4 --model ./checkpoint --labels road,car,sky --out overlay.mp4
  $ synseg serve camera:0 --model ./checkpoint --labels road,car
  $ synseg train --data captions.jsonl --init CIDAS/clipseg-rd64-refined --out runs/a
  $ synseg doctor

Without --model, the small checkpoint inside @synseg/core is used, which needs no
network. It knows 152 everyday classes, their kinds and synonyms, and says which words
it does not know: for those, name a published CLIPSeg checkpoint or one of your own.

Output: the result goes to stdout; with --json it is exactly one JSON object, also
when the command fails: {"error": {"code": "…", "message": "…"}}. Progress, notes,
warnings and errors go to stderr. --quiet suppresses progress, notes and text.

Files: an existing file is replaced once the new one is complete. An existing
folder is left alone unless a flag says otherwise. Input is never overwritten.

Grouped options: --smooth weight=0.5,motion-threshold=0.1. The first option of a
group may be given by its value alone (--smooth 0.5), and where every option of it
has a default, the flag may stand alone (--smooth).

Exit codes:
  0    success
  1    failure: the picture, the video (one of several is enough), the data, the
       checkpoint, the device or a file
  2    mistake on the command line or in the configuration file
  130  interrupted: files hold what was done so far, and a training run is saved;
       a second Ctrl-C ends the command at once
`;
