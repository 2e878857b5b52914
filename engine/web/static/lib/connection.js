/**
 * One RTCPeerConnection of a meeting: one sound and one picture each way, from the beginning and whatever is
 * there to be sent, so that turning a device on or off never needs a new negotiation. It knows nothing of
 * signals: what must reach the other side is returned or told.
 */

const configuration = (iceServers) => ({ iceServers: iceServers ?? [], bundlePolicy: "max-bundle" });

export class Connection {
  #pc;

  /**
   * @param {object} options
   * @param {RTCIceServer[]} options.iceServers
   * @param {(candidate: RTCIceCandidateInit) => void} options.candidate one for the other side
   * @param {(track: MediaStreamTrack) => void} options.arrived what the other side sends
   * @param {(state: RTCPeerConnectionState) => void} options.moved
   */
  constructor({ iceServers, candidate, arrived, moved }) {
    const pc = new RTCPeerConnection(configuration(iceServers));
    pc.onicecandidate = (event) => event.candidate && candidate(event.candidate.toJSON());
    pc.ontrack = ({ track }) => arrived(track);
    pc.onconnectionstatechange = () => moved(pc.connectionState);
    this.#pc = pc;
  }

  /** The offerer's lines; the answerer's are made by the offer. */
  prepare() {
    for (const kind of ["audio", "video"]) this.#pc.addTransceiver(kind, { direction: "sendrecv" });
  }

  /** Send these tracks, one of a kind, and nothing else. @param {MediaStreamTrack[]} tracks */
  async send(tracks) {
    for (const { sender, receiver } of this.#pc.getTransceivers()) {
      await sender.replaceTrack(tracks.find(({ kind }) => kind === receiver.track.kind) ?? null);
    }
  }

  /** @returns {Promise<string>} the offer's SDP */
  async offer(iceRestart) {
    await this.#pc.setLocalDescription(await this.#pc.createOffer({ iceRestart }));
    return this.#pc.localDescription.sdp;
  }

  /** @param {string} sdp of an offer @param {MediaStreamTrack[]} tracks @returns {Promise<string>} the answer's SDP */
  async answer(sdp, tracks) {
    await this.#pc.setRemoteDescription({ type: "offer", sdp });
    for (const transceiver of this.#pc.getTransceivers()) transceiver.direction = "sendrecv";
    await this.send(tracks);
    await this.#pc.setLocalDescription(await this.#pc.createAnswer());
    return this.#pc.localDescription.sdp;
  }

  /** @param {string} sdp of the answer */
  async accept(sdp) {
    await this.#pc.setRemoteDescription({ type: "answer", sdp });
  }

  /** A candidate of a route that is given up meanwhile is no failure. */
  async add(candidate) {
    await this.#pc.addIceCandidate(candidate).catch(() => {});
  }

  /** Use these servers from the next offer on: TURN credentials expire. */
  configure(iceServers) {
    this.#pc.setConfiguration(configuration(iceServers));
  }

  close() {
    this.#pc.onicecandidate = this.#pc.ontrack = this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }
}
