/**
 * What the page is measured with; it runs before the page's own scripts. Instants are Unix time in ms, by
 * the page's monotonic clock.
 *
 * A frame of the engine is on the screen when the compositor has presented the animation frame in which it was
 * drawn. The page says that it drew ("board:drawn"); within the same animation frame a tiny text of our own is
 * added, and Element Timing tells when that was presented, and with it everything drawn beside it.
 */
(() => {
  const at = (ms) => performance.timeOrigin + ms;
  const found = { received: [], bytes: [], drawn: [], shown: [], longTasks: [], frames: [] };
  const waiting = new Map();
  let probes = 0;

  class Heard extends WebSocket {
    constructor(...how) {
      super(...how);
      this.addEventListener("message", ({ data }) => {
        const rev = /^\{"type":"board\.[^{[]*"rev":(\d+)/.exec(data.slice(0, 200));
        if (rev === null) return;
        found.received.push([Number(rev[1]), at(performance.now())]);
        found.bytes.push(data.length);
      });
    }
  }
  globalThis.WebSocket = Heard;

  document.addEventListener("board:drawn", ({ detail: { rev } }) => {
    const probe = document.createElement("span");
    const name = `bench-${(probes += 1)}`;
    probe.textContent = String(probes % 10);
    probe.setAttribute("elementtiming", name);
    Object.assign(probe.style, { position: "fixed", insetBlockEnd: "0", insetInlineEnd: "0", font: "9px monospace", zIndex: "9999" });
    found.drawn.push([rev, at(performance.now())]);
    waiting.set(name, { rev, probe });
    document.body.append(probe);
  });
  new PerformanceObserver((list) => {
    for (const { identifier, renderTime } of list.getEntries()) {
      const { rev, probe } = waiting.get(identifier);
      found.shown.push([rev, at(renderTime)]);
      waiting.delete(identifier);
      probe.remove();
    }
  }).observe({ type: "element" });
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) found.longTasks.push([at(startTime), duration]);
  }).observe({ type: "longtask" });
  requestAnimationFrame(function frame(ms) {
    found.frames.push(at(ms));
    requestAnimationFrame(frame);
  });

  const rows = () => Number(document.querySelector("[role=grid]").getAttribute("aria-rowcount")) - 1;
  globalThis.bench = {
    now: () => at(performance.now()),
    shown: () => found.shown.length,
    told: () => ({ ...found, untold: waiting.size, rows: rows() }),
  };
})();
