/**
 * The picture and sound of one call, between the two pages themselves (WebRTC), with the engine relaying
 * their signals. The roles are given, so there is no glare: the offerer (the agent) offers, the answerer
 * answers.
 *
 *     offerer                                   answerer
 *        |--- ready {from} ------------------------>|   each says so when it starts; the answerer repeats it
 *        |<-- ready {from} -------------------------|   whenever it is asked
 *        |--- offer {meet, n, sdp} ---------------->|
 *        |<-- answer {meet, n, sdp} ----------------|
 *        |<-- candidate {meet, candidate} --------->|   media {audio, video}: what is sent at all
 *        |<-- failed, retry ----------------------->|   absent: this side takes part without all of this
 *
 * `from` names an answerer's page, `meet` one RTCPeerConnection, `n` one offer of it; what belongs to an
 * earlier one is ignored. So whichever side reloads, drops or comes back, the next `ready` leads to exactly
 * one new offer: a fresh connection for a page not met before, an ICE restart for one that was.
 *
 * A picture that does not come, or does not come back, within PATIENCE_MS is `failed` on both sides, and
 * either may `retry`. The time in which a side is away (the engine says so: `peer`) does not count. Media
 * flows on while only the link to the engine is down.
 */

import { Connection } from "./connection.js";

const PATIENCE_MS = 20_000;
const SETTLED = ["connected", "failed", "absent", "elsewhere"]; // nothing is waited for
const BLINK_MS = 2_000; // a route that recovers by itself within this is left alone

/** @typedef {"connecting" | "connected" | "interrupted" | "failed" | "absent" | "elsewhere"} MeetingState */

const fresh = () => Math.random().toString(36).slice(2, 12);
const tellBank = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

export class Meeting extends EventTarget {
  /** @type {MeetingState} */ state = "connecting";
  /** What the other side sends; the same object for the whole meeting. */
  remote = new MediaStream();
  /** Whether the other side's microphone and camera are on. */
  remoteOn = { audio: true, video: true };

  #client;
  #video;
  #callId;
  /** @type {MediaStream | null} */ #local;
  #on = { audio: true, video: true };
  #self = fresh();
  #met = null;
  /** @type {Connection | null} */ #connection = null;
  #meet = null;
  #n = 0;
  #again = false;
  #away = false;
  #stopped = false;
  #work = Promise.resolve();
  #patience = null;
  #blink = null;
  #hears = [];

  /**
   * @param {object} options
   * @param {import("../giliran.js").Client} options.client
   * @param {any} options.video the `video` of call.connected
   * @param {string} options.callId
   * @param {MediaStream | null} options.local
   */
  constructor({ client, video, callId, local }) {
    super();
    this.#client = client;
    this.#video = video;
    this.#callId = callId;
    this.#local = local;
  }

