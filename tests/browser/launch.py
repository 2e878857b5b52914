"""How the browser is started: Debian's chromium, with a camera and a microphone that are not there."""

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream=fps=10",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]

#: A loaded machine may take this long for what an idle one does in a moment.
PATIENCE_MS = 20_000
