// A person before a wall, drawn, in the place of the browser's test picture: for screenshots that show a call.
// Everything about the picture follows from `who`.
(who) => {
  if (!navigator.mediaDevices) return;
  const seed = [...who].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) >>> 0, 7);
  const pick = (choices, salt) => choices[(seed >>> salt) % choices.length];
  const wall = pick([["#d9e4e6", "#9fb7bd"], ["#efe3d3", "#c9ab86"], ["#dfe2ee", "#a4abc9"]], 3);
  const shirt = pick(["#0b6170", "#7a3b52", "#39527a", "#4d6b3c"], 7);
  const skin = pick(["#c98f68", "#b67c55", "#d9a37c"], 11);
  const hair = pick(["#1d1a1a", "#2e211c", "#171b22"], 13);
  const long = ((seed >>> 5) & 1) === 1;
  const [WIDTH, HEIGHT] = [1280, 720];

  function draw(pen, at) {
    const sway = Math.sin(at / 900) * 6;
    const [x, y] = [WIDTH / 2 + sway, 300 + Math.sin(at / 1400) * 4];
    const light = pen.createLinearGradient(0, 0, WIDTH, HEIGHT);
    light.addColorStop(0, wall[0]);
    light.addColorStop(1, wall[1]);
    pen.fillStyle = light;
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    pen.fillStyle = "rgba(255, 255, 255, 0.35)";
    pen.fillRect(90, 70, 230, 300);
    pen.fillRect(335, 70, 230, 300);
    const oval = (color, dx, dy, rx, ry) => {
      pen.fillStyle = color;
      pen.beginPath();
      pen.ellipse(x + dx, y + dy, rx, ry, 0, 0, 2 * Math.PI);
      pen.fill();
    };
    if (long) oval(hair, 0, 70, 150, 220);
    oval(shirt, 0, 470, 300, 260);
    oval(skin, 0, 165, 58, 90);
    oval(skin, 0, 0, 118, 150);
    oval(hair, 0, -92, 124, 82);
    oval(skin, 0, 12, 104, 100);
    for (const side of [-1, 1]) {
      oval("#ffffff", side * 42, 2, 17, 10);
      oval("#221c1a", side * 42, 2, 8, 9);
      oval(hair, side * 42, -26, 22, 4);
    }
    oval("rgba(120, 60, 40, 0.35)", 0, 36, 12, 7);
    oval("#9c4a48", 0, 74, 34, 9 + 4 * Math.abs(Math.sin(at / 260)));
  }

  navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
    const stream = new MediaStream();
    if (video) {
      const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
      const pen = canvas.getContext("2d");
      const paint = () => draw(pen, performance.now());
      paint();
      setInterval(paint, 100);
      stream.addTrack(canvas.captureStream(10).getVideoTracks()[0]);
    }
    if (audio) stream.addTrack(new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0]);
    return stream;
  };
};
