import { isAlarm, STATUS_COLOURS, statusName } from "../state/status";

/** Status as shape and colour: a diamond for alarms, a ring for what is not running, a dot otherwise. */
export function StatusMark({ code }: { code: number }) {
  const colour = STATUS_COLOURS[statusName(code)];
  const filled = code === 1 || code === 4;
  return (
    <svg className="mark" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      {isAlarm(code) ? (
        <path d="M8 1 15 8 8 15 1 8Z" fill={colour} stroke="#fff" strokeWidth="1.4" />
      ) : (
        <circle cx="8" cy="8" r="5" fill={filled ? colour : "none"} stroke={colour} strokeWidth="2.4" />
      )}
    </svg>
  );
}