  get #offers() {
    return this.#video.role === "offerer";
  }

  start() {
    if (this.#video.provider !== "p2p") return this.#elsewhere();
    this.#hears = [
      this.#client.on("signal", ({ data }) => this.#do(() => this.#hear(data))),
      this.#client.on("peer", ({ link }) => (link === "lost" ? (this.#away = true) : this.#back())),
      this.#client.on("call.connected", (frame) => frame.call_id === this.#callId && this.#relinked(frame.video)),
    ];
    this.#wait();
    this.#ready();
  }

  stop() {
    this.#stopped = true;
    for (const hush of this.#hears) hush();
    this.#close();
    clearTimeout(this.#patience);
    for (const track of this.remote.getTracks()) this.remote.removeTrack(track);
    if (this.#video.provider === "livekit") tellBank("giliran:video-end");
  }

  /** After `failed`: try anew, from whichever side. */
  retry() {
    this.#become("connecting");
    this.#wait();
    if (this.#offers) this.#do(() => this.#begin());
    else this.#say({ kind: "retry" });
  }

  setAudio(on) {
    this.#set("audio", on);
  }

  setVideo(on) {
    this.#set("video", on);
  }

  /** Send this stream from now on; null: nothing. @param {MediaStream | null} stream */
  replaceLocal(stream) {
    this.#local = stream;
    this.#do(() => this.#connection?.send(this.#tracks()));
    this.#tellMedia();
  }

  // What is sent

  #set(kind, on) {
    this.#on[kind] = on;
    this.#tracks();
    this.#tellMedia();
  }

  #tracks() {
    const tracks = this.#local?.getTracks() ?? [];
    for (const track of tracks) track.enabled = this.#on[track.kind];
    return tracks;
  }

  #tellMedia() {
    if (this.state !== "connected") return; // it is told as soon as it is
    const sends = (kind) => this.#tracks().some((track) => track.kind === kind && track.enabled);
    this.#say({ kind: "media", audio: sends("audio"), video: sends("video") });
  }

  // Signals

  #say(data) {
    this.#client.send("signal", { data });
  }

  #ready() {
    this.#say({ kind: "ready", from: this.#self });
  }

  /** One thing at a time and in order: a candidate must not overtake its offer. */
  #do(what) {
    this.#work = this.#work.then(() => this.#stopped || what()).catch(() => this.#fail());
  }

  async #hear(data) {
    const current = this.#connection !== null && data?.meet === this.#meet;
    switch (data?.kind) {
      case "ready":
        return this.#offers ? this.#meetPage(data.from) : this.#ready();
      case "offer":
        return this.#offers || this.#answer(data, current);
      case "answer":
        return current && data.n === this.#n && this.#connection.accept(data.sdp);
      case "candidate":
        return current && this.#connection.add(data.candidate);
      case "retry":
        return this.#offers && this.#begin();
      case "failed":
        return current && this.#become("failed");
      case "absent":
        this.#close();
        return this.#become("absent");
      case "media":
        this.remoteOn = { audio: data.audio === true, video: data.video === true };
        this.#emit("remote");
    }
  }

  async #meetPage(from) {
    const again = this.#again;
    this.#again = false;
    if (from !== this.#met || this.#connection === null) {
      this.#met = from;
      await this.#begin();
    } else if (again) {
      await this.#offer(true);
    }
  }

  /** The other side's link is back, or this one's: ask who is there, and find a route anew. */
  #back() {
    this.#away = false;
    this.#again = this.#offers;
    if (this.state !== "connected") this.#wait();
    this.#ready();
    this.#tellMedia();
  }

  /** The engine told the call again, perhaps with fresh TURN credentials. */
  #relinked(video) {
    this.#video = video;
    this.#connection?.configure(video.ice_servers);
    this.#back();
  }

  // The connection

  async #begin() {
    this.#open(fresh());
    this.#connection.prepare();
    await this.#connection.send(this.#tracks());
    await this.#offer(false);
  }

  async #offer(iceRestart) {
    this.#n += 1;
    this.#say({ kind: "offer", meet: this.#meet, n: this.#n, sdp: await this.#connection.offer(iceRestart) });
  }

  async #answer({ meet, n, sdp }, current) {
    if (!current) this.#open(meet);
    this.#say({ kind: "answer", meet, n, sdp: await this.#connection.answer(sdp, this.#tracks()) });
  }

  #open(meet) {
    this.#close();
    this.#become("connecting");
    this.#wait();
    this.#meet = meet;
    this.#connection = new Connection({
      iceServers: this.#video.ice_servers,
      candidate: (candidate) => this.#say({ kind: "candidate", meet, candidate }),
      arrived: (track) => this.#arrived(track),
      moved: (state) => this.#moved(state),
    });
  }

  #close() {
    clearTimeout(this.#blink);
    this.#connection?.close();
    this.#connection = null;
  }

  #arrived(track) {
    for (const old of this.remote.getTracks()) if (old.kind === track.kind) this.remote.removeTrack(old);
    this.remote.addTrack(track);
    this.#emit("remote");
  }

  #moved(state) {
    clearTimeout(this.#blink);
    if (state === "connected") {
      this.#become("connected");
      this.#tellMedia();
    } else if (state === "disconnected" || state === "failed") {
      if (this.state === "connected") this.#wait();
      if (this.state !== "failed") this.#become("interrupted");
      if (this.#offers) this.#blink = setTimeout(() => this.#do(() => this.#reroute()), state === "failed" ? 0 : BLINK_MS);
    }
  }

  async #reroute() {
    if (this.state === "interrupted" && !this.#away) await this.#offer(true);
  }

  // How it stands

  #wait() {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      if (this.#away || this.#client.link.state !== "up") this.#wait();
      else this.#fail();
    }, PATIENCE_MS);
  }

  #fail() {
    if (this.#stopped || this.state === "failed") return;
    this.#become("failed");
    this.#say({ kind: "failed", meet: this.#meet });
  }

  #elsewhere() {
    this.#become("elsewhere");
    const { provider, url, token, room } = this.#video;
    if (provider === "livekit") tellBank("giliran:video", { url, token, room });
  }

  #become(state) {
    if (SETTLED.includes(state)) clearTimeout(this.#patience);
    if (this.state === state) return;
    this.state = state;
    this.#emit("state");
  }

  #emit(name) {
    this.dispatchEvent(new CustomEvent(name, { detail: this.state }));
  }
}
