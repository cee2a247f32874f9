/**
 * The formats and protocols that ffmpeg may open for a source. A file that came from somebody else may be a playlist in
 * disguise, which names other files and addresses; so a playlist is read only where the source is called one, and from
 * the network no path leads to files.
 */
import { extname } from 'node:path';
import { isPicture } from './sequence.ts';
import type { SourceDescription } from './source.ts';

/** Formats that hold their own data and name nothing else. */
const containers =
  '4xm,aac,ac3,aiff,alac,amr,amv,anm,apng,ape,asf,au,av1,avi,avs,avs2,avs3,bink,caf,cavsvideo,cdxl,cine,dfa,dhav,' +
  'dirac,dnxhd,dts,dv,dxa,ea,eac3,ffm,film_cpk,filmstrip,fits,flac,flic,flv,frm,gdv,gif,gxf,h261,h263,h264,hevc,' +
  'hnm,idcin,iff,ifv,ingenient,ipmovie,ipu,iv8,ivf,ivr,jv,kux,live_flv,lmlm4,lvf,lxf,m4v,matroska,mgsts,mjpeg,' +
  'mjpeg_2000,mlv,mm,moflex,mov,mp3,mpeg,mpegts,mpegvideo,mpjpeg,mtv,mv,mvi,mxf,mxg,nsv,nut,nuv,obu,ogg,pmp,pva,' +
  'r3d,rawvideo,rl2,rm,roq,rpl,ser,sga,simbiosis_imx,smk,smjpeg,swf,thp,tiertexseq,tmv,truehd,tta,ty,v210,v210x,' +
  'vc1,vc1test,vividas,vivo,vmd,vvc,w64,wav,wc3movie,webm,wsvqa,wtv,wv,xmv,xwma,yop,yuv4mpegpipe,bmp_pipe,' +
  'cri_pipe,dds_pipe,dpx_pipe,exr_pipe,gem_pipe,gif_pipe,hdr_pipe,j2k_pipe,jpeg_pipe,jpegls_pipe,jpegxl_anim,' +
  'jpegxl_pipe,pam_pipe,pbm_pipe,pcx_pipe,pfm_pipe,pgm_pipe,pgmyuv_pipe,pgx_pipe,phm_pipe,photocd_pipe,' +
  'pictor_pipe,png_pipe,ppm_pipe,psd_pipe,qdraw_pipe,qoi_pipe,sgi_pipe,sunrast_pipe,tiff_pipe,vbn_pipe,webp_pipe,' +
  'xbm_pipe,xpm_pipe,xwd_pipe';

/** ffmpeg's formats of playlists, by the endings of their names. */
const playlists: Readonly<Record<string, string>> = {
  ...{ '.m3u8': 'hls', '.m3u': 'hls', '.mpd': 'dash', '.sdp': 'sdp', '.ffconcat': 'concat', '.ffcat': 'concat' },
};

const web = 'http,https,httpproxy,tcp,tls,crypto,data';
const network = `${web},udp,udplite,rtp,srtp,rtmp,rtmpe,rtmps,rtmpt,rtmpte,rtmpts,ffrtmphttp,ffrtmpcrypt,sctp,srt,rist`;

/**
 * The options that hold ffmpeg and ffprobe to what a source is. Options of the caller that come later win.
 *
 * @param text - what stands after `-i`
 * @param format - the format the caller asked for by `-f`
 */
export function allowedArguments(
  kind: SourceDescription['kind'],
  text: string,
  format: string | undefined,
): readonly string[] {
  const own = /^[a-z][a-z0-9+]*(?=[:,])/i.exec(text)?.[0].toLowerCase() ?? 'file';
  const path = text.replace(kind === 'network' ? /[?#].*$/s : /$^/, '');
  const playlist = format ?? playlists[extname(path).toLowerCase()];
  // By such a name ffmpeg takes a picture for a sequence of one.
  const named = format === undefined && isPicture(path) ? 'image2' : '';
  const remote = playlist === 'sdp' ? network : playlist === 'hls' || playlist === 'dash' ? web : '';
  const outside = /^(?:https?|s?ftp|smb|ipfs|ipns)$/.test(own) ? web : network;
  const protocols = kind === 'stdin' ? 'pipe,fd' : kind === 'file' ? 'file' : outside;
  const session = /^(?:rtsps?|rtp|sap)$/.test(own) ? `${own.replace('rtsps', 'rtsp')},sdp` : '';
  const list = (...names: readonly string[]): string =>
    [...new Set(names.flatMap((name) => name.split(/[,+]/)))].filter((name) => name !== '').join(',');
  const formats = list(playlist ?? '', named, session, containers);
  return ['-protocol_whitelist', list(own, protocols, remote), '-format_whitelist', formats];
}
