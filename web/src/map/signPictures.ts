import { COLOURS } from "../layers/palette";

/** Side of a picture in its own pixels. */
export const SIZE = 44;
const HALF = SIZE / 2;

export type Draw = (context: CanvasRenderingContext2D) => void;
type Path = readonly (readonly [number, number])[];

function trace(context: CanvasRenderingContext2D, path: Path, closed = true): void {
  context.beginPath();
  for (const [x, y] of path) context.lineTo(x, y);
  if (closed) context.closePath();
}

function pen(context: CanvasRenderingContext2D, colour: string, width = 3.5): void {
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.lineCap = "round";
}

/** The outline of a sign on dark ground, so that it stands out on every colour below it. */
function plate(context: CanvasRenderingContext2D, path: Path, colour: string): void {
  trace(context, path);
  context.fillStyle = COLOURS.ground;
  context.fill();
  pen(context, colour);
  trace(context, path);
  context.stroke();
}

function disc(context: CanvasRenderingContext2D, radius: number, colour: string): void {
  context.beginPath();
  context.arc(HALF, HALF, radius, 0, 2 * Math.PI);
  context.fillStyle = COLOURS.ground;
  context.fill();
  pen(context, colour);
  context.stroke();
}

const BOX: Path = [
  [6, 6],
  [38, 6],
  [38, 38],
  [6, 38],
];
const HEXAGON: Path = [
  [22, 3],
  [39, 12],
  [39, 32],
  [22, 41],
  [5, 32],
  [5, 12],
];

/** Pump symbol: a triangle in a circle. */
const relayPump: Draw = (context) => {
  disc(context, 18, COLOURS.mains);
  trace(context, [
    [15, 12],
    [35, 22],
    [15, 32],
  ]);
  context.fill();
};

/** A bolt in a hexagon. */
const relayEnergy: Draw = (context) => {
  plate(context, HEXAGON, COLOURS.mains);
  trace(context, [
    [25, 9],
    [14, 25],
    [21, 25],
    [18, 36],
    [30, 19],
    [23, 19],
  ]);
  context.fill();
};

/** Two circuits that do not touch. */
const isolating: Draw = (context) => {
  plate(context, BOX, COLOURS.mains);
  for (const x of [17, 27]) {
    trace(
      context,
      [
        [x, 12],
        [x, 32],
      ],
      false,
    );
    context.stroke();
  }
};

/** A tall store, filled to the middle. */
const accumulator: Draw = (context) => {
  const store: Path = [
    [13, 8],
    [18, 4],
    [26, 4],
    [31, 8],
    [31, 40],
    [13, 40],
  ];
  plate(context, store, COLOURS.mains);
  context.fillRect(15, 24, 14, 14);
};

/** A wide tank with a wave. */
const waterTank: Draw = (context) => {
  plate(
    context,
    [
      [5, 12],
      [39, 12],
      [39, 36],
      [5, 36],
    ],
    COLOURS.mains,
  );
  context.beginPath();
  context.moveTo(10, 25);
  context.bezierCurveTo(16, 17, 20, 33, 26, 25);
  context.bezierCurveTo(29, 21, 32, 22, 34, 25);
  context.stroke();
};

/** A gauge: circle, needle, stem. */
const pressure: Draw = (context) => {
  disc(context, 15, COLOURS.device);
  trace(
    context,
    [
      [22, 22],
      [30, 14],
    ],
    false,
  );
  context.stroke();
  context.fillRect(20, 36, 4, 7);
};

/** A mast with waves. */
const gateway: Draw = (context) => {
  pen(context, COLOURS.device);
  trace(context, [
    [22, 22],
    [30, 41],
    [14, 41],
  ]);
  context.stroke();
  for (const radius of [7, 14]) {
    for (const from of [-0.7, Math.PI - 0.7]) {
      context.beginPath();
      context.arc(HALF, 16, radius, from, from + 1.4);
      context.stroke();
    }
  }
};

const camera: Draw = (context) => {
  plate(
    context,
    [
      [4, 13],
      [28, 13],
      [28, 31],
      [4, 31],
    ],
    COLOURS.device,
  );
  trace(context, [
    [29, 22],
    [40, 14],
    [40, 30],
  ]);
  context.fill();
};

/** A house: a room with its temperature. */
const room: Draw = (context) => {
  plate(
    context,
    [
      [22, 6],
      [39, 21],
      [34, 21],
      [34, 38],
      [10, 38],
      [10, 21],
      [5, 21],
    ],
    COLOURS.device,
  );
};

