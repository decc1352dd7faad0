import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const ROUTES = ["health", "cities", "contents", "assets", "network", "tiles", "raster", "3dtiles", "scenes", "rollout"];
const MORE_ROUTES = ["readings", "alarms", "session", "seats", "jobs", "registers", "schemas", "notices"];
const WORK_ROUTES = [
  "problems",
  "changes",
  "proposals",
  "kinds",
  "datums",
  "conversions",
  "grids",
  "coverage",
  "statistics",
  "export",
];
const PLAN_ROUTES = ["trace", "plans", "valves", "sources", "zones", "whatif", "causes", "leaks"];
const SERVER = "http://127.0.0.1:8000";

export default defineConfig({
  base: "/",
  plugins: [react()],
  build: {
    outDir: "../api/static/viewer",
    // not "assets": the API answers /assets; the server lets everything below static/ be kept for a year
    assetsDir: "static",
    emptyOutDir: true,
    target: "es2022",
    // deck.gl, MapLibre and Ant Design are each one indivisible chunk of 0.5-1.1 MB
    chunkSizeWarningLimit: 1300,
  },
  // MapLibre 6 is ESM only: its worker must stay a module
  worker: { format: "es" },
  server: {
    proxy: {
      ...Object.fromEntries(
        [...ROUTES, ...MORE_ROUTES, ...WORK_ROUTES, ...PLAN_ROUTES].map((name) => [`/${name}`, SERVER]),
      ),
      // Cesium, which is no source of the viewer
      "/static": SERVER,
      "/live": { target: SERVER, ws: true },
    },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
});
