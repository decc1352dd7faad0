/** Sounds of alarms, made by the browser: no files. Browsers allow none before somebody has touched the page. */

export type SoundState = "on" | "muted" | "blocked";

const MUTED_KEY = "heat-twin.muted";
/** Of each level: frequencies in hertz, one tone after the other. */
const TONES: Readonly<Record<number, readonly number[]>> = { 1: [988, 740, 988, 740], 2: [784, 784], 3: [587] };
const TONE_S = 0.18;
const GAP_S = 0.07;
const LOUDNESS = 0.2;

let context: AudioContext | null = null;
const listeners = new Set<() => void>();
const changed = () => {
  for (const listener of listeners) listener();
};

function audio(): AudioContext | null {
  if (context === null && "AudioContext" in window) {
    context = new AudioContext();
    context.addEventListener("statechange", changed);
    for (const event of ["pointerdown", "keydown"]) window.addEventListener(event, () => void context?.resume());
  }
  return context;
}

export function soundState(): SoundState {
  if (localStorage.getItem(MUTED_KEY) === "1") return "muted";
  return context?.state === "running" ? "on" : "blocked";
}

export function watchSound(listener: () => void): () => void {
  audio();
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function mute(muted: boolean): void {
  if (muted) localStorage.setItem(MUTED_KEY, "1");
  else localStorage.removeItem(MUTED_KEY);
  if (!muted) void audio()?.resume();
  changed();
}

/** Sound the alarm of a level, unless it is muted or the browser does not allow it. */
export function sound(level: number): void {
  const out = audio();
  if (out === null || soundState() !== "on") return;
  (TONES[level] ?? TONES[3] ?? []).forEach((hertz, i) => {
    const start = out.currentTime + i * (TONE_S + GAP_S);
    const tone = out.createOscillator();
    const volume = out.createGain();
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(LOUDNESS, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + TONE_S);
    tone.connect(volume).connect(out.destination);
    tone.start(start);
    tone.stop(start + TONE_S);
  });
}

/** A try: somebody pressed a button, so the browser allows it now. */
export async function trySound(level: number): Promise<void> {
  await audio()?.resume();
  sound(level);
}