/** A drop upside down: a flame. */
const flame: Draw = (context) => {
  context.beginPath();
  context.moveTo(22, 4);
  context.bezierCurveTo(38, 20, 36, 40, 22, 40);
  context.bezierCurveTo(8, 40, 6, 20, 22, 4);
  context.fillStyle = COLOURS.ground;
  context.fill();
  pen(context, COLOURS.device);
  context.stroke();
  context.beginPath();
  context.arc(HALF, 30, 4, 0, 2 * Math.PI);
  context.fill();
};

/** A thermometer. */
const weather: Draw = (context) => {
  plate(
    context,
    [
      [17, 5],
      [27, 5],
      [27, 26],
      [17, 26],
    ],
    COLOURS.weather,
  );
  context.beginPath();
  context.arc(HALF, 32, 9, 0, 2 * Math.PI);
  context.fill();
  context.fillRect(20, 14, 4, 18);
};

/** Three breaths of air. */
const air: Draw = (context) => {
  disc(context, 19, COLOURS.weather);
  for (const y of [15, 22, 29]) {
    context.beginPath();
    context.moveTo(11, y);
    context.bezierCurveTo(17, y - 6, 24, y + 6, 33, y);
    context.stroke();
  }
};

const crossing: Draw = (context) => {
  pen(context, COLOURS.border, 6);
  for (const path of [
    [
      [8, 8],
      [36, 36],
    ],
    [
      [36, 8],
      [8, 36],
    ],
  ] as const) {
    trace(context, path, false);
    context.stroke();
  }
};

/** A gas main with its regulator. */
const gasStation: Draw = (context) => {
  plate(context, HEXAGON, COLOURS.gas);
  trace(context, [
    [12, 15],
    [32, 29],
    [32, 15],
    [12, 29],
  ]);
  context.stroke();
};

function mark(context: CanvasRenderingContext2D, top: number): void {
  context.fillRect(20, top, 4, 11);
  context.fillRect(20, top + 14, 4, 4);
}

/** A warning triangle. */
const hazard: Draw = (context) => {
  plate(
    context,
    [
      [22, 4],
      [41, 38],
      [3, 38],
    ],
    COLOURS.safety,
  );
  mark(context, 16);
};

/** A diamond: something dangerous that is always there. */
const hazardSource: Draw = (context) => {
  plate(
    context,
    [
      [22, 3],
      [41, 22],
      [22, 41],
      [3, 22],
    ],
    COLOURS.safety,
  );
  mark(context, 13);
};

/** An eye. */
const patrolFinding: Draw = (context) => {
  context.beginPath();
  context.moveTo(3, 22);
  context.quadraticCurveTo(22, 2, 41, 22);
  context.quadraticCurveTo(22, 42, 3, 22);
  context.fillStyle = COLOURS.ground;
  context.fill();
  pen(context, COLOURS.safety);
  context.stroke();
  context.beginPath();
  context.arc(HALF, HALF, 6, 0, 2 * Math.PI);
  context.fill();
};

/** A burst. */
const accident: Draw = (context) => {
  const points: [number, number][] = [];
  for (let i = 0; i < 16; i += 1) {
    const radius = i % 2 === 0 ? 19 : 10;
    points.push([HALF + radius * Math.sin((i * Math.PI) / 8), HALF - radius * Math.cos((i * Math.PI) / 8)]);
  }
  plate(context, points, COLOURS.safety);
};

/** A flame, struck out. */
const noBurn: Draw = (context) => {
  disc(context, 19, COLOURS.noBurn);
  context.beginPath();
  context.moveTo(22, 9);
  context.bezierCurveTo(32, 20, 31, 33, 22, 33);
  context.bezierCurveTo(13, 33, 12, 20, 22, 9);
  context.stroke();
  trace(
    context,
    [
      [9, 9],
      [35, 35],
    ],
    false,
  );
  context.stroke();
};

/** Pictures by asset kind: told apart by shape first, then by the colour of their group. */
export const SIGN_PICTURES: Record<string, Draw> = {
  relay_pump_station: relayPump,
  relay_energy_station: relayEnergy,
  isolating_station: isolating,
  accumulator,
  water_tank: waterTank,
  pressure_point: pressure,
  gateway,
  camera,
  room_sensor: room,
  heating_device: flame,
  weather_station: weather,
  air_station: air,
  crossing,
  gas_station: gasStation,
  hazard,
  hazard_source: hazardSource,
  patrol_finding: patrolFinding,
  accident,
  no_burn_zone: noBurn,
};
