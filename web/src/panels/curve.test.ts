import { expect, it } from "vitest";
import { chooseLine } from "./CurvePanel";

const line = (name: string, ...values: (number | null)[]) => ({
  name,
  label_zh: "",
  unit: "degC",
  samples: values.map((value, i): [number, number | null] => [i, value]),
});

it("shows the wanted point, else the first with a value, else the first", () => {
  const lines = [line("empty", null), line("supply", 50), line("return", 40)];
  expect(chooseLine(lines, "return")?.name).toBe("return");
  expect(chooseLine(lines, null)?.name).toBe("supply");
  expect(chooseLine(lines.slice(0, 1), "gone")?.name).toBe("empty");
  expect(chooseLine([], null)).toBeUndefined();
});
