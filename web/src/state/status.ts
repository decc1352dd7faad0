/** Status codes of live state (contracts.md): what they are called, which colour and which shape they have. */

export const STATUS = {
  noData: 0,
  normal: 1,
  off: 2,
  maintenance: 3,
  stale: 4,
  alarmLevel3: 5,
  alarmLevel2: 6,
  alarmLevel1: 7,
  cutOff: 8,
} as const;

export type StatusName = keyof typeof STATUS;
export const STATUS_NAMES = Object.keys(STATUS) as StatusName[];

/** Red is kept for the alarm codes 5-7; stale and no data are grey; cut off is violet like a lost supply. */
export const STATUS_COLOURS: Record<StatusName, string> = {
  noData: "#64748b",
  normal: "#22d3ee",
  off: "#3b82f6",
  maintenance: "#a3b8ff",
  stale: "#94a3b8",
  alarmLevel3: "#ff8a80",
  alarmLevel2: "#ff5252",
  alarmLevel1: "#ff1744",
  cutOff: "#c084fc",
};

export function statusName(code: number): StatusName {
  return STATUS_NAMES[code] ?? "noData";
}

export function isAlarm(code: number | undefined): boolean {
  return code !== undefined && code >= STATUS.alarmLevel3 && code <= STATUS.alarmLevel1;
}

/** Status code of an alarm level of CJ/T 545 (1 is the highest). */
export function statusOfLevel(level: number): number {
  return 8 - level;
}
