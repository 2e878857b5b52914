/**
 * Camera and microphone, and the tile in which a picture is shown. A device that cannot be had is a code the
 * page can explain, never an end: a call without a camera is a call.
 */

import { el, icon } from "./dom.js";
import { t } from "./i18n.js";
import { ICONS } from "./icons.js";

/** Why there is no device: denied, none, busy, insecure. */
export class DeviceError extends Error {
  /** @param {"denied" | "none" | "busy" | "insecure"} code */
  constructor(code) {
    super(code);
    this.name = "DeviceError";
    this.code = code;
  }
}

const CODES = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "busy",
  AbortError: "busy",
};
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" };

/**
 * Ask for camera and microphone. Rejects with a DeviceError.
 * @param {{audio?: boolean | string, video?: boolean | string}} [wanted] a text is a device's id
 * @returns {Promise<MediaStream>}
 */
export async function ask({ audio = true, video = true } = {}) {
  if (!navigator.mediaDevices) throw new DeviceError("insecure");
  const exactly = (wish, how) => wish && { ...how, ...(wish === true ? {} : { deviceId: { exact: wish } }) };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: exactly(audio, SOUND), video: exactly(video, PICTURE) });
  } catch (error) {
    throw new DeviceError(CODES[error.name] ?? "none");
  }
}

/**
 * What of camera and microphone can be had. `problem` says what is missing: a DeviceError's code if there is
 * nothing at all, else no_camera or no_microphone. Who refused both is not asked for one of them.
 * @param {{audio?: boolean | string, video?: boolean | string}} [wanted]
 * @returns {Promise<{stream: MediaStream | null, problem: string | null}>}
 */
export async function acquire(wanted = {}) {
  const tries = [
    [{ ...wanted }, null],
    [{ ...wanted, video: false }, "no_camera"],
    [{ ...wanted, audio: false }, "no_microphone"],
  ];
  let first = null;
  for (const [devices, problem] of tries) {
    if (first === "denied" && !(await granted(problem === "no_camera" ? "microphone" : "camera"))) continue;
    try {
      return { stream: await ask(devices), problem };
    } catch (error) {
      first ??= error.code;
    }
  }
  return { stream: null, problem: first };
}

/** Whether a device may be used without a question; false where the browser does not tell. */
async function granted(name) {
  try {
    return (await navigator.permissions.query({ name })).state === "granted";
  } catch {
    return false;
  }
}

/** Let the devices go. @param {MediaStream | null} stream */
export function release(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

const ALIASES = ["", "default", "communications"]; // the same devices once more, or none that may be named

/** The devices there are, by kind; their names are known once one of them was allowed. */
export async function devices() {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const of = (kind) => all.filter((device) => device.kind === kind && !ALIASES.includes(device.deviceId));
  return { audio: of("audioinput"), video: of("videoinput") };
}

/**
 * How loud the microphone is, 0 to 1, a few times a second.
 * @param {MediaStream} stream
 * @param {(level: number) => void} hear
 * @returns {() => void} stops listening
 */
export function level(stream, hear) {
  if (!stream.getAudioTracks().length) return () => {};
  const context = new AudioContext();
  const meter = context.createAnalyser();
  const samples = new Float32Array((meter.fftSize = 1024));
  context.createMediaStreamSource(stream).connect(meter);
  const timer = setInterval(() => {
    meter.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    hear(Math.min(1, Math.sqrt(power) * 4));
  }, 120);
  return () => {
    clearInterval(timer);
    context.close();
  };
}

/**
 * A picture with its name, and words in the place of a picture that is not there: `state` is live, waiting,
 * off, interrupted or failed. A frozen picture is covered.
 */
export class VideoTile extends HTMLElement {
  #video = el("video", { playsInline: true, autoplay: true });
  #words = el("p", { class: "tile-words" });
  #sound = el("button", { type: "button", class: "button tile-sound", hidden: true, on: { click: () => this.#play() } });
  #name = el("span");
  #quiet = el("span", { class: "tile-quiet", role: "img", hidden: true }, icon(ICONS.microphoneOff));
  #state = "waiting";
  #said = null;

  connectedCallback() {
    this.#video.disablePictureInPicture = true;
    if (!this.firstChild) {
      this.append(this.#video, this.#words, this.#sound, el("span", { class: "tile-label" }, this.#quiet, this.#name));
    }
    document.addEventListener("giliran:language", this.#show);
    this.#show();
    this.#play();
  }

  disconnectedCallback() {
    document.removeEventListener("giliran:language", this.#show);
  }

  /** @param {MediaStream | null} stream */
  set stream(stream) {
    if (this.#video.srcObject === stream) return;
    this.#video.srcObject = stream;
    this.#play();
  }

  get stream() {
    return this.#video.srcObject;
  }

  set label(name) {
    this.#name.textContent = name;
    this.#video.setAttribute("aria-label", name);
  }

  /** Without sound here: one's own picture. */
  set muted(yes) {
    this.#video.muted = yes;
  }

  /** As in a mirror: one's own picture. */
  set mirrored(yes) {
    this.toggleAttribute("data-mirrored", yes);
  }

  /** Whether a sign says that the microphone is off. */
  set quiet(yes) {
    this.#quiet.hidden = !yes;
  }

  /** @param {"live" | "waiting" | "off" | "interrupted" | "failed"} state */
  set state(state) {
    this.#state = state;
    this.#show();
  }

  /** Words of the page's own in the place of the state's; null: the state's again. */
  say(words) {
    this.#said = words;
    this.#show();
  }

  #show = () => {
    this.dataset.state = this.#state;
    this.#words.textContent = this.#said ?? (this.#state === "live" ? "" : t(`tile.${this.#state}`));
    this.#sound.textContent = t("tile.sound");
    this.#quiet.setAttribute("aria-label", t("tile.muted"));
  };

  /** Browsers may refuse to play sound before a click; then a button asks for one. */
  async #play() {
    if (!this.#video.srcObject) return;
    try {
      await this.#video.play();
      this.#sound.hidden = true;
    } catch (error) {
      this.#sound.hidden = error.name !== "NotAllowedError";
    }
  }
}

customElements.define("video-tile", VideoTile);

/**
 * @param {{stream?: MediaStream | null, label?: string, muted?: boolean, mirrored?: boolean}} options
 * @returns {VideoTile}
 */
export function tile({ stream = null, label = "", muted = false, mirrored = false }) {
  const made = /** @type {VideoTile} */ (document.createElement("video-tile"));
  Object.assign(made, { muted, label, mirrored, stream });
  return made;
}
