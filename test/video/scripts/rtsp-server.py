"""A camera on loopback: GStreamer's RTSP server with a moving picture.

usage: rtsp-server.py PORT PATH CODEC [--sound] [--user NAME --password TEXT [--digest]]

CODEC is h264 or h265. Prints "ready" when it listens. Ends when its stdin closes.
"""
import argparse
import sys
import threading

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstRtsp', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument('port')
parser.add_argument('path')
parser.add_argument('codec', choices=['h264', 'h265'])
parser.add_argument('--sound', action='store_true')
parser.add_argument('--user')
parser.add_argument('--password')
parser.add_argument('--digest', action='store_true')
options = parser.parse_args()

Gst.init(None)
video = {
    'h264': 'x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay0 pt=96 config-interval=1',
    'h265': 'x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph265pay name=pay0 pt=96 config-interval=1',
}[options.codec]
sound = ' audiotestsrc is-live=true ! audio/x-raw,rate=8000 ! alawenc ! rtppcmapay name=pay1 pt=8' if options.sound else ''

factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(f'( videotestsrc is-live=true pattern=ball ! video/x-raw,width=160,height=120,framerate=25/1 ! {video}{sound} )')
factory.set_shared(True)

server = GstRtspServer.RTSPServer()
server.set_address('127.0.0.1')
server.set_service(options.port)
server.get_mount_points().add_factory(options.path, factory)

if options.user is not None:
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, 'viewer')
    if options.digest:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(options.user, options.password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(options.user, options.password), token)
    factory.add_role_from_structure(Gst.Structure.new_from_string(
        f'viewer,{GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS}=true,{GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT}=true')[0]
        if isinstance(Gst.Structure.new_from_string('a,b=true'), tuple) else Gst.Structure.new_from_string(
        f'viewer,{GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS}=(boolean)true,{GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT}=(boolean)true'))
    server.set_auth(auth)

if server.attach(None) == 0:
    sys.exit('the port is taken')
print('ready', flush=True)
loop = GLib.MainLoop()
threading.Thread(target=lambda: (sys.stdin.read(), GLib.idle_add(loop.quit)), daemon=True).start()
loop.run()
