// MapLibre 6 is ESM only and never finds its worker in a bundle; `?worker&url` keeps it a module of its own.
import { setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";

setWorkerUrl(workerUrl);
