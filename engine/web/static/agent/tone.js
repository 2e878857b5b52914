/**
 * The ring tone, made and not fetched: two sines in the cadence of a telephone.
 *
 * A whole ring is handed to the audio clock at once, because timers of a tab in the background come late or
 * hardly at all. Browsers give sound only to a page that was touched: `unlock` belongs into a gesture, and
 * going ready is one; until then `blocked` is true and a ring is silent.
 */

const HERTZ = [523.25, 659.25];
const CYCLE_S = 3;
const BURSTS_S = [0, 0.55];
const BURST_S = 0.35;
const FADE_S = 0.02;
const LOUDNESS = 0.16;

/** No ring is longer, whatever a deadline says. */
const LONGEST_S = 600;

export class Tone extends EventTarget {
  #context = null;
  #bell = null;
  #until = 0;
  #muted = false;

  get blocked() {
    return this.#context?.state !== "running";
  }

  get muted() {
    return this.#muted;
  }

  set muted(muted) {
    this.#muted = muted;
    this.#follow();
  }

  /** Called in a gesture: from now on it can be heard. A ring that is due begins to be. */
  async unlock() {
    if (this.#context === null) {
      this.#context = new AudioContext();
      this.#context.addEventListener("statechange", () => this.dispatchEvent(new Event("change")));
    }
    if (this.#context.state !== "running") await this.#context.resume().catch(() => {});
    this.#follow();
  }

  /** Ring for so long, or until `hush`. */
  ring(ms) {
    this.hush();
    this.#until = performance.now() + Math.min(ms, LONGEST_S * 1000);
    if (this.#context !== null || navigator.userActivation?.hasBeenActive) this.unlock();
  }

  hush() {
    this.#until = 0;
    this.#follow();
  }

  #follow() {
    const left_s = (this.#until - performance.now()) / 1000;
    const due = left_s > 0 && !this.#muted && !this.blocked;
    if (due && this.#bell === null) this.#bell = bell(this.#context, left_s);
    if (!due && this.#bell !== null) {
      this.#bell();
      this.#bell = null;
    }
  }
}

/** Starts to ring; returns what stops it at once. */
function bell(context, length_s) {
  const volume = new GainNode(context, { gain: 0 });
  volume.connect(context.destination);
  const begin = context.currentTime + 0.05;
  for (let cycle = 0; cycle < length_s; cycle += CYCLE_S) {
    for (const burst of BURSTS_S) swell(volume.gain, begin + cycle + burst);
  }
  const sines = HERTZ.map((frequency) => new OscillatorNode(context, { frequency }));
  for (const sine of sines) {
    sine.connect(volume);
    sine.start(begin);
    sine.stop(begin + length_s);
  }
  return () => {
    for (const sine of sines) sine.disconnect();
    volume.disconnect();
  };
}

function swell(gain, at) {
  gain.setValueAtTime(0, at);
  gain.linearRampToValueAtTime(LOUDNESS, at + FADE_S);
  gain.setValueAtTime(LOUDNESS, at + BURST_S);
  gain.linearRampToValueAtTime(0, at + BURST_S + FADE_S);
}
