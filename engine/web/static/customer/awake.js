/** Keeps a phone's screen on while its owner waits or talks: a sleeping phone drops its link. */

/** @returns {(wanted: boolean) => void} */
export function awake() {
  let wanted = false;
  let lock = null;

  async function hold() {
    if (!wanted || lock || document.hidden) return;
    try {
      lock = await navigator.wakeLock?.request("screen");
      lock?.addEventListener("release", () => (lock = null));
      if (!wanted) lock?.release();
    } catch {
      lock = null; // low battery: the system's decision
    }
  }

  document.addEventListener("visibilitychange", hold);
  return (now) => {
    wanted = now;
    if (now) hold();
    else lock?.release();
  };
}
